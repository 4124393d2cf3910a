"""The tests of Archloom; they mirror the source."""

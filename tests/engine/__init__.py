"""Tests of the engine; none of them opens a window."""

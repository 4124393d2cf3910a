"""A user's own data: looks, readers, findings."""

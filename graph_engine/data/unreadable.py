"""What readers raise; it travels with an exported project as ``unreadable.py``."""

from __future__ import annotations


class UnreadableError(ValueError):
    """Data that cannot be read; one sentence that names what is at fault and says what to do."""

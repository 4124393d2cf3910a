"""Names of files made from names that people give."""

from __future__ import annotations

import re


def file_stem(name: str) -> str:
    """A file's name, without suffix, for a document of that name: ``Digits CNN`` → ``digits_cnn``."""
    return re.sub(r"\W+", "_", name.lower()).strip("_") or "network"

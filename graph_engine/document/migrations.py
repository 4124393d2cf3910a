"""Upgrades of old documents, oldest first; append only.

The version in a document says how many of these it has had, counted from 1. A function takes the parsed JSON of its version and returns
that of the next. Every change of the format adds one, and a document of the old form to ``tests/data/documents``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

MIGRATIONS: tuple[Callable[[dict[str, Any]], dict[str, Any]], ...] = ()

VERSION = 1 + len(MIGRATIONS)
"""The version that is written."""


def upgrade(document: dict[str, Any]) -> dict[str, Any]:
    """The document in today's form."""
    for number, migrate in enumerate(MIGRATIONS[document["version"] - 1 :], start=document["version"] + 1):
        document = {**migrate(document), "version": number}
    return document

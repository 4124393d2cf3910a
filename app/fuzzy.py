"""How well typed letters fit a name: whole words first, then beginnings, then letters in their order."""

from __future__ import annotations

from collections.abc import Iterable

EXACT, START, HUMPS, INSIDE, DESCRIBED, SCATTERED = 100.0, 80.0, 70.0, 50.0, 25.0, 10.0


def score(query: str, name: str, described: str = "") -> float | None:
    """How well ``query`` fits; None where it does not.

    Args:
        query: what was typed; each of its words must fit.
        name: what is looked for. Words in it begin at capitals, digits and after what is no letter: ``mp2`` fits ``MaxPool2d``.
        described: other words for it, in small letters.

    Returns:
        A number that is greater the better it fits; 0 for an empty query.
    """
    total = 0.0
    low = name.lower()
    for word in query.lower().split():
        found = _word(word, name, low, described)
        if found is None:
            return None
        total += found
    return total


def _word(word: str, name: str, low: str, described: str) -> float | None:
    if word == low:
        return EXACT
    if low.startswith(word):
        return START
    if _follows(word, initials(name)):
        return HUMPS
    if word in low:
        return INSIDE
    if word in described:
        return DESCRIBED
    return SCATTERED if _follows(word, low) else None


def initials(name: str) -> str:
    """The letters at which words of a name begin: ``mp2`` of ``MaxPool2d``, ``al`` of ``Auto layout``."""
    return "".join(
        c
        for before, c in zip(f" {name}", name, strict=False)
        if c.isalnum() and (not before.isalnum() or (c.isupper() and not before.isupper()) or c.isdigit() != before.isdigit())
    ).lower()


def _follows(letters: Iterable[str], text: str) -> bool:
    """Whether all letters stand in ``text`` in their order."""
    rest = iter(text)
    return all(c in rest for c in letters)

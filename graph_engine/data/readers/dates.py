"""Writes dates in words in many languages with Babel's copy of Unicode's locale data, to be translated into numbers."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date
from functools import cache

import torch
from babel.dates import format_date
from torch import Tensor
from torch.utils.data import TensorDataset

LANGUAGES = ("cs", "da", "de", "el", "en", "es", "fi", "fr", "hu", "it", "nb", "nl", "pl", "pt", "ro", "ru", "sv", "tr", "uk")
FORMATS = ("full", "long", "medium")
DATES = 12_000
FIRST, LAST = date(1900, 1, 1), date(2099, 12, 31)

PADDING, START, END, UNKNOWN = range(4)  # the first tokens; letters follow
LETTERS = 124  # of the phrases: the commonest; the others are unknown
DIGITS = "0123456789-"


def load(validation: float, test: float, seed: int) -> tuple[TensorDataset, ...]:
    """The training, the validation and the test part; no day is in two.

    Args:
        validation, test: share of the samples in the validation part, and in the test part.
        seed: fixes the days and in which language each is written.

    Returns:
        Three data sets of (phrase, before, after), int64 tokens: the phrase, padded at its end; the same day as YYYY-MM-DD, behind a start;
        and what is to follow on each of these, up to an end.
    """
    days, phrases = write(seed)
    first, second = round(DATES * (1 - validation - test)), round(DATES * (1 - test))  # where the parts end
    common = count(phrases[:first])
    sources = encode(phrases, {letter: token for token, letter in enumerate(common, start=UNKNOWN + 1)})
    numbers = encode([day.isoformat() for day in days], {digit: token for token, digit in enumerate(DIGITS, start=UNKNOWN + 1)})
    before = torch.cat((torch.full((DATES, 1), START), numbers), dim=1)
    after = torch.cat((numbers, torch.full((DATES, 1), END)), dim=1)
    columns = sources, before, after
    return tuple(TensorDataset(*(column[rows] for column in columns)) for rows in (slice(first), slice(first, second), slice(second, None)))


def vocabularies(validation: float, test: float, seed: int) -> dict[str, list[str]]:
    """What each token of a phrase and of a number stands for."""
    _, phrases = write(seed)
    special = ["", "", "", "□"]
    digits = [*special, *DIGITS]
    return {"phrase": [*special, *count(phrases[: round(DATES * (1 - validation - test))])], "before": digits, "after": digits}


@cache
def write(seed: int) -> tuple[list[date], list[str]]:
    """Days, and each of them in words."""
    draw = random.Random(seed)
    days = [date.fromordinal(day) for day in draw.sample(range(FIRST.toordinal(), LAST.toordinal() + 1), DATES)]
    return days, [format_date(day, draw.choice(FORMATS), locale=draw.choice(LANGUAGES)) for day in days]


def count(phrases: list[str]) -> list[str]:
    """The commonest letters, the most frequent one first."""
    letters = Counter(letter for phrase in phrases for letter in phrase)
    return sorted(letters, key=lambda letter: (-letters[letter], letter))[:LETTERS]


def encode(texts: list[str], tokens: dict[str, int]) -> Tensor:
    """The tokens of some texts, with padding behind those that are shorter than the longest."""
    rows = torch.full((len(texts), max(map(len, texts))), PADDING)
    for row, text in zip(rows, texts, strict=True):
        row[: len(text)] = torch.tensor([tokens.get(letter, UNKNOWN) for letter in text])
    return rows

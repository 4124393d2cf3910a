"""Reads names of countries, languages and currencies in sixteen languages from Babel's copy of Unicode's locale data."""

from __future__ import annotations

import random
from collections import Counter
from functools import cache

import torch
from babel import Locale
from sklearn.model_selection import train_test_split
from torch import Tensor
from torch.utils.data import TensorDataset

LANGUAGES = ("cs", "da", "de", "en", "es", "fi", "fr", "hr", "hu", "it", "nl", "pl", "pt", "ro", "sv", "tr")
NAMES = 360  # of each language
LENGTH = 24  # letters; longer names are left out
VOCABULARY = 128
PADDING, UNKNOWN = 0, 1  # the first tokens; the commonest letters follow


def load(validation: float, test: float, seed: int) -> tuple[TensorDataset, ...]:
    """The training, the validation and the test part; every language has the same share of each, and no name is in two.

    Args:
        validation, test: share of the samples in the validation part, and in the test part.
        seed: fixes which samples these are.

    Returns:
        Three data sets of (name, language): a name is int64 tokens, one for each letter, padded at its end, a language an int64 from 0 to
        15.
    """
    parts = divide(validation, test, seed)
    tokens = {letter: token for token, letter in enumerate(count(parts[0]), start=UNKNOWN + 1)}
    return tuple(
        TensorDataset(torch.stack([encode(name, tokens) for name, _ in part]), torch.tensor([label for _, label in part])) for part in parts
    )


def vocabularies(validation: float, test: float, seed: int) -> dict[str, list[str]]:
    """What each token of a name stands for."""
    train, *_ = divide(validation, test, seed)
    return {"name": ["", "□", *count(train)]}


def divide(validation: float, test: float, seed: int) -> list[list[tuple[str, int]]]:
    """The names of the three parts, each with its language."""
    labelled = [(name, label) for label, names in enumerate(read_names()) for name in names]
    rest, test_part = train_test_split(labelled, test_size=test, random_state=seed, stratify=[label for _, label in labelled])
    share = validation / (1 - test)
    train, validation_part = train_test_split(rest, test_size=share, random_state=seed, stratify=[label for _, label in rest])
    return [train, validation_part, test_part]


def count(labelled: list[tuple[str, int]]) -> list[str]:
    """The commonest letters of some names, the most frequent one first."""
    letters = Counter(letter for name, _ in labelled for letter in name)
    return sorted(letters, key=lambda letter: (-letters[letter], letter))[: VOCABULARY - 2]


def encode(name: str, tokens: dict[str, int]) -> Tensor:
    """The tokens of a name, with as much padding behind them as it needs."""
    numbers = [tokens.get(letter, UNKNOWN) for letter in name]
    return torch.tensor(numbers + [PADDING] * (LENGTH - len(numbers)))


@cache
def read_names() -> list[list[str]]:
    """As many names of each language, none of which another of the languages has too."""
    found = []
    for language in LANGUAGES:
        locale = Locale.parse(language)
        names = {name for table in (locale.territories, locale.languages, locale.currencies) for name in table.values()}
        found.append({name for name in names if 3 <= len(name) <= LENGTH and name.replace(" ", "").replace("-", "").isalpha()})
    uses = Counter(name for names in found for name in names)
    draw = random.Random(0)
    return [sorted(draw.sample(sorted(name for name in names if uses[name] == 1), NAMES)) for names in found]

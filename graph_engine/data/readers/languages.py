"""Reads names of countries, languages and currencies in sixteen languages from Babel's copy of Unicode's locale data."""

from __future__ import annotations

import random
from collections import Counter

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
        Three data sets of (name, language): a name is the int64 tokens of 24 letters, padded at its beginning, a language an int64 from 0
        to 15.
    """
    names = read_names()
    flat = [name for of_language in names for name in of_language]
    targets = torch.tensor([label for label, of_language in enumerate(names) for _ in of_language])
    rest, test_rows = train_test_split(range(len(flat)), test_size=test, random_state=seed, stratify=targets)
    train_rows, validation_rows = train_test_split(rest, test_size=validation / (1 - test), random_state=seed, stratify=targets[rest])
    letters = Counter(letter for row in train_rows for letter in flat[row])
    common = sorted(letters, key=lambda letter: (-letters[letter], letter))[: VOCABULARY - 2]
    tokens = {letter: token for token, letter in enumerate(common, start=2)}
    encoded = torch.stack([encode(name, tokens) for name in flat])
    return tuple(TensorDataset(encoded[rows], targets[rows]) for rows in (train_rows, validation_rows, test_rows))


def encode(name: str, tokens: dict[str, int]) -> Tensor:
    """The tokens of a name behind as much padding as it needs, so that a network that reads it ends on its last letter."""
    numbers = [tokens.get(letter, UNKNOWN) for letter in name]
    return torch.tensor([PADDING] * (LENGTH - len(numbers)) + numbers)


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

"""Reads the reference texts that Python's help() shows, from the installed Python itself."""

from __future__ import annotations

import random
from pydoc_data.topics import topics

import torch
from torch import Tensor
from torch.utils.data import TensorDataset

LETTERS = "\n" + "".join(map(chr, range(32, 127)))  # tokens 1 to 96; 0 stands for any other letter
SECTION = 4_000  # letters that stay together, in one part or the other


def load(validation: float, test: float, seed: int, length: int) -> tuple[TensorDataset, ...]:
    """The training, the validation and the test part; no paragraph is in two.

    Args:
        validation, test: share of the text in the validation part, and in the test part.
        seed: fixes which sections these are.
        length: letters in a sample.

    Returns:
        Three data sets of (text, next): int64 tokens of as many letters, and of the letter that follows on each of them.
    """
    sections = read_sections()
    order = list(range(len(sections)))
    random.Random(seed).shuffle(order)
    first, second = round(len(order) * test), round(len(order) * (test + validation))
    parts = order[second:], order[first:second], order[:first]
    return tuple(cut_up([sections[number] for number in sorted(part)], length) for part in parts)


def vocabularies(validation: float, test: float, seed: int, length: int) -> dict[str, list[str]]:
    """What each token stands for; the end of a line is shown."""
    letters = ["□", *LETTERS.replace("\n", "↵")]
    return {"text": letters, "next": letters}


def cut_up(sections: list[str], length: int) -> TensorDataset:
    """A text in samples, end to end; what is left over at the end is left out."""
    tokens = encode("".join(sections))
    count = (len(tokens) - 1) // length
    return TensorDataset(tokens[: count * length].view(count, length), tokens[1 : count * length + 1].view(count, length))


def encode(text: str) -> Tensor:
    """The tokens of a text."""
    numbers = {letter: token for token, letter in enumerate(LETTERS, start=1)}
    return torch.tensor([numbers.get(letter, 0) for letter in text])


def read_sections() -> list[str]:
    """The texts in order, without paragraphs that came before, as some topics quote others."""
    paragraphs = dict.fromkeys(paragraph.strip("\n") for name in sorted(topics) for paragraph in topics[name].split("\n\n"))
    sections = [""]
    for paragraph in paragraphs:
        if len(sections[-1]) >= SECTION:
            sections.append("")
        sections[-1] += paragraph + "\n\n"
    return sections

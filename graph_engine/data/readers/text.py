"""Reads a text, or several, in samples whose next tokens are to be told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from graph_engine.data.parts import Part, Rows, divide, parts
from graph_engine.data.tokens import Tokens, read_text
from graph_engine.data.unreadable import UnreadableError

SUFFIXES = (".txt", ".md")
SECTION = 4_000  # letters that stay together, in one part or the other
MEMORY = 1024  # MiB that samples may take to be kept in memory; beyond it the tokens alone are


def load(validation: float, test: float, seed: int, path: str, tokens: str, vocabulary: int, length: int, split: str) -> tuple[Part, ...]:
    """The training, the validation and the test part.

    Args:
        validation, test: share of the text in the validation part, and in the test part.
        seed: fixes which sections these are, where chance decides.
        path: the file, or a folder of text files.
        tokens: what the text is cut into, which is learned from the training part.
        vocabulary: how many token numbers there are at most.
        length: tokens in a sample.
        split: ``in order``: the end is the test part; ``random``: chance decides for each section of some thousand letters.

    Returns:
        Three parts of (text, next): int64 tokens, and for each of them the one that follows.

    Raises:
        UnreadableError: a file cannot be read, or is too short; one sentence.
    """
    texts = divided(validation, test, seed, path, split)
    known = Tokens(tokens, vocabulary, texts[0])
    dtype = np.uint16 if vocabulary <= 2**16 else np.int32
    streams = [np.concatenate([np.array(known.encode(section), dtype) for section in part]) for part in texts]
    counts = [(len(stream) - 1) // length for stream in streams]
    if min(counts) < 1:
        raise UnreadableError(f"{path} is too short for samples of {length} tokens in each part: make them shorter.")
    every = np.concatenate(streams)
    begins = np.cumsum([0, *map(len, streams)])
    starts = [np.arange(count) * length + begin for count, begin in zip(counts, begins, strict=False)]

    def read(some: Rows) -> tuple[Tensor, ...]:
        found = torch.from_numpy(every[some[:, None] + np.arange(length + 1)].astype(np.int64))
        return found[:, :-1].contiguous(), found[:, 1:].contiguous()

    return parts(read, starts, MEMORY, {"tokens": known.names})


def vocabularies(
    validation: float, test: float, seed: int, path: str, tokens: str, vocabulary: int, length: int, split: str
) -> dict[str, list[str]]:
    """What each token stands for."""
    names = Tokens(tokens, vocabulary, divided(validation, test, seed, path, split)[0]).names
    return {"text": names, "next": names}


def divided(validation: float, test: float, seed: int, path: str, split: str) -> list[list[str]]:
    """The sections of each part."""
    place = Path(path)
    files = sorted(file for file in place.rglob("*") if file.suffix.lower() in SUFFIXES) if place.is_dir() else [place]
    text = "\n\n".join(map(read_text, files))
    sections = [text[begin : begin + SECTION] for begin in range(0, len(text), SECTION)]
    if len(sections) < 20:  # a short text in shorter ones, so that each part gets its share
        size = max(1, len(text) // 20)
        sections = [text[begin : begin + size] for begin in range(0, len(text), size)]
    if not text.strip():
        raise UnreadableError(f"{place} holds no text: choose another file.")
    return [[sections[number] for number in part] for part in divide(len(sections), split, validation, test, seed)]

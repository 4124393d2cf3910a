"""Cuts texts into tokens: letters, words, or byte pairs. Which ones there are is learned from some texts, those of the training part.

It travels with an exported project as ``tokens.py``, so it needs the standard library only, and tokenizers for byte pairs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from graph_engine.data.unreadable import UnreadableError

PADDING, UNKNOWN = 0, 1
"""The first tokens; the commonest of the texts follow."""

WORD = re.compile(r"\w+|[^\w\s]")


class Tokens:
    """The tokens of some texts.

    Args:
        kind: ``letters``, ``words`` or ``byte pairs``.
        vocabulary: how many token numbers there are at most.
        texts: that they are learned from.

    Attributes:
        names: what each number stands for, so that tokens joined are the text.
    """

    def __init__(self, kind: str, vocabulary: int, texts: Iterable[str]):
        self._kind = kind
        self._model: Any = None
        if kind == "byte pairs":
            self._model = _learn_pairs(vocabulary, texts)
            size = self._model.get_vocab_size()
            self.names = ["", "□", *(self._model.decode([number], skip_special_tokens=False) for number in range(2, size))]
            return
        counts = Counter(piece for text in texts for piece in self._cut(text))
        common = sorted(counts, key=lambda piece: (-counts[piece], piece))[: vocabulary - 2]
        self.names = ["", " □", *(piece if WORD.sub("", piece) or not piece[0].isalnum() else f" {piece}" for piece in common)]
        if kind == "letters":
            self.names = ["", "□", *("↵" if letter == "\n" else letter for letter in common)]
        self._numbers = {piece: number for number, piece in enumerate(common, start=UNKNOWN + 1)}

    def encode(self, text: str) -> list[int]:
        """The tokens of a text."""
        if self._model is not None:
            numbers: list[int] = self._model.encode(text).ids
            return numbers
        return [self._numbers.get(piece, UNKNOWN) for piece in self._cut(text)]

    def _cut(self, text: str) -> Sequence[str]:
        return text if self._kind == "letters" else WORD.findall(text)


def _learn_pairs(vocabulary: int, texts: Iterable[str]) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    if vocabulary < 260:
        raise UnreadableError("Byte pairs need a vocabulary of at least 260: 256 for all bytes, and those that they are joined to.")
    model = Tokenizer(models.BPE())
    model.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    model.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=["<pad>", "<unknown>"], initial_alphabet=alphabet, show_progress=False
    )
    model.train_from_iterator(texts, trainer)
    return model


def read_text(file: Path) -> str:
    """A text file.

    Raises:
        UnreadableError: it is not there, or not UTF-8 text.
    """
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UnreadableError(f"There is no file {file}: change the path to where the text is.") from None
    except OSError as error:
        raise UnreadableError(f"{file} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError:
        raise UnreadableError(f"{file} is not UTF-8 text: save it as UTF-8.") from None

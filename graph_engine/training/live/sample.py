"""One sample of a data set: what the network receives, and what people are told of it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from graph_engine.codegen.project import data_arguments
from graph_engine.settings.datasets import DatasetOption, Field
from graph_engine.settings.losses import LossOption, target_losses
from graph_engine.settings.option import Selected
from graph_engine.settings.schema import Settings
from graph_engine.training import rundir
from graph_engine.training.live.value import NodeValue

PARTS = ("train", "validation", "test")
"""The parts of a data set, in the order in which a reader gives them."""

CHOICES = 4
"""Classes that are told, those of the highest scores."""

LONGEST = 400
"""Letters of a text that are told."""


class Data(NamedTuple):
    """A data set that has been read.

    Attributes:
        option: what it says of its fields, sizes filled in.
        losses: what the outputs are compared by, of each target.
        parts: the training, the validation and the test part.
        words: what tokens stand for, by the name of their field.
    """

    option: DatasetOption
    losses: Sequence[Selected[LossOption]]
    parts: Sequence[Any]
    words: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, settings: Settings, parts: Sequence[Any], words: Mapping[str, Sequence[str]]) -> Data:
        """The data that was read by some settings."""
        chosen = settings.data["dataset"]
        return cls(chosen.option.sized(chosen.params), tuple(target_losses(settings.training, chosen.option.targets)), parts, words)

    @classmethod
    def of_run(cls, run_dir: Path, parts: Sequence[Any], seed: int) -> Data:
        """The data that a run has read; its script is loaded."""
        settings = Settings.from_plain(rundir.read_run(run_dir).settings)
        return cls.of(settings, parts, read_words(sys.modules["data"], data_arguments(settings) | {"seed": seed}))

    def sample(self, part: str, index: int) -> tuple[Tensor, ...]:
        """A sample as a batch of one."""
        return self.batch(part, torch.tensor([index]))

    def batch(self, part: str, rows: Tensor) -> tuple[Tensor, ...]:
        """Samples: inputs, then targets; a batch is cut to its longest sequence."""
        return self.cut(self.parts[PARTS.index(part)][rows])

    def cut(self, found: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Samples as a part gives them, cut to their longest sequence."""
        fields = self.option.inputs + self.option.targets
        return tuple(_cut(tensor, field) for tensor, field in zip(found, fields, strict=True))

    def told(self, sample: Sequence[Tensor]) -> str:
        """What is expected of the network for a sample, in words; empty where it is quantities."""
        count = len(self.option.inputs)
        targets = zip(sample[count:], self.option.targets, strict=True)
        return " · ".join(text for tensor, field in targets if (text := self.in_words(tensor[0], field)))

    def given(self, sample: Sequence[Tensor], index: int) -> tuple[str, tuple[tuple[int, ...], ...]]:
        """What a network receives of a sample, in words, or its number; and its first picture, in shades from 0 to 255."""
        inputs = list(zip(sample, self.option.inputs, strict=False))
        texts = [text for tensor, field in inputs if (text := self._spelled(tensor[0], field) if field.name in self.words else "")]
        picture = next((tensor[0, 0] for tensor, field in inputs if field.is_picture), None)
        return " · ".join(texts) or f"# {index}", () if picture is None else _shades(picture)

    def input(self, value: NodeValue, number: int, tensor: Tensor) -> NodeValue:
        """The value of an Input of the network, tokens as words."""
        field = self.option.inputs[number]
        if field.vocabulary is None or tensor.dtype != torch.int64:
            return value
        return value._replace(kind="text", text=self._spelled(tensor[0], field))

    def output(self, value: NodeValue, number: int, result: Tensor, sample: Sequence[Tensor]) -> NodeValue:
        """The value of an output that is compared with a target: the classes, or the tokens, of the highest scores."""
        if number >= len(self.option.targets) or not result.is_floating_point():
            return value
        field, scores = self.option.targets[number], result[0].detach().float().cpu()
        loss = self.losses[number].option
        if loss.target != "class":
            return value
        wanted = sample[len(self.option.inputs) + number]
        expected = self.in_words(wanted[0], field)
        if scores.dim() == 1 and field.classes and len(scores) == len(field.classes) and bool(torch.isfinite(scores).all()):
            found = shares(scores, loss)
            best = found.argsort(descending=True)[:CHOICES].tolist()
            labels = tuple(field.classes[i] for i in best)
            return value._replace(kind="scores", labels=labels, shares=tuple(float(found[i]) for i in best), text=expected)
        if scores.dim() == 1 and field.places and bool(torch.isfinite(scores).all()):
            return value._replace(labels=(str(int(scores.argmax())),), text=expected)
        if scores.dim() == 2 and field.vocabulary in scores.shape:
            tokens = scores.argmax(dim=1 if scores.shape[1] == field.vocabulary else 0)
            return value._replace(kind="text", text=self._spelled(tokens, field), labels=(expected,))
        return value

    def in_words(self, tensor: Tensor, field: Field) -> str:
        """The class, the place or the tokens of a sample's field; empty where it holds quantities."""
        if field.classes and tensor.dim() == 0:
            number = int(tensor)
            return field.classes[number] if 0 <= number < len(field.classes) else str(number)
        if field.places and tensor.dim() == 0:
            return str(int(tensor))
        return self._spelled(tensor, field) if field.vocabulary is not None else ""

    def _spelled(self, tokens: Tensor, field: Field) -> str:
        """Tokens as text, up to the one that ends it."""
        numbers, words = tokens.flatten().tolist(), self.words.get(field.name, ())
        if field.end is not None and field.end in numbers:
            numbers = numbers[: numbers.index(field.end)]
        text = "".join(words[n] if 0 <= n < len(words) else "?" for n in numbers) if words else " ".join(map(str, numbers))
        return text.strip()[:LONGEST]


def read_words(reader: object, arguments: Mapping[str, Any]) -> Mapping[str, Sequence[str]]:
    """What tokens stand for, by a reader that was given these arguments; nothing where there are none."""
    return reader.vocabularies(**arguments) if hasattr(reader, "vocabularies") else {}


def _shades(picture: Tensor) -> tuple[tuple[int, ...], ...]:
    low, high = picture.aminmax()
    return tuple(map(tuple, ((picture - low) / (high - low).clamp(min=1e-6) * 255).round().int().tolist()))


def shares(scores: Tensor, loss: LossOption) -> Tensor:
    """What scores in the last dimension mean as shares of 1, where the loss says so."""
    return (
        scores.softmax(dim=-1) if loss.expects in ("logits", "scores") else scores.exp() if loss.expects == "log-probabilities" else scores
    )


def _cut(tensor: Tensor, field: Field) -> Tensor:
    """A sequence without the steps at its end that are padding."""
    if not field.is_cut:
        return tensor
    return tensor[:, : max(1, int(tensor.ne(field.padding or 0).any(dim=0).sum()))]

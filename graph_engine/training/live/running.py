"""Runs a network with one sample, and tells what its nodes give."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from graph_engine.training.live.attending import attending, attends
from graph_engine.training.live.outline import Outline
from graph_engine.training.live.picturing import IN_DETAIL, ON_CARD, value_of
from graph_engine.training.live.sample import Data
from graph_engine.training.live.tracing import Place, Superseded, Tracer
from graph_engine.training.live.value import NodeValue

ATTENTION = "attention"
"""The port under which attention weights are told that no port of the network gives."""


class View(NamedTuple):
    """What is looked at.

    Attributes:
        place: ids of the group nodes that lead to the graph that is shown.
        nodes: ids of the nodes in view.
        detail: id of the node that is shown large, or None.
        turns: for each group of the place the turn that is looked at, from 0; left out, the last one.
    """

    place: Place
    nodes: Collection[str]
    detail: str | None
    turns: tuple[int, ...] = ()

    @classmethod
    def of(cls, plain: dict[str, Any]) -> View:
        """The view from JSON."""
        return cls(tuple(plain["place"]), frozenset(plain["nodes"]), plain["detail"], tuple(plain["turns"]))

    def holds(self, place: Place, node: str) -> bool:
        """Whether a node is looked at."""
        return place == self.place and (node in self.nodes or node == self.detail)


class Source(NamedTuple):
    """The source of a network that runs.

    Attributes:
        path: its file, as Python knows it.
        text: what is in it.
        outline: where the values are.
    """

    path: str
    text: str
    outline: Outline


class BrokenError(Exception):
    """The network failed while it ran.

    Attributes:
        place, node: where; the node is None where that is not known.
        values: of the nodes in view that were computed before.
    """

    def __init__(self, message: str, place: Place = (), node: str | None = None):
        super().__init__(message)
        self.place = place
        self.node = node
        self.values: tuple[NodeValue, ...] = ()


def values(
    model: nn.Module,
    source: Source,
    data: Data,
    sample: Sequence[Tensor],
    view: View,
    stopped: Callable[[], bool] = lambda: False,
) -> list[NodeValue]:
    """What the nodes in view give for a sample; the first output of each, all outputs of the one that is shown large.

    The network is left as it was: training mode, weights, and the state of torch's random numbers.

    Raises:
        BrokenError: the network fails on the sample.
        Superseded: ``stopped`` became true.
    """
    recorder = _Recorder(source.outline, data, sample, view)
    inputs = [sample[number] for number in source.outline.fed]
    modes = [(part, part.training) for part in model.modules()]
    devices = sorted({t.device.index or 0 for t in (*model.parameters(), *inputs) if t.device.type == "cuda"})
    try:
        with torch.random.fork_rng(devices), torch.no_grad():
            model.eval()
            turns = {view.place[: depth + 1]: turn for depth, turn in enumerate(view.turns)}
            tracer = Tracer(source.path, source.text, source.outline, recorder.take, stopped, turns)
            with tracer.watching():
                model(*inputs)
            if attends(model, source.text):
                again = Tracer(source.path, source.text, source.outline, lambda *_: None, stopped, turns)
                with attending(model, lambda weights: recorder.attended(again.at, weights)), again.watching():
                    model(*inputs)
    except Superseded:
        raise
    except Exception as error:  # code of the user's own may raise anything
        told = broken(error, source)
        told.values = tuple(recorder.values())
        raise told from error
    finally:
        for part, training in modes:
            part.training = training
    return recorder.values()


def broken(error: Exception, source: Source) -> BrokenError:
    """What to tell of an error inside a network."""
    found: list[str] = []
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == source.path and trace.tb_lineno in source.outline.lines:
            found.append(source.outline.lines[trace.tb_lineno])
        trace = trace.tb_next
    text = re.sub(r"\s+", " ", str(error)).strip()[:300] or type(error).__name__
    return BrokenError(text if text.endswith((".", "!", "?")) else text + ".", tuple(found[:-1]), found[-1] if found else None)


class _Recorder:
    """Keeps what is looked at, already small: what a network computes in place is another value a line later."""

    def __init__(self, outline: Outline, data: Data, sample: Sequence[Tensor], view: View):
        self._outline = outline
        self._data = data
        self._sample = sample
        self._view = view
        self._found: dict[tuple[str, str], NodeValue] = {}
        self._attended: dict[str, list[Tensor]] = {}

    def take(self, place: Place, node: str, port: str, value: Any) -> None:
        view = self._view
        if not isinstance(value, Tensor) or not view.holds(place, node):
            return
        if node != view.detail and any(of == node and other != port for of, other in self._found):
            return
        size = IN_DETAIL if node == view.detail else ON_CARD
        batch = self._outline.batch.get(node, {}).get(port)
        inputs = [id for _, id in self._outline.bodies[""].inputs]
        is_input, is_answer = not place and node in inputs, not place and node in self._outline.answers
        found = value_of(place, node, port, value, batch, size, colour=is_input or is_answer)
        if is_input:
            found = self._data.input(found, self._outline.fed[inputs.index(node)], value)
        elif is_answer:
            found = self._data.output(found, self._outline.answers.index(node), value, self._sample)
        self._found[node, port] = found

    def attended(self, at: tuple[Place, str] | None, weights: Tensor) -> None:
        if at is not None and self._view.holds(*at):
            self._attended.setdefault(at[1], []).append(weights)

    def values(self) -> list[NodeValue]:
        """What was found; on a card attention weights come before what attention gives."""
        view, told = self._view, list(self._found.values())
        for node, found in self._attended.items():
            size = IN_DETAIL if node == view.detail else ON_CARD
            shown = [value_of(view.place, node, ATTENTION, weights, 0, size) for weights in found[-1:]]
            told = [*shown, *(other for other in told if other.node != node or node == view.detail)]
        return told


def matching(model: nn.Module, weights: dict[str, Tensor]) -> int:
    """Gives a network the weights of the same name and shape; returns how many of its tensors they were."""
    own = model.state_dict()
    kept = {name: tensor for name, tensor in weights.items() if name in own and own[name].shape == tensor.shape}
    model.load_state_dict(kept, strict=False)
    return len(kept)


def read_weights(path: Path) -> dict[str, Tensor]:
    """The weights in a file of a run: its last ones, or a checkpoint."""
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        found: dict[str, Tensor] = load_file(path)
        return found
    state: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)["model"]
    return state

"""Answers what is asked for live samples, in the process that trains.

While no run holds that process, the network of the document is built and run as soon as it is asked for. During a run, its own
network is looked at as it learns, between two steps and seldom enough that the run does not feel it. Torch is imported with the first
answer only.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from graph_engine.errors import ArchloomError
from graph_engine.settings.schema import Settings
from graph_engine.training import rundir
from graph_engine.training.events import Listener, Looked
from graph_engine.training.live.augmented import Augmented
from graph_engine.training.live.given import Given
from graph_engine.training.live.outline import Outline
from graph_engine.training.live.tracing import Superseded
from graph_engine.training.loading import loaded

if TYPE_CHECKING:
    from torch import nn

    from graph_engine.training.live.running import Source
    from graph_engine.training.live.sample import Data

PAUSE_SECONDS = 0.5
"""Least time between two looks at a network that trains."""

SHARE = 0.01
"""Share of a run's time that looking may take."""

SHOWN: Mapping[str, tuple[str, type[Augmented] | type[Given]]] = {"augment": ("augmenting", Augmented), "give": ("giving", Given)}
"""What can be shown of the data alone: the module that makes it, and the answer."""


class Looker:
    """Keeps the latest request, and answers it.

    Args:
        listener: receives a `Looked` for each.
    """

    def __init__(self, listener: Listener):
        self._listener = listener
        self._request: dict[str, Any] | None = None
        self._answered: dict[str, Any] | None = None
        self._next = 0.0
        self._folder: TemporaryDirectory[str] | None = None
        self._data: tuple[Any, Sequence[Any], Mapping[str, Sequence[str]]] | None = None
        self._model: tuple[Any, nn.Module, Source, dict[str, Any]] | None = None
        self._run: tuple[Path, Source, Data] | None = None

    def ask(self, request: dict[str, Any] | None) -> None:
        """Takes a request in place of the one before, from any thread; None ends looking."""
        self._request = request
        self._next = 0.0

    @property
    def is_asked(self) -> bool:
        """Whether there is a request that has not been answered."""
        return self._request is not None and self._request is not self._answered

    def answer(self) -> None:
        """Answers the latest request, unless that is done."""
        request = self._request
        if request is None or not self.is_asked or request["network"] is None:
            return
        self._answered = request
        try:
            self._listener(self._look(request))
        except Superseded:
            return
        except ArchloomError as error:
            self._listener(Looked(request["number"], message=str(error)))

    def refuse(self, words: str) -> None:
        """Answers the latest request with the reason why it cannot be, in a sentence."""
        request = self._answered = self._request
        if request is not None:
            self._listener(Looked(request["number"], request["part"], message=words))

    def show(self, what: str, request: dict[str, Any]) -> None:
        """Shows samples of the training data: as a network receives them, or as some epochs will have them."""
        from graph_engine.training.live.running import BrokenError

        number, (module, answer) = request["number"], SHOWN[what]
        try:
            make = import_module(f"graph_engine.training.live.{module}").samples
            self._listener(answer(number, make(self._read(request), request)))
        except BrokenError as error:
            self._listener(answer(number, message=str(error)))
        except ModuleNotFoundError as error:
            missing = f"The Python package {error.name!r} is not installed: python -m pip install {error.name}."
            self._listener(answer(number, message=missing))

    def glance(self, training: Any, run_dir: Path) -> None:
        """Looks at the network of a run, where somebody wishes to and it is time."""
        request, began = self._request, time.monotonic()
        if request is None or began < self._next:
            return
        from graph_engine.training.live import running

        number, part = request["number"], request["part"]
        told = Looked(number, part, weights="training", step=training.at.step, epoch=training.at.epoch)
        try:
            source, data = self._of_run(run_dir, training)
            count = len(data.parts[_part(part)])
            index = request["sample"] % max(1, count)
            sample = data.sample(part, index)
            view = running.View.of(request["view"])
            found = running.values(training.model, source, data, sample, view, lambda: self._request is not request)
            told = told._replace(sample=index, samples=count, expected=data.told(sample), values=tuple(found))
        except Superseded:
            return
        except running.BrokenError as error:
            told = told._replace(message=str(error), node=error.node, place=error.place, values=error.values)
        except Exception as error:  # whatever it is, the run must not end because somebody looks at it
            told = told._replace(message=f"This run cannot be looked at: {error}")
        self._answered = request
        self._listener(told)
        now = time.monotonic()
        self._next = now + max(PAUSE_SECONDS, (now - began) / SHARE)

    def forget_run(self) -> None:
        """The run is over; what was asked while it lasted was answered with its network."""
        self._run = None

    def _look(self, request: Mapping[str, Any]) -> Looked:
        from graph_engine.training.live import running

        number, part = request["number"], request["part"]
        try:
            data = self._read(request["network"])
            count = len(data.parts[_part(part)])
            index = request["sample"] % max(1, count)
            model, source, facts = self._build(request)
            sample = data.sample(part, index)
            view = running.View.of(request["view"])
            found = running.values(model, source, data, sample, view, lambda: self._request is not request)
        except running.BrokenError as error:
            return Looked(number, part, message=str(error), node=error.node, place=error.place, values=error.values)
        return Looked(number, part, index, count, expected=data.told(sample), values=tuple(found), **facts)

    def _read(self, network: Mapping[str, Any]) -> Data:
        from graph_engine.training.live.running import BrokenError
        from graph_engine.training.live.sample import Data, read_words

        key = network["data"]
        if self._data is None or self._data[0] != key:
            try:
                with loaded(Path(key["folder"]), ("data",)) as reader:
                    self._data = key, reader.load(**key["arguments"]), read_words(reader, key["arguments"])
            except Exception as error:  # a reader, and the libraries it reads with, may raise anything
                raise BrokenError(f"The data cannot be read: {error}") from error
        return Data.of(Settings.from_plain(network["settings"]), *self._data[1:])

    def _build(self, request: Mapping[str, Any]) -> tuple[nn.Module, Source, dict[str, Any]]:
        """The network with the weights that it starts with, or as far as they fit those of a run."""
        import torch

        from graph_engine.training.live import running

        network, weights = request["network"], request["weights"]
        changed = Path(weights).stat().st_mtime_ns if weights is not None and Path(weights).exists() else 0
        key = network["text"], network["seed"], network["files"], weights, changed
        if self._model is not None and self._model[0] == key:
            return self._model[1:]
        self._model = None
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="archloom-")
        folder = Path(self._folder.name)
        for name, text in {**network["files"], "model.py": network["text"]}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        source = running.Source(str(folder / "model.py"), network["text"], Outline.from_plain(network["outline"]))
        facts: dict[str, Any] = {"weights": "start"}
        try:
            with loaded(folder, ("model",)) as module, torch.random.fork_rng(devices=[]):
                torch.manual_seed(network["seed"])
                model = getattr(module, network["cls"])()
                if changed:
                    kept = running.matching(model, running.read_weights(Path(weights)))
                    facts = {"weights": "run" if kept else "start", "kept": kept, "tensors": len(model.state_dict())}
        except Exception as error:  # code of the user's own may raise anything
            raise running.broken(error, source) from error
        self._model = key, model, source, facts
        return self._model[1:]

    def _of_run(self, run_dir: Path, training: Any) -> tuple[Source, Data]:

        from graph_engine.training.live.running import Source
        from graph_engine.training.live.sample import Data

        if self._run is None or self._run[0] != run_dir:
            path = run_dir / rundir.SOURCE / "model.py"
            outline = Outline.from_plain(json.loads((run_dir / rundir.OUTLINE).read_text(encoding="utf-8")))
            parts = (training.train_data, training.validation_data, training.test_data)
            self._run = run_dir, Source(str(path), path.read_text(encoding="utf-8"), outline), Data.of_run(run_dir, parts, training.seed)
        return self._run[1:]


def _part(name: str) -> int:
    from graph_engine.training.live.sample import PARTS

    return PARTS.index(name)

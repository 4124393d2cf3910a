"""Samples of the training data, as a network receives them and as a run's first epochs will have them: asked of the process that owns
torch, while somebody looks.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar

from PySide6.QtCore import QObject, QTemporaryDir, QTimer, Signal

from app.run import Run
from app.session import Session
from graph_engine.api import Graph
from graph_engine.errors import ArchloomError
from graph_engine.settings.augmentations import chosen
from graph_engine.training.events import Event
from graph_engine.training.live.augmented import Augmented, Picture
from graph_engine.training.live.given import Given
from graph_engine.training.live.request import describe_augmented, describe_data

EDIT_MS = 200
"""Time without an edit after which the samples are asked for again."""


class AskedSamples(QObject):
    """What is known of them.

    Attributes:
        samples: a row for each.
        message: why there are none, or none yet, in a sentence.

    Signals:
        changed: one of these differs.
    """

    do: ClassVar[str]
    answer: ClassVar[type[Augmented] | type[Given]]
    describe: ClassVar[Callable[[Graph, Path], dict[str, Any]]]

    changed = Signal()

    def __init__(self, session: Session, run: Run, parent: QObject | None = None):
        super().__init__(parent)
        self._session = session
        self._run = run
        self._folder = QTemporaryDir()
        self._number = 0
        self._start = 0
        self._is_watched = False
        self._asked: object = None
        self.samples: tuple[tuple[str | Picture, ...], ...] = ()
        self.message = ""
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.setInterval(EDIT_MS)
        self._late.timeout.connect(self._ask)
        session.checked_changed.connect(lambda _: self._again())
        session.replaced.connect(self._again)
        run.worker.events.connect(self._take)
        run.worker.died.connect(self._on_died)
        run.state_changed.connect(self._again)

    @property
    @abstractmethod
    def is_on(self) -> bool:
        """Whether there is something to show."""

    @abstractmethod
    def depends_on(self) -> object:
        """What in the document's settings the samples follow from."""

    def watch(self, watched: bool) -> None:
        """Says whether they can be seen: only then are they asked for."""
        self._is_watched = watched
        self._ask()

    def others(self) -> None:
        """Asks for other samples."""
        self._start += 1
        self._ask()

    def _again(self) -> None:
        if self._is_watched:
            self._late.start()

    def _ask(self) -> None:
        wanted = (self.depends_on(), self._start, self._run.is_busy, self._session.document.is_trusted)
        if not self._is_watched or not self.is_on or wanted == self._asked:
            return
        self._asked = wanted
        self._number += 1
        if self._run.is_busy:
            self._say(self.tr("The training process is busy; this is shown when it has finished."))
            return
        try:
            asked = type(self).describe(self._session.document, Path(self._folder.path()))
        except ArchloomError as error:
            self._say(str(error))
            return
        self._run.worker.start()
        self._run.worker.send({"do": self.do, "number": self._number, "start": self._start, **asked})
        if not self.samples:
            self._say(self.tr("Reading the data…"))

    def _take(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, Augmented | Given) and isinstance(event, self.answer) and event.number == self._number:
                self._say(event.message or "", event.samples)

    def _on_died(self, why: str) -> None:
        if self._asked is not None and not self.samples:
            self._asked = None
            self._say(why)

    def _say(self, message: str, samples: tuple[tuple[str | Picture, ...], ...] = ()) -> None:
        self.message, self.samples = message, samples
        self.changed.emit()


class GivenSamples(AskedSamples):
    """Samples after all preparation; what each field of them holds."""

    do = "give"
    answer = Given
    describe = describe_data

    @property
    def is_on(self) -> bool:
        option = self._session.document.settings.data["dataset"].option
        return not option.is_own or option.arguments is not None

    def depends_on(self) -> object:
        settings = self._session.document.settings
        return settings.data, settings.training["seed"]


class AugmentedSamples(AskedSamples):
    """Samples, each as it is, and then as it is in each epoch."""

    do = "augment"
    answer = Augmented
    describe = describe_augmented

    @property
    def is_on(self) -> bool:
        return bool(chosen(self._session.document.settings.augmentation))

    def depends_on(self) -> object:
        settings = self._session.document.settings
        return settings.data, settings.augmentation, settings.training["seed"], settings.training["loss"]

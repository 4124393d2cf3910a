"""The data that the document learns from: some samples, classes, columns, the parts, and what the network receives of it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QSize
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from app.asked import AugmentedSamples, GivenSamples
from app.jobs import Errand
from app.panels.augmented import AugmentedPage
from app.panels.data_pages import fill_columns, fill_received, fill_samples, gallery, table
from app.panels.given import GivenPage
from app.session import Session
from app.theme.tokens import SPACE
from app.widgets.count_bars import CountBars
from app.widgets.empty import EmptyState
from app.widgets.scroll import fill_scroll_area
from app.widgets.text import count_text
from graph_engine.data.overview import Overview, overview, part_sizes
from graph_engine.errors import ArchloomError, DataError
from graph_engine.settings.datasets import DatasetOption
from graph_engine.settings.option import Selected

_HEAD = 210
"""Width of the choices."""

_SAMPLES = 24


class DataPanel(QWidget):
    """The document's data, looked at in a thread while the panel can be seen."""

    def __init__(self, session: Session, given: GivenSamples, augmented: AugmentedSamples, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self._asked = {"given": given, "augmented": augmented}
        self._is_watched = False
        self._errand: Errand | None = None
        self._known: tuple[Selected[DatasetOption], int] | None = None
        self._found = Overview()
        self._start = 0
        self.title = QLabel()
        self.title.setProperty("role", "heading")
        self.title.setWordWrap(True)
        self.kind = QComboBox()
        self.kind.setAccessibleName(self.tr("What is shown"))
        self.kind.setToolTip(self.tr("What is shown of the data"))
        self.kind.currentIndexChanged.connect(self._show_page)
        self.others = QPushButton(self.tr("Other Samples"))
        self.others.setToolTip(self.tr("Shows other samples of the same data"))
        self.others.clicked.connect(self._ask_others)
        self.parts = CountBars()
        self.words = QLabel()
        self.words.setProperty("role", "muted")
        self.words.setWordWrap(True)
        about = QWidget()
        told = QVBoxLayout(about)
        told.setContentsMargins(0, 0, SPACE.near, 0)
        told.setSpacing(SPACE.near)
        for widget in (self.title, self.parts, self.words):
            told.addWidget(widget)
        told.addStretch()
        scroll = QScrollArea()
        fill_scroll_area(scroll, about)
        head = QWidget()
        head.setFixedWidth(_HEAD)
        choices = QVBoxLayout(head)
        choices.setContentsMargins(0, 0, 0, 0)
        choices.setSpacing(SPACE.near)
        choices.addWidget(self.kind)
        choices.addWidget(scroll, 1)
        choices.addWidget(self.others)
        self.samples, self.cells, self.columns, self.received = gallery(), table(), table(), table()
        named: tuple[tuple[QWidget, str], ...] = (
            (self.samples, self.tr("Samples")),
            (self.cells, self.tr("Samples")),
            (self.columns, self.tr("Columns")),
            (self.received, self.tr("What the network receives")),
        )
        for page, name in named:
            page.setAccessibleName(name)
        self.classes = CountBars()
        self.classes.setAccessibleName(self.tr("Classes"))
        bars = QScrollArea()
        fill_scroll_area(bars, self.classes)
        self._body = QStackedLayout()
        self._pages: dict[str, QWidget] = {
            "samples": self.samples,
            "cells": self.cells,
            "classes": bars,
            "columns": self.columns,
            "received": self.received,
            "given": GivenPage(session, given),
            "augmented": AugmentedPage(augmented),
        }
        for page in self._pages.values():
            self._body.addWidget(page)
        whole = QWidget()
        row = QHBoxLayout(whole)
        row.setContentsMargins(SPACE.base, SPACE.near, SPACE.near, SPACE.near)
        row.setSpacing(SPACE.wide)
        row.addWidget(head)
        row.addLayout(self._body, 1)
        self._empty = EmptyState("database", "", "")
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(whole)
        session.checked_changed.connect(lambda _: self.look())
        session.replaced.connect(self.look)
        self._say_nothing()

    def watch(self, watched: bool) -> None:
        """Says whether the panel can be seen: only then is data read."""
        self._is_watched = watched
        self.look()

    def look(self) -> None:
        """Looks at the document's data where it is not what is shown, or could not be read the last time."""
        if not self._is_watched:
            for asked in self._asked.values():
                asked.watch(False)
            return
        chosen: Selected[DatasetOption] = self._session.document.settings.data["dataset"]
        if chosen.option.is_own and not (chosen.params["path"] and chosen.params["facts"]):
            self._errand, self._known = None, None
            self._say_nothing()
        elif self._known != (chosen, self._start):
            self._read(chosen)
        elif self._errand is None and self._stack.currentIndex() == 1:
            self._show_document()

    def sizeHint(self) -> QSize:
        return QSize(640, 280)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._found.samples:
            self._show_samples()

    def _ask_others(self) -> None:
        asked = self._asked.get(self.kind.currentData())
        if asked is not None:
            asked.others()
            return
        self._start += 1
        self.look()

    def _read(self, chosen: Selected[DatasetOption]) -> None:
        start = self._start if self._known is not None and self._known[0] == chosen else 0
        self._known, self._start = (chosen, start), start
        self.others.setEnabled(False)

        def read() -> Overview | ArchloomError:
            try:
                return overview(chosen, _SAMPLES, start)
            except ArchloomError as error:
                return error
            except Exception as error:  # a library that reads files may raise anything; the panel must hear of it
                return DataError(f"{chosen.option.title} cannot be read: {error}.")

        if self._stack.currentIndex() == 0:
            self._empty.say(self.tr("Looking at the data…"))
        errand = self._errand = Errand(read, self)
        errand.done.connect(lambda found: self._take(errand, found))

    def _take(self, errand: Errand, found: Any) -> None:
        if errand is not self._errand:
            return
        self._errand = None
        self.others.setEnabled(True)
        if isinstance(found, Overview):
            self._found = found
            self._show()
        else:
            self._found = Overview()
            self._empty.say(self.tr("The data cannot be shown"), str(found))
            self._stack.setCurrentIndex(0)

    def _say_nothing(self) -> None:
        self._found = Overview()
        self._empty.say(
            self.tr("No data yet"),
            self.tr("Drop a file or folder onto the window, or choose a data set in Training."),
        )
        self._stack.setCurrentIndex(0)

    def _show(self) -> None:
        facts = self._found.facts
        self._show_samples()
        if facts is not None:
            fill_columns(self.columns, facts)
        self._show_document()
        self._stack.setCurrentIndex(1)

    def _show_kinds(self) -> None:
        """Offers the pages that there are, and shows the one that was chosen."""
        facts = self._found.facts
        pages = {
            "samples": self.tr("Samples") if self._found.samples else "",
            "classes": self.tr("Classes") if self._balances() else "",
            "columns": "" if facts is None else self.tr("Columns") if facts.columns else self.tr("Arrays") if facts.arrays else "",
            "received": self.tr("What the network receives"),
            "given": self.tr("Samples as received") if self._asked["given"].is_on else "",
            "augmented": self.tr("Augmented samples") if self._asked["augmented"].is_on else "",
        }
        wanted = self.kind.currentData()
        self.kind.blockSignals(True)
        self.kind.clear()
        for name, words in pages.items():
            if words:
                self.kind.addItem(words, name)
        self.kind.setCurrentIndex(max(0, self.kind.findData(wanted)))
        self.kind.blockSignals(False)
        self._show_page()

    def _show_samples(self) -> None:
        facts = self._found.facts
        if facts is not None and self._found.samples:
            in_table = fill_samples(self.samples, self.cells, self._found.samples, facts, self.devicePixelRatioF())
            self._pages["samples"] = self.cells if in_table else self.samples

    def _show_page(self) -> None:
        name = self.kind.currentData()
        if name is None:
            return
        self._body.setCurrentWidget(self._pages[name] if name != "samples" or self._found.samples else self.received)
        more = name == "samples" and (self._found.facts is not None and self._found.facts.samples > _SAMPLES)
        self.others.setVisible(more or name in self._asked)
        for asked_name, asked in self._asked.items():
            asked.watch(self._is_watched and name == asked_name)

    def _show_document(self) -> None:
        """Shows what follows from the document's settings and nodes."""
        data = self._session.document.settings.data
        option: DatasetOption = data["dataset"].option
        path = data["dataset"].params.get("path")
        self.title.setText(option.title)
        self.title.setToolTip(path or option.summary)
        sizes = part_sizes(data)
        self.parts.setVisible(sizes is not None)
        if sizes is not None:
            names = self.tr("Training"), self.tr("Validation"), self.tr("Test")
            self.parts.show_counts(list(zip(names, sizes, strict=True)))
        self.words.setText("\n\n".join(filter(None, self._told(data))))
        self.classes.show_counts(self._balances())
        fill_received(self.received, self._session.document, option.sized(data["dataset"].params))
        self._show_kinds()

    def _balances(self) -> list[tuple[str, int]]:
        """How many samples each class has, by the names of the classes; of several targets the first one's."""
        facts = self._found.facts
        if facts is None:
            return []
        if facts.counts:
            return list(zip(facts.classes, facts.counts, strict=True))
        params = self._session.document.settings.data["dataset"].params
        for name in (*params.get("targets", ()), *params.get("label", ())):
            column = facts.column(name)
            if column is not None and column.counts:
                return list(zip(column.values, column.counts, strict=True))
        return []

    def _told(self, data: Any) -> list[str]:
        option, facts = data["dataset"].option, self._found.facts
        told = []
        if option.is_own and facts is not None:
            bad = len(facts.unreadable)
            missing = sum(column.missing for column in facts.columns) + sum(array.missing for array in facts.arrays)
            told.append(self.tr("{0} samples").format(count_text(facts.samples)))
            told.append(self.tr("Missing values: {0}").format(count_text(missing)) if missing else "")
            told.append(self.tr("Samples that repeat one before: {0}").format(count_text(facts.repeated)) if facts.repeated else "")
            told.append(self.tr("Files that cannot be read: {0}").format(count_text(bad)) if bad else "")
            told.append(self._split(data["dataset"].params.get("split")))
            return ["\n".join(filter(None, told))]
        if option.samples is not None:
            told.append(self.tr("{0} samples").format(count_text(option.samples)))
        told += [option.summary, self.tr("Source: {0}").format(option.source), self.tr("Licence: {0}").format(option.licence)]
        return told

    def _split(self, how: str | None) -> str:
        words = {
            "stratified": self.tr("Each class has the same share of each part"),
            "given": self.tr("The data itself says which samples are in which part"),
            "by time": self.tr("The last ones are the test part"),
            "in order": self.tr("The end is the test part"),
            "grouped": self.tr("Samples of one group stay in one part"),
        }
        return words.get(how or "", "")

"""The page that names what is to be imported."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QFrame, QGridLayout, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app.foreign import origin
from app.importing.labels import title_label
from app.theme.icons import icon
from app.theme.tokens import SPACE
from graph_engine.errors import ArchloomError
from graph_engine.foreign.outline import CHECKPOINTS, NETWORKS, PYTHON, TRUSTED, Offer, offers


class WhatPage(QWidget):
    """Names what is to be imported.

    Signals:
        changed: `source` may be another.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._offers: list[Offer] = []
        title = title_label(self.tr("What to import"))
        more = QLabel(
            self.tr("Any torch.nn.Module: layers become blocks, parts become groups, weights come along. It runs on a few made-up inputs.")
        )
        more.setWordWrap(True)
        more.setProperty("role", "muted")
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("package.module:name, or a file"))
        self.field.setAccessibleName(self.tr("Module or file"))
        self.field.textChanged.connect(self._on_place)
        self.choose = QPushButton(icon("folder-open"), self.tr("File…"))
        self.choose.setAutoDefault(False)
        self.choose.clicked.connect(self._on_choose)
        self.offered = QComboBox()
        self.offered.setAccessibleName(self.tr("Class or function"))
        self.offered.currentIndexChanged.connect(self._on_offer)
        self.arguments = QLineEdit()
        self.arguments.setAccessibleName(self.tr("Arguments"))
        self.arguments.textChanged.connect(self.changed)
        self.about = QLabel()
        self.about.setWordWrap(True)
        self.about.setProperty("role", "faint")
        place = QHBoxLayout()
        place.setSpacing(SPACE.near)
        place.addWidget(self.field, 1)
        place.addWidget(self.choose)
        self._offer_label = QLabel(self.tr("Class or function"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACE.base)
        grid.setVerticalSpacing(SPACE.near)
        grid.addWidget(QLabel(self.tr("From")), 0, 0)
        grid.addLayout(place, 0, 1)
        grid.addWidget(self._offer_label, 1, 0)
        grid.addWidget(self.offered, 1, 1)
        self._arguments_label = QLabel(self.tr("Arguments"))
        grid.addWidget(self._arguments_label, 2, 0)
        grid.addWidget(self.arguments, 2, 1)
        grid.addWidget(self.about, 3, 1)
        grid.setColumnStretch(1, 1)
        self._notice, self.notice = _notice("shield-warning")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE.base)
        column.addWidget(title)
        column.addWidget(more)
        column.addSpacing(SPACE.tight)
        column.addLayout(grid)
        column.addStretch()
        column.addWidget(self._notice)
        self._on_place()

    @property
    def source(self) -> str:
        """What is named, as `graph_engine.importing.source` reads it; empty where nothing is."""
        if self._is_network(self.field.text()):
            return self.field.text().strip()
        place, name = self._place()
        call = self.arguments.text().strip().removeprefix("(").removesuffix(")")
        return f"{place}:{name}" + (f"({call})" if call else "") if place and name else ""

    @property
    def title(self) -> str:
        """What the network is to be called."""
        if self._is_network(self.field.text()):
            return Path(self.field.text().strip()).stem
        return self._place()[1].rpartition(".")[2]

    def name(self, path: Path) -> None:
        """Names a file."""
        self.field.setText(str(path))

    def _place(self) -> tuple[str, str]:
        text = self.field.text().strip()
        if self._is_file(text):
            return text, self.offered.currentText()
        place, _, name = text.rpartition(":")
        return place.rstrip(":"), name.strip()

    @staticmethod
    def _is_file(text: str) -> bool:
        return text.lower().endswith(PYTHON)

    @staticmethod
    def _is_network(text: str) -> bool:
        return text.strip().lower().endswith((*NETWORKS, *CHECKPOINTS))

    @property
    def is_checkpoint(self) -> bool:
        """Whether a file of tensors alone is named."""
        return self.field.text().strip().lower().endswith(CHECKPOINTS)

    @property
    def is_code(self) -> bool:
        """Whether what is named may run code."""
        text = self.field.text().strip().lower()
        return not self._is_network(text) or text.endswith(TRUSTED)

    def _on_choose(self) -> None:
        kinds = self.tr("Networks ({0})").format(" ".join(f"*{suffix}" for suffix in (PYTHON, *NETWORKS, *CHECKPOINTS)))
        name, _ = QFileDialog.getOpenFileName(self.window(), self.tr("Import"), str(Path.home()), kinds)
        if name:
            self.name(Path(name))

    def _on_place(self) -> None:
        text = self.field.text().strip()
        problem = ""
        self._offers = []
        if self._is_file(text):
            try:
                self._offers = offers(Path(text))
                problem = "" if self._offers else self.tr("It defines no class with a forward, and no function.")
            except ArchloomError as error:
                problem = str(error)
        self.offered.blockSignals(True)
        self.offered.clear()
        self.offered.addItems([offer.name for offer in self._offers])
        self.offered.blockSignals(False)
        self.arguments.setVisible(not self._is_network(text))
        self._arguments_label.setVisible(not self._is_network(text))
        self.offered.setVisible(bool(self._offers))
        self._offer_label.setVisible(bool(self._offers))
        self._on_offer()
        if problem:
            self.about.setText(problem)
        self._warn()

    def _on_offer(self) -> None:
        place = self.offered.currentIndex()
        offer = self._offers[place] if 0 <= place < len(self._offers) else None
        self.arguments.setPlaceholderText(
            offer.arguments if offer is not None else self.tr("as in a call, such as 18, width=64; often none")
        )
        examples = self.tr(
            'For example torchvision.models:resnet18, timm:create_model with the argument "resnet18", net.py, net.onnx, net.pth.'
        )
        told = self.tr("Tensors alone: layers are proposed by their names and shapes, and left to you to be connected.")
        hint = told if self.is_checkpoint else "" if self.field.text().strip() else examples
        self.about.setText(offer.summary if offer is not None else hint)
        self.changed.emit()

    def _warn(self) -> None:
        place, _ = self._place()
        text = self.field.text().strip()
        self._notice.setVisible(self.is_code and (bool(place) or self._is_network(text)))
        where = text if self._is_file(text) or self._is_network(text) else origin(place, Path.cwd()) if place else ""
        self.notice.setText(self.tr("Loading runs this code with your rights, as any program that you start: {0}").format(where))


def _notice(mark: str) -> tuple[QFrame, QLabel]:
    """A frame with a picture and words."""
    frame, picture, words = QFrame(), QLabel(), QLabel()
    frame.setProperty("role", "notice")
    picture.setPixmap(icon(mark, "warning").pixmap(16, 16))
    words.setWordWrap(True)
    row = QHBoxLayout(frame)
    row.setContentsMargins(SPACE.base, SPACE.near, SPACE.base, SPACE.near)
    row.setSpacing(SPACE.near)
    row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
    row.addWidget(words, 1)
    return frame, words

"""A bar above the canvas while data is looked at, or while the document's own data is not where, or as, it was."""

from __future__ import annotations

from PySide6.QtWidgets import QPushButton, QWidget

from app.own_data import OwnData
from app.widgets.notice import NoticeBar


class DataBar(NoticeBar):
    """Says what is wrong, with the button that mends it."""

    def __init__(self, data: OwnData, parent: QWidget | None = None):
        self.again, self.locate = QPushButton(), QPushButton()
        super().__init__("database", (self.again, self.locate), parent)
        self._data = data
        self.again.setText(self.tr("Look Again"))
        self.again.clicked.connect(data.look_again)
        self.locate.setText(self.tr("Locate…"))
        self.locate.clicked.connect(data.locate)
        data.state_changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        data, path = self._data, self._data.path
        name = path.name if path is not None else ""
        self.words.setText(
            self.tr("Looking at the data…")
            if data.is_looking
            else self.tr("{0} has changed since it was looked at.").format(name)
            if data.problem == "changed"
            else self.tr("{0} is not there any more: {1}").format(name, path)
        )
        self.again.setVisible(data.problem == "changed" and not data.is_looking)
        self.locate.setVisible(data.problem == "missing" and not data.is_looking)
        self.setVisible(data.is_looking or bool(data.problem and path))

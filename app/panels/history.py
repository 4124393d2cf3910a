"""All steps of the document, done and undone; a click goes to one."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QColor, QShowEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStackedLayout, QWidget

from app.session import Session
from app.theme.icons import icon
from app.theme.style import current
from app.widgets.empty import EmptyState


class HistoryPanel(QWidget):
    """A row for the document as it was opened, and one for each step since."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self._rows: list[tuple[str, bool, bool]] = []
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("History"))
        self.list.setIconSize(QSize(10, 10))
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.list.itemClicked.connect(self._go)
        self.list.itemActivated.connect(self._go)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.list)
        self._stack.addWidget(
            EmptyState("clock-counter-clockwise", self.tr("No steps yet"), self.tr("All that you change can be undone, step by step."))
        )
        session.state_changed.connect(self._show)
        session.replaced.connect(self._show)
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._rows = []
            self._show()

    def _show(self) -> None:
        history, theme = self._session.history, current()
        here = len(history.done)
        self._stack.setCurrentIndex(0 if here or history.undone else 1)
        if not self.isVisible():
            return
        texts = [self.tr("As opened"), *(c.text for c in history.done), *(c.text for c in reversed(history.undone))]
        while self.list.count() > len(texts):
            self.list.takeItem(self.list.count() - 1)
        while self.list.count() < len(texts):
            self.list.addItem(QListWidgetItem())
        rows = [(text, place <= here, place == here) for place, text in enumerate(texts)]
        for place, (text, is_done, is_here) in enumerate(rows):
            if place < len(self._rows) and self._rows[place] == rows[place]:
                continue
            item = self.list.item(place)
            item.setText(text)
            item.setForeground(QColor(theme.text if is_done else theme.text_faint))
            item.setIcon(icon("circle-fill", "accent") if is_here else icon("circle", "text_faint"))
            item.setToolTip(self.tr("Here you are") if is_here else self.tr("Go to this step"))
        self._rows = rows
        self.list.setCurrentRow(here)
        self.list.scrollToItem(self.list.item(here))

    def _go(self, item: QListWidgetItem) -> None:
        target = self.list.row(item)
        while len(self._session.history.done) > target:
            self._session.undo()
        while len(self._session.history.done) < target:
            self._session.redo()

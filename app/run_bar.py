"""A bar above the canvas that says what has become of a run of the document while no window looked on."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget

from app.run import Run
from app.theme.icons import icon
from app.unattended import Unattended
from app.widgets.notice import NoticeBar


class RunBar(NoticeBar):
    """Tells of one run after the other, each until it is shown, resumed or put away.

    Signals:
        resume_wanted: the folder of a run.
    """

    resume_wanted = Signal(object)

    def __init__(self, unattended: Unattended, run: Run, parent: QWidget | None = None):
        self.go_on, self.away = QPushButton(), QToolButton()
        super().__init__("clock-counter-clockwise", (self.go_on, self.away), parent)
        self._unattended = unattended
        self._run = run
        self.go_on.clicked.connect(self._go_on)
        self.away.setIcon(icon("x", "text_muted"))
        self.away.setIconSize(QSize(12, 12))
        self.away.setAutoRaise(True)
        self.away.setToolTip(self.tr("Put away"))
        self.away.setAccessibleName(self.away.toolTip())
        self.away.clicked.connect(lambda: unattended.put_away(unattended.gone[0]))
        unattended.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        self.setVisible(bool(self._unattended.gone))
        if not self._unattended.gone:
            return
        gone = self._unattended.gone[0]
        self.words.setText(self._unattended.words(gone))
        self.go_on.setText(self.tr("Show Run") if gone.is_on else self.tr("Resume"))
        self.go_on.setVisible(gone.is_on or gone.can_resume)
        self.go_on.setEnabled(not self._run.is_busy)
        self.go_on.setToolTip(self.tr("Stop the run that this window shows first, or wait for its end") if self._run.is_busy else "")

    def _go_on(self) -> None:
        gone = self._unattended.gone[0]
        if gone.is_on:
            self._unattended.show(gone)
        else:
            self.resume_wanted.emit(gone.folder)

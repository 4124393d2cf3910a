"""Questions that are asked before a run, of a network that is trained for a moment: the action, and the dialog with the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from graph_engine.errors import ArchloomError
from graph_engine.training.events import Probed

if TYPE_CHECKING:
    from app.panels.answer import AnswerDialog
    from app.window import MainWindow


class Trials(QObject):
    """Asks one question at a time.

    Attributes:
        answer: the dialog with the last answer, or None.
    """

    def __init__(self, window: MainWindow):
        super().__init__(window)
        self._window = window
        self.answer: AnswerDialog | None = None
        window.run.probed.connect(self._show)

    def ask(self, kind: str) -> None:
        """Asks a question, as `graph_engine.training.probe` knows it; the answer comes in a dialog."""
        try:
            self._window.run.probe(self._window.session.document, kind)
        except ArchloomError as error:
            self._window.documents.complain(self.tr("There is nothing to try yet"), error)

    def _show(self, answer: Probed) -> None:
        from app.panels.answer import AnswerDialog  # draws, which takes long to load

        self.answer = AnswerDialog(self._window.session, answer, self._window)
        self.answer.open()

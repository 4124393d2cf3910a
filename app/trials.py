"""What is asked before a run of a network that is trained for a moment: the action, and the dialog with the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMessageBox

from app.widgets.text import bytes_text
from graph_engine.errors import ArchloomError
from graph_engine.spec.tensor import Dim
from graph_engine.training.events import Budgeted, Probed

if TYPE_CHECKING:
    from app.panels.answer import AnswerDialog
    from app.panels.budget import BudgetDialog
    from app.window import MainWindow


class Trials(QObject):
    """Asks one question at a time.

    Attributes:
        answer: the dialog with the last answer, or None.

    Signals:
        node_chosen: id of a node that was chosen in an answer.
    """

    node_chosen = Signal(str)

    def __init__(self, window: MainWindow):
        super().__init__(window)
        self._window = window
        self.answer: AnswerDialog | BudgetDialog | None = None
        window.run.probed.connect(self._show)

    def ask(self, kind: str) -> None:
        """Asks a question, as `graph_engine.training.probe` knows it; the answer comes in a dialog."""
        try:
            self._window.run.probe(self._window.session.document, kind)
        except ArchloomError as error:
            self._window.documents.complain(self.tr("There is nothing to try yet"), error)

    def may_run(self) -> bool:
        """Whether to begin a run. Asks where the weights, their gradients and a batch's values alone are more than the machine has free."""
        import psutil

        session = self._window.session
        report, batch = session.report, session.document.settings.training["batch_size"]
        values = 0 if isinstance(report.outputs, Dim) else batch * report.outputs
        needed, free = 2 * report.stored + values, psutil.virtual_memory().available
        if needed <= free:
            return True
        box = QMessageBox(
            QMessageBox.Icon.NoIcon, "Archloom", self.tr("The run may not fit."), QMessageBox.StandardButton.Cancel, self._window
        )
        box.setObjectName("unfit")
        box.setInformativeText(
            self.tr(
                "Weights, gradients and the values of a batch of {0} take {1}, and {2} of the machine's memory are free. "
                "A smaller batch, or a batch in parts, needs less."
            ).format(batch, bytes_text(needed), bytes_text(free))
        )
        run = box.addButton(self.tr("Run Anyway"), QMessageBox.ButtonRole.AcceptRole)
        measure = box.addButton(self.tr("Measure Cost"), QMessageBox.ButtonRole.ActionRole)
        box.exec()
        if box.clickedButton() is measure:
            self.ask("budget")
        return box.clickedButton() is run

    def _show(self, answer: Probed | Budgeted) -> None:
        from app.panels.answer import AnswerDialog  # draws, which takes long to load
        from app.panels.budget import BudgetDialog

        if isinstance(answer, Budgeted):
            self.answer = BudgetDialog(self._window.session.document, answer, self._window)
            self.answer.node_chosen.connect(self.node_chosen)
        else:
            self.answer = AnswerDialog(self._window.session, answer, self._window)
        self.answer.open()

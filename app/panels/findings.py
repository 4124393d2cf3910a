"""What is wrong with the training, in words, with what can be done about it."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QWidget

from app.panels.problems import Finding
from app.session import Session
from app.vitals import Vitals
from app.widgets.layouts import clear
from app.widgets.section import Section


class FindingsSection(Section):
    """The findings of the run, causes first; hidden where there are none.

    Signals:
        failed: a repair was refused; one sentence.
    """

    failed = Signal(str)

    def __init__(self, session: Session, vitals: Vitals, parent: QWidget | None = None):
        super().__init__(QCoreApplication.translate("FindingsSection", "What Is Wrong"), parent=parent)
        self._session = session
        self._vitals = vitals
        vitals.found.connect(self._show)
        self._show()

    def _show(self) -> None:
        clear(self.body)
        findings = self._vitals.findings
        for finding in findings:
            row = Finding(self._session, finding.diagnostic, in_list=False, cause=finding.follows)
            row.failed.connect(self.failed)
            self.body.addWidget(row)
        self.setVisible(bool(findings))

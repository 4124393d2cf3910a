"""What the start page offers to go on with: unsaved work of windows that ended, and runs that went on without one."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QObject

from app.documents import Documents
from app.recovery import Left, Recovery
from app.start_page import StartPage
from app.unattended import Gone, Unattended
from graph_engine.errors import ArchloomError


class Offers(QObject):
    """Looks for both, and does what is chosen."""

    def __init__(self, page: StartPage, documents: Documents, recovery: Recovery, unattended: Unattended):
        super().__init__(page)
        self._page = page
        self._documents = documents
        self._recovery = recovery
        self._unattended = unattended
        page.left_chosen.connect(self._recover)
        page.left_given_up.connect(self._forget)
        page.run_chosen.connect(self._open)
        unattended.found.connect(page.show_runs)

    def show(self) -> None:
        """Looks, and shows what there is."""
        self._page.show_left(self._recovery.left())
        self._unattended.search()

    def _recover(self, left: Left) -> None:
        try:
            document = self._recovery.take(left)
        except ArchloomError as error:
            title = QCoreApplication.translate("Offers", "“{0}” cannot be brought back")
            self._documents.complain(title.format(left.title), error)
            return
        self._documents.recover(document, left.path)
        self._forget(left)

    def _forget(self, left: Left) -> None:
        self._recovery.forget(left)
        self.show()

    def _open(self, gone: Gone) -> None:
        """Opens the document of a run, which brings back the run itself, or says what became of it."""
        path, is_own = gone.document
        if is_own:
            self._documents.open_path(path)
        else:
            self._documents.restore(path)

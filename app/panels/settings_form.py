"""A section of the document's settings as a form; the training panel and the overview of the document are made of these."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.session import Session
from app.widgets.form import Form
from app.widgets.text import label_text
from graph_engine.errors import ArchloomError
from graph_engine.graph.changes import Change
from graph_engine.graph.commands import SetSettings
from graph_engine.settings.schema import SECTIONS

_DATASET = "dataset."


class SettingsForm(QWidget):
    """Edits one section; every edit is a step that can be undone.

    Signals:
        failed: an edit was refused; one sentence.
    """

    failed = Signal(str)

    def __init__(self, session: Session, section: str, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self._section = section
        self.form = Form(SECTIONS[section], label_text)
        self.form.edited.connect(self._edit)
        self.form.again_wanted.connect(lambda _: session.wanted.emit("look again", "", None))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.form)
        session.changed.connect(self._on_changed)
        session.replaced.connect(self._show)
        self._show()

    def _on_changed(self, changes: tuple[Change, ...]) -> None:
        if any(c.kind == "settings" for c in changes):
            self._show()

    def _is_looked_at(self, name: str, value: object) -> bool:
        """Whether a value says where data is, so that what lies there is looked at first."""
        if not name.startswith(_DATASET):
            return False
        chosen = self._session.graph.settings.data["dataset"]
        where = {**chosen.params, name.removeprefix(_DATASET): value}
        return name.removeprefix(_DATASET) in chosen.option.looked_at and bool(where["path"])

    def _show(self) -> None:
        self.form.show_values(getattr(self._session.graph.settings, self._section))

    def _edit(self, name: str, value: object, gesture: object) -> None:
        part = f"{self._section}.{name}"
        if self._is_looked_at(name, value):
            self._session.wanted.emit("look", "", {name.removeprefix(_DATASET): value})
            return
        try:
            self._session.execute(SetSettings(self._session.graph.settings.replaced(part, value), part), gesture)
        except ArchloomError as error:
            self.failed.emit(str(error))

"""A section of the document's settings as a form; the training panel and the overview of the document are made of these."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.session import Session
from app.widgets.form import Form
from app.widgets.layouts import clear
from app.widgets.text import label_text
from graph_engine.errors import ArchloomError
from graph_engine.graph.changes import Change
from graph_engine.graph.commands import SetSettings
from graph_engine.settings.losses import FACTOR, LossOption, target_losses
from graph_engine.settings.metrics import measured, offered
from graph_engine.settings.option import Selected
from graph_engine.settings.schema import SECTIONS, Settings
from graph_engine.spec.params import NamesParam

_LOSS = next(param for param in SECTIONS["training"] if param.name == "loss")
_EACH = "losses."
"""What the names of rows for the loss of one of several targets begin with."""
_DATASET = "dataset."


class SettingsForm(QWidget):
    """Edits one section; every edit is a step that can be undone. Where the data has several targets, each has a loss of its own.

    Signals:
        failed: an edit was refused; one sentence.
    """

    failed = Signal(str)

    def __init__(self, session: Session, section: str, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self._section = section
        self._targets: tuple[str, ...] = ()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self.form = self._made()
        session.changed.connect(self._on_changed)
        session.replaced.connect(self._show)
        self._show()

    def _made(self) -> Form:
        """A new form, in place of the one before."""
        clear(self._layout)
        losses = [replace(_LOSS, name=f"{_EACH}{target}") for target in self._targets]
        params = [one for param in SECTIONS[self._section] for one in (losses if losses and param is _LOSS else [param])]
        form = Form(params, self._title)
        form.edited.connect(self._edit)
        form.again_wanted.connect(lambda _: self._session.wanted.emit("look again", "", None))
        self._layout.addWidget(form)
        return form

    def _title(self, name: str) -> str:
        return self.tr("Loss of {0}").format(name.removeprefix(_EACH)) if name.startswith(_EACH) else label_text(name)

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

    def values(self) -> dict[str, Any]:
        """What the document has for each row, by its name."""
        settings = self._session.graph.settings
        values = dict(getattr(settings, self._section))
        if self._section == "training":
            fields = settings.data["dataset"].option.targets
            values |= {f"{_EACH}{field.name}": _unfolded(loss) for field, loss in zip(fields, target_losses(values, fields), strict=True)}
        return values

    def _show(self) -> None:
        settings = self._session.graph.settings
        if self._section == "training":
            fields = settings.data["dataset"].option.targets
            names = tuple(field.name for field in fields) if len(fields) > 1 else ()
            if names != self._targets:
                self._targets = names
                self.form = self._made()
            self._offer(settings)
        self.form.show_values(self.values())

    def _offer(self, settings: Settings) -> None:
        """Has the editors of names offer what there is for this data."""
        chosen = settings.data["dataset"]
        sized = chosen.option.sized(chosen.params)
        there = {"metrics": offered(settings.training, sized), "best_by": tuple(measured(settings.training, sized))}
        for name, options in there.items():
            editor = self.form.rows[name].editor
            assert isinstance(editor.param, NamesParam)
            editor.param = replace(editor.param, options=options)

    def _edit(self, name: str, value: object, gesture: object) -> None:
        part = f"{self._section}.{name}"
        if self._is_looked_at(name, value):
            self._session.wanted.emit("look", "", {name.removeprefix(_DATASET): value})
            return
        settings = self._session.graph.settings
        try:
            if name.startswith(_EACH):
                changed = settings.replaced(*self._loss_of(name.removeprefix(_EACH), value))
            else:
                changed = settings.replaced(part, value)
            self._session.execute(SetSettings(changed, part), gesture)
        except ArchloomError as error:
            self.failed.emit(str(error))

    def _loss_of(self, name: str, value: object) -> tuple[str, object]:
        """The setting of the loss of a target, and its new value: another loss, or the same with another value of a parameter."""
        target, _, param = name.partition(".")
        part = f"{self._section}.{_EACH}{target}"
        if not param:
            return part, value
        settings = self._session.graph.settings
        fields = settings.data["dataset"].option.targets
        present = next(loss for field, loss in zip(fields, target_losses(settings.training, fields), strict=True) if field.name == target)
        return part, {"name": present.id, **present.params, param: value}


def _unfolded(loss: Selected[LossOption]) -> Selected[LossOption]:
    """A loss beside others, whose factor is not folded away."""
    params = tuple(replace(param, advanced=False) if param is FACTOR else param for param in loss.option.params)
    return Selected(replace(loss.option, params=params), loss.params)

"""Editors of what is seldom typed: a file or folder, and names among those that there are. Each has a button beside its line of text."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QFileDialog, QMenu, QToolButton, QWidget

from app.theme.icons import icon
from app.widgets.param_editors import LineEditor, TextEditor, value_text
from graph_engine.errors import ParamError
from graph_engine.spec.params import FileParam, NamesParam, Param


class FileEditor(LineEditor):
    """A path. It is offered when it is complete, not with every letter, because what lies there is looked at then."""

    def __init__(self, param: Param, parent: QWidget | None = None):
        super().__init__(param, parent)
        self.menu = QMenu(self)
        self._file = self.menu.addAction(icon("file"), self.tr("File…"), self.ask_file)
        self._file.setVisible(bool(cast(FileParam, param).suffixes))
        self.menu.addAction(icon("folder-open"), self.tr("Folder…"), self.ask_folder)
        self._row.addWidget(_button(self, "folder-open", self.tr("Choose a file or folder"), self.menu))

    def show_value(self, value: Any, inferred: Any = None) -> None:
        super().show_value(value, inferred)
        self.field.setPlaceholderText(self.tr("none chosen"))
        self.field.setToolTip(value_text(value) or self.param.help)

    def ask_file(self) -> None:
        """Asks for a file."""
        suffixes = " ".join(f"*{suffix}" for suffix in cast(FileParam, self.param).suffixes)
        kinds = self.tr("Data ({0});;All files (*)").format(suffixes)
        self._take(QFileDialog.getOpenFileName(self.window(), self.tr("Data"), self._start(), kinds)[0])

    def ask_folder(self) -> None:
        """Asks for a folder."""
        self._take(QFileDialog.getExistingDirectory(self.window(), self.tr("Data"), self._start()))

    def _take(self, name: str) -> None:
        if name:
            self._offer(name)
            self.left.emit()

    def _start(self) -> str:
        value = self._shown[0]
        return str(Path(value).parent if value else Path.home())

    def _on_text(self) -> None:
        self.refused.emit("")

    def _settle(self) -> None:
        if self._typed() != self._shown[0]:
            self._offer(self._typed())
        self.left.emit()


class NamesEditor(TextEditor):
    """Names, with commas between them, or ticked in a list of those that there are."""

    def __init__(self, param: Param, parent: QWidget | None = None):
        super().__init__(param, parent)
        self.menu = QMenu(self)
        self.menu.aboutToShow.connect(self._fill)
        self._row.addWidget(_button(self, "check-square", self.tr("Choose from those that there are"), self.menu))

    def show_value(self, value: Any, inferred: Any = None) -> None:
        super().show_value(value, inferred)
        self.field.setPlaceholderText(self.tr("none chosen") if self._declared.most else self.tr("as needed"))
        self.field.setToolTip(value_text(value) or self.param.help)

    def read(self, text: str) -> Any:
        if text in self._declared.options:
            return (text,)
        return tuple(part for name in text.split(",") if (part := name.strip()))

    @property
    def _declared(self) -> NamesParam:
        return cast(NamesParam, self.param)

    def _typed(self) -> Any:
        return self.read(self.field.text().strip())

    def _offer(self, value: Any) -> None:
        unknown = next((name for name in value if self._declared.options and name not in self._declared.options), None)
        if unknown is None:
            super()._offer(value)
        else:
            self.refused.emit(str(ParamError(self.tr("There is nothing called {0} to choose.").format(unknown))))

    def _fill(self) -> None:
        self.menu.clear()
        chosen = self._shown[0] or ()
        for name in self._declared.options:
            action = self.menu.addAction(name.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(name in chosen)
            action.triggered.connect(lambda ticked, name=name: self._tick(name, ticked))
        if not self._declared.options:
            self.menu.addAction(self.tr("Nothing is known yet: choose the data first")).setEnabled(False)

    def _tick(self, name: str, ticked: bool) -> None:
        if self._declared.most == 1:
            names: tuple[str, ...] = (name,) if ticked else ()
        else:
            before = set(self._shown[0] or ())
            names = tuple(one for one in self._declared.options if (ticked if one == name else one in before))
        self.field.clearFocus()
        self._offer(names)
        self.left.emit()


def _button(parent: QWidget, picture: str, tip: str, menu: QMenu) -> QToolButton:
    button = QToolButton(parent)
    button.setIcon(icon(picture, "text_muted"))
    button.setIconSize(QSize(14, 14))
    button.setAutoRaise(True)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setMenu(menu)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    return button

"""Icons: one family (Phosphor), drawn from its font at any size in the colours of the theme that is in force while they are painted."""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QIconEngine, QPainter, QPalette, QPixmap


def icon(name: str, colour: str | None = None) -> QIcon:
    """The icon of that name.

    Args:
        name: Phosphor's name: ``play``, ``play-fill``.
        colour: ``#rrggbb`` or the name of a colour of the theme (``accent``); without it, that of button text. All but
            ``#rrggbb`` follow the theme when it changes.

    Raises:
        KeyError: there is no such icon.
    """
    return QIcon(ThemedEngine(glyph(name), colour))


def glyph(name: str) -> str:
    """The character that draws an icon in the icon font.

    Raises:
        KeyError: there is no such icon.
    """
    return _font().characters[name]


def icon_font(size: int) -> QFont:
    """The icon font, for icons of ``size`` pixels."""
    font = QFont(_font().family)
    font.setPixelSize(size)
    return font


class ThemedEngine(QIconEngine):
    """Paints one glyph; asks for its colour each time, so that a change of theme needs no new icons."""

    def __init__(self, character: str, colour: str | None):
        super().__init__()
        self.character = character
        self.colour = colour

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        painter.save()
        painter.setFont(icon_font(rect.height()))
        painter.setPen(self._colour_in(mode))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self.character)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        if pixmap.isNull():  # a button that is squeezed to nothing while a window lays its parts out
            return pixmap
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        return ThemedEngine(self.character, self.colour)

    def _colour_in(self, mode: QIcon.Mode) -> QColor:
        palette = QGuiApplication.palette()
        if mode == QIcon.Mode.Disabled:
            return palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText)
        if self.colour is None:
            return palette.color(QPalette.ColorGroup.Active, QPalette.ColorRole.ButtonText)
        if self.colour.startswith("#"):
            return QColor(self.colour)
        from app.theme.style import current

        return QColor(getattr(current(), self.colour))


class IconFont(NamedTuple):
    """A font of icons.

    Attributes:
        family: its name in Qt's font database.
        characters: the character that draws each icon, by name.
    """

    family: str
    characters: dict[str, str]


@cache
def _font() -> IconFont:
    # qtawesome's files without its code: importing that takes as long as all of Qt
    package = find_spec("qtawesome")
    assert package is not None and package.submodule_search_locations is not None
    folder = Path(package.submodule_search_locations[0]) / "fonts"
    [font], [table] = folder.glob("phosphor-[0-9]*.ttf"), folder.glob("phosphor-charmap-*.json")
    number = QFontDatabase.addApplicationFont(str(font))
    codes = json.loads(table.read_text(encoding="utf-8"))
    return IconFont(QFontDatabase.applicationFontFamilies(number)[0], {name: chr(int(code, 16)) for name, code in codes.items()})

"""Icons: one family (Phosphor), drawn from its font at any size in the colours of the theme that is in force while they are painted."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from qtawesome.iconic_font import IconicFont


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
    return _font().charmap["ph"][name]


def icon_font(size: int) -> QFont:
    """The icon font, for icons of ``size`` pixels."""
    return _font().font("ph", size)


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


@cache
def _font() -> IconicFont:
    # qtawesome's own `icon` loads all of its eleven fonts: ten more than are shown
    from qtawesome import _BUNDLED_FONTS

    return IconicFont(*(font for font in _BUNDLED_FONTS if font[0] == "ph"))

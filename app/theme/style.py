"""Puts a theme into force: fonts, Fusion with a palette, one style sheet; and follows the system between light and dark."""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files
from typing import Literal

from PySide6.QtCore import QByteArray, QDir, QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from app.theme.sheet import style_sheet
from app.theme.tokens import DARK, FAMILY, LIGHT, MONO, TYPE, Theme, blend

Mode = Literal["system", "light", "dark"]

_PROPERTY = "archloomTheme"


def current() -> Theme:
    """The theme in force; the light one while none has been applied."""
    app = QApplication.instance()
    theme = app.property(_PROPERTY) if app is not None else None
    return theme if isinstance(theme, Theme) else LIGHT


def apply(app: QApplication, theme: Theme) -> None:
    """Gives all windows of ``app`` the look of ``theme``."""
    load_fonts()
    app.setProperty(_PROPERTY, theme)
    if app.style().name().lower() != "fusion":
        app.setStyle(QStyleFactory.create("Fusion"))
    app.setFont(sans())
    app.setPalette(palette(theme))
    app.setStyleSheet(style_sheet(theme))


def sans(size: int = TYPE.body, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The font of all text but code and figures.

    Args:
        size: in pixels.
        weight: ``Normal``, ``Medium`` and ``DemiBold`` are bundled.
    """
    return _font(FAMILY, size, weight)


def mono(size: int = TYPE.body, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The font of code, shapes and figures; arguments as of `sans`."""
    font = _font(MONO, size, weight)
    font.setStyleHint(QFont.StyleHint.Monospace)
    return font


def _font(family: str, size: int, weight: QFont.Weight) -> QFont:
    load_fonts()
    font = QFont(family)
    font.setPixelSize(size)
    font.setWeight(weight)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


@cache
def load_fonts() -> None:
    """Makes the bundled fonts and the style sheet's pictures known to Qt."""
    assets = files("assets")
    for resource in (assets / "fonts").iterdir():
        if resource.name.endswith((".otf", ".ttf")) and QFontDatabase.addApplicationFontFromData(QByteArray(resource.read_bytes())) < 0:
            raise RuntimeError(f"Qt cannot read the bundled font {resource.name}")
    with as_file(assets / "icons") as folder:  # a real folder: the package is installed unpacked
        QDir.addSearchPath("theme", str(folder))


def palette(theme: Theme) -> QPalette:
    """The theme as Qt's own widgets know colours."""
    role = QPalette.ColorRole
    colours = {
        role.Window: theme.window,
        role.WindowText: theme.text,
        role.Base: theme.surface,
        role.AlternateBase: blend(theme.surface_sunken, theme.surface, 0.5),
        role.Text: theme.text,
        role.PlaceholderText: theme.text_faint,
        role.Button: theme.surface,
        role.ButtonText: theme.text_muted,
        role.BrightText: theme.error,
        role.ToolTipBase: theme.surface_raised,
        role.ToolTipText: theme.text,
        role.Highlight: theme.selection,
        role.HighlightedText: theme.text,
        role.Accent: theme.accent,
        role.Link: theme.accent,
        role.LinkVisited: theme.accent,
        role.Light: theme.surface_raised,
        role.Midlight: theme.surface_sunken,
        role.Mid: theme.border,
        role.Dark: theme.border_strong,
        role.Shadow: theme.border,
    }
    made = QPalette()
    for which, colour in colours.items():
        made.setColor(which, QColor(colour))
    faded = QColor(blend(theme.text_muted, theme.surface, 0.5))
    for which in (role.Text, role.WindowText, role.ButtonText, role.HighlightedText):
        made.setColor(QPalette.ColorGroup.Disabled, which, faded)
    return made


class ThemeManager(QObject):
    """Keeps the application in the theme that the system or the user wants.

    Signals:
        changed: another `Theme` is in force now.
    """

    changed = Signal(object)

    def __init__(self, app: QApplication, mode: Mode = "system"):
        super().__init__(app)
        self._app = app
        self._mode = mode
        self._theme = self._wanted()
        apply(app, self._theme)
        app.styleHints().colorSchemeChanged.connect(self._update)

    @property
    def theme(self) -> Theme:
        """The theme in force."""
        return self._theme

    @property
    def mode(self) -> Mode:
        """What was asked for: ``system``, ``light`` or ``dark``."""
        return self._mode

    def set_mode(self, mode: Mode) -> None:
        """Follows the system, or stays light or dark."""
        self._mode = mode
        self._update()

    def _update(self) -> None:
        theme = self._wanted()
        if theme is not self._theme:
            self._theme = theme
            apply(self._app, theme)
            self.changed.emit(theme)

    def _wanted(self) -> Theme:
        if self._mode == "system":
            return DARK if self._app.styleHints().colorScheme() == Qt.ColorScheme.Dark else LIGHT
        return DARK if self._mode == "dark" else LIGHT

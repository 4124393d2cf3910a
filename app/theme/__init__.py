"""Colours, sizes, fonts, icons and the style sheet: everything that decides how the program looks."""

from app.theme.icons import icon
from app.theme.style import ThemeManager, apply, current, mono, sans
from app.theme.tokens import DARK, FAMILY, LIGHT, MONO, RADIUS, SPACE, TYPE, Theme, blend, category_icon

__all__ = [
    "DARK",
    "FAMILY",
    "LIGHT",
    "MONO",
    "RADIUS",
    "SPACE",
    "TYPE",
    "Theme",
    "ThemeManager",
    "apply",
    "blend",
    "category_icon",
    "current",
    "icon",
    "mono",
    "sans",
]

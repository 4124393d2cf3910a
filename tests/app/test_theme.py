"""The design language holds what it promises: contrast in both themes, one colour per category, fonts and icons that exist."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
from PySide6.QtGui import QColor, QFontInfo
from PySide6.QtWidgets import QApplication, QPushButton

from app.theme import DARK, LIGHT, Theme, ThemeManager, apply, current, icon, mono, sans
from app.theme.sheet import style_sheet
from app.theme.tokens import CATEGORY_ICONS, MONO, blend, contrast
from graph_engine.blocks import registry

THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda t: t.name)
SURFACES = ("window", "surface", "surface_raised", "surface_sunken", "canvas")


@pytest.fixture(autouse=True)
def light_again(qapp: QApplication):
    yield
    apply(qapp, LIGHT)


def test_contrast_of_known_pairs() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@THEMES
@pytest.mark.parametrize("text", ["text", "text_muted", "text_faint", "accent", "error", "warning", "info", "success"])
def test_text_is_readable(theme: Theme, text: str) -> None:
    for surface in SURFACES:
        assert contrast(getattr(theme, text), getattr(theme, surface)) >= 4.5, surface


@THEMES
def test_text_is_readable_on_tints(theme: Theme) -> None:
    for tint in ("accent_soft", "selection", "error_soft", "warning_soft", "info_soft", "success_soft"):
        assert contrast(theme.text, getattr(theme, tint)) >= 4.5
    for name in ("error", "warning", "info", "success"):
        assert contrast(getattr(theme, name), getattr(theme, name + "_soft")) >= 4.5
    assert contrast(theme.accent_text, theme.accent) >= 4.5
    assert contrast(theme.accent_text, theme.accent_hover) >= 4.5


@THEMES
def test_categories_are_readable(theme: Theme) -> None:
    for category, colour in theme.category.items():
        header = blend(colour, theme.surface, 0.12)
        assert contrast(theme.text, header) >= 4.5, category
        assert contrast(theme.text_muted, header) >= 4.5, category
        assert contrast(colour, header) >= 3, category
        assert contrast(colour, theme.surface) >= 4.5, category


@THEMES
def test_graphics_stand_out(theme: Theme) -> None:
    for name in ("edge", "accent", "error", "warning", "success", "info", "focus"):
        assert contrast(getattr(theme, name), theme.canvas) >= 3, name
    assert contrast(theme.border_strong, theme.surface) >= 3
    for colour in theme.series:
        assert contrast(colour, theme.surface) >= 3
    for colour in theme.code.values():
        assert contrast(colour, theme.surface) >= 4.5


@THEMES
def test_every_category_of_the_palette_has_its_colour_and_icon(theme: Theme, qapp: QApplication) -> None:
    for spec in registry():
        assert spec.category in theme.category, f"{spec.category} has no colour of its own"
        assert spec.category in CATEGORY_ICONS
    for name in CATEGORY_ICONS.values():
        icon(name)


def test_an_unknown_category_always_gets_the_same_colour() -> None:
    assert LIGHT.category["My blocks"] == LIGHT.category["My blocks"]
    assert LIGHT.category["My blocks"] in LIGHT.category.values()
    assert "My blocks" not in LIGHT.category


@THEMES
def test_pictures_of_the_style_sheet_exist(theme: Theme) -> None:
    names = set(re.findall(r"url\(theme:([^)]+)\)", style_sheet(theme)))
    assert names
    for name in names:
        assert (files("assets") / "icons" / name).is_file(), name


def test_bundled_fonts_are_used(qapp: QApplication) -> None:
    apply(qapp, LIGHT)
    assert QFontInfo(sans()).family() == "Inter"
    assert QFontInfo(mono()).family() == MONO
    assert QFontInfo(mono()).fixedPitch()


def test_an_unknown_icon_is_refused(qapp: QApplication) -> None:
    with pytest.raises(KeyError):
        icon("no-such-icon")


def test_the_manager_puts_the_wanted_theme_into_force(qapp: QApplication) -> None:
    manager = ThemeManager(qapp, "light")
    seen: list[Theme] = []
    manager.changed.connect(seen.append)
    assert current() is LIGHT
    manager.set_mode("dark")
    assert seen == [DARK]
    assert current() is DARK
    assert qapp.palette().window().color() == QColor(DARK.window)
    manager.set_mode("dark")
    assert seen == [DARK]


def test_icons_follow_the_theme(qapp: QApplication) -> None:
    apply(qapp, LIGHT)
    made = icon("play-fill", "accent")
    assert _has(made, LIGHT.accent)
    apply(qapp, DARK)
    assert _has(made, DARK.accent)
    assert _has(icon("play-fill", "#ff0000"), "#ff0000")


def test_focus_is_visible(qapp: QApplication, qtbot) -> None:
    apply(qapp, LIGHT)
    button = QPushButton("Run")
    qtbot.addWidget(button)
    button.show()
    button.activateWindow()
    button.setFocus()
    qtbot.waitUntil(button.hasFocus)
    image = button.grab().toImage()
    assert any(image.pixelColor(x, 0) == QColor(LIGHT.focus) for x in range(image.width()))


def _has(made, colour: str) -> bool:
    image = made.pixmap(32, 32).toImage()
    return any(image.pixelColor(x, y) == QColor(colour) for x in range(32) for y in range(32))

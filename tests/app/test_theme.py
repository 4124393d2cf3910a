"""The design language holds what it promises: contrast in both themes, one colour per category, fonts and icons that exist."""

from __future__ import annotations

import re
from importlib.resources import files
from itertools import combinations
from typing import get_args

import pytest
from PySide6.QtGui import QColor, QFontInfo
from PySide6.QtWidgets import QApplication, QPushButton

from app.canvas.annotations import HUES
from app.canvas.flow import Kind
from app.canvas.look import Look
from app.panels.problems import SEVERITY_ICONS
from app.theme import DARK, LIGHT, Theme, ThemeManager, apply, current, icon, mono, sans
from app.theme.sheet import style_sheet
from app.theme.tokens import CATEGORY_ICONS, MONO, blend, contrast
from graph_engine.blocks import registry
from tests.app.colours import VISIONS, difference

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
@pytest.mark.parametrize("vision", VISIONS)
def test_colours_that_mean_something_are_told_apart_with_every_kind_of_sight(theme: Theme, vision: str) -> None:
    for name, colours in (
        ("curves", theme.series),
        ("flow", tuple(theme.flow.values())),
        ("changes", tuple(theme.changes.values())),
        ("selection, error, edge", (theme.accent, theme.error, theme.edge)),
    ):
        for one, other in combinations(colours, 2):
            assert difference(one, other, vision) >= 20, f"{name}: {one} and {other}"


def test_vision_is_simulated_as_published() -> None:
    assert difference("#ffffff", "#000000") == pytest.approx(100, abs=0.01)
    for vision, matrix in VISIONS.items():
        assert matrix.sum(axis=1) == pytest.approx([1, 1, 1], abs=1e-5), "grey stays grey"
        assert difference("#777777", "#777777", vision) == 0
    assert difference("#c00000", "#607000", "deuteranopia") < difference("#c00000", "#607000") / 3, "red and green are much alike"


@THEMES
def test_what_is_not_told_apart_by_colour_has_a_picture_or_words_beside_it(theme: Theme, qapp: QApplication) -> None:
    assert len({name for name, _ in SEVERITY_ICONS.values()}) == len(SEVERITY_ICONS)
    look = Look(theme)
    assert look.error_badge != look.warning_badge
    assert len(set(CATEGORY_ICONS.values())) == len(CATEGORY_ICONS), "a category of blocks has an icon of its own"
    assert set(theme.flow) == set(get_args(Kind)) - {"other"}


@THEMES
def test_every_pair_of_text_and_ground_in_use_is_readable(theme: Theme, qapp: QApplication) -> None:
    tinted = [blend(theme.category[HUES[c]], theme.surface, 0.16) for c in HUES]
    header = [look_of(theme, name) for name in theme.category]
    pairs = {
        "text on notes": (theme.text, tinted),
        "names on cards": (theme.text, header),
        "labels of edges, whose ground is the canvas's": (*theme.flow.values(), [theme.canvas]),
        "rows": (theme.text, theme.text_muted, [theme.selection, theme.accent_soft, theme.surface_sunken, theme.surface_raised]),
        "pressed": (theme.text, [theme.surface_pressed]),
        "checked buttons": (theme.accent, [theme.accent_soft]),
        "notices": (theme.text, theme.text_muted, [theme.warning_soft]),
        "invalid fields": (theme.text, [theme.error_soft]),
        "dangerous buttons": (theme.error, [theme.surface, theme.error_soft]),
    }
    for name, (*texts, grounds) in pairs.items():
        for text in texts:
            for ground in grounds:
                assert contrast(text, ground) >= 4.5, f"{name}: {text} on {ground}"
    for colour in HUES:  # large and heavy: WCAG asks for 3
        hue = theme.category[HUES[colour]]
        assert contrast(hue, blend(hue, theme.canvas, 0.08)) >= 3


def look_of(theme: Theme, category: str) -> str:
    """The ground of a card's name."""
    return Look(theme).category(category).header.name()


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

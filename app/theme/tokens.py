"""The design language in numbers: named colours of both themes, one type scale, one spacing scale, radii.

Plain data without Qt, so that a colour has one name everywhere: style sheet, canvas, plots, exported pictures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from zlib import crc32


class CategoryColours(dict[str, str]):
    """Colour of each block category; one that is not listed gets, always, the same one of the listed colours."""

    def __missing__(self, category: str) -> str:
        colours = list(self.values())
        return colours[crc32(category.encode()) % len(colours)]


@dataclass(frozen=True, kw_only=True)
class Theme:
    """Named colours, each as ``#rrggbb``.

    Attributes:
        name: ``light`` or ``dark``.
        window: behind panels and docks.
        surface: panels, fields, cards.
        surface_raised: menus, tooltips, popups.
        surface_sunken: hovered rows, tracks, what lies a step below a surface.
        surface_pressed: what is held down.
        canvas, grid: the drawing area and its dots.
        border: hairlines between areas; decoration only.
        border_strong: outlines that tell where a control is (3:1 against surfaces).
        text, text_muted, text_faint: primary, secondary and tertiary text (all 4.5:1).
        accent: the one colour of action and selection.
        accent_hover, accent_soft: accent under the pointer; a tint of it behind text.
        accent_text: text on accent.
        selection: background of selected rows and text.
        edge: edges between nodes.
        error, warning, info, success: their meaning.
        error_soft, warning_soft, info_soft, success_soft: tints of these behind text.
        focus: ring around what has the keyboard.
        category: colour of each block category.
        changes: what is different from another version, by what became of it; likewise.
        flow: what flows along edges, by kind; told apart by colour-blind people.
        series: curves of plots; likewise.
        code: colours of highlighted source by kind: keyword, name, string, number, comment, operator.
    """

    name: str
    window: str
    surface: str
    surface_raised: str
    surface_sunken: str
    surface_pressed: str
    canvas: str
    grid: str
    border: str
    border_strong: str
    text: str
    text_muted: str
    text_faint: str
    accent: str
    accent_hover: str
    accent_soft: str
    accent_text: str
    selection: str
    edge: str
    error: str
    error_soft: str
    warning: str
    warning_soft: str
    info: str
    info_soft: str
    success: str
    success_soft: str
    focus: str
    category: Mapping[str, str]
    changes: Mapping[str, str]
    flow: Mapping[str, str]
    series: tuple[str, ...]
    code: Mapping[str, str]

    @property
    def dark(self) -> bool:
        """Whether light text stands on dark surfaces."""
        return self.name == "dark"


LIGHT = Theme(
    name="light",
    window="#f3f4f7",
    surface="#ffffff",
    surface_raised="#ffffff",
    surface_sunken="#eceef2",
    surface_pressed="#e0e3e9",
    canvas="#f7f8fa",
    grid="#cfd3dc",
    border="#dfe2e8",
    border_strong="#868d9b",
    text="#191d25",
    text_muted="#525967",
    text_faint="#646b7a",
    accent="#3b5bdb",
    accent_hover="#2f4bc0",
    accent_soft="#e6ebfd",
    accent_text="#ffffff",
    selection="#dbe3fc",
    edge="#868d9c",
    error="#c62828",
    error_soft="#fdecec",
    warning="#955400",
    warning_soft="#fdf1dc",
    info="#1765ad",
    info_soft="#e5f1fb",
    success="#1d7439",
    success_soft="#e4f5e9",
    focus="#3b5bdb",
    category=CategoryColours(
        {
            "Input & output": "#475569",
            "Convolution": "#2f62d0",
            "Pooling": "#0b7285",
            "Linear": "#6741d9",
            "Recurrent": "#b02a6f",
            "Attention": "#c2410c",
            "Sequence": "#a3246b",
            "Normalization": "#2b7a3d",
            "Activation": "#a15c00",
            "Regularization": "#7a6a00",
            "Embedding": "#0f766e",
            "Shape": "#5f6570",
            "Merge": "#8a3ab9",
            "Arithmetic": "#9f3a38",
            "Reduction": "#94452b",
            "Padding": "#51708a",
            "Vision": "#1971a8",
            "Group": "#33475b",
            "Custom": "#4d5d2f",
        }
    ),
    changes={"added": "#009e73", "removed": "#7a1020", "changed": "#b57a00", "moved": "#5b3fd6"},
    flow={"image": "#2457e0", "sequence": "#d00b95", "vector": "#5f1a9c", "tokens": "#06523f", "mask": "#9e5f00"},
    series=("#2f62d0", "#c2410c", "#cb76a1", "#813131", "#9485d1", "#3c9f46", "#693181", "#9b05ff"),
    code={
        "keyword": "#7c3aed",
        "name": "#1d5fb8",
        "string": "#1d7439",
        "number": "#a8440a",
        "comment": "#646b7a",
        "operator": "#525967",
    },
)

DARK = Theme(
    name="dark",
    window="#16171b",
    surface="#1e2025",
    surface_raised="#272a31",
    surface_sunken="#2a2d34",
    surface_pressed="#343842",
    canvas="#121317",
    grid="#31343d",
    border="#30333b",
    border_strong="#757c8b",
    text="#e9ebf0",
    text_muted="#adb3c0",
    text_faint="#969dab",
    accent="#86a0ff",
    accent_hover="#a0b5ff",
    accent_soft="#262e4d",
    accent_text="#0e1226",
    selection="#2d3a66",
    edge="#7d8594",
    error="#ff8080",
    error_soft="#3a2226",
    warning="#f2b24c",
    warning_soft="#382c1b",
    info="#6cb6f5",
    info_soft="#1c2f40",
    success="#63c784",
    success_soft="#1c3325",
    focus="#86a0ff",
    category=CategoryColours(
        {
            "Input & output": "#a5b1c4",
            "Convolution": "#7aa5ff",
            "Pooling": "#4cc3d9",
            "Linear": "#b197fc",
            "Recurrent": "#f58ac0",
            "Attention": "#ff9a62",
            "Sequence": "#e07fb4",
            "Normalization": "#7bd389",
            "Activation": "#f0b94f",
            "Regularization": "#d6c64a",
            "Embedding": "#4fd1c0",
            "Shape": "#b3b8c2",
            "Merge": "#d19bf0",
            "Arithmetic": "#f29490",
            "Reduction": "#e08b7f",
            "Padding": "#9db8d0",
            "Vision": "#6ec1f0",
            "Group": "#c3d0e0",
            "Custom": "#b9cf8e",
        }
    ),
    changes={"added": "#54d69a", "removed": "#e5484d", "changed": "#ffc53d", "moved": "#8fa8ff"},
    flow={"image": "#a3b4ff", "sequence": "#ff4f86", "vector": "#bc6cff", "tokens": "#8fefe5", "mask": "#f4a125"},
    series=("#7aa5ff", "#ff9a62", "#d21e66", "#edcfe1", "#c01baf", "#a938f5", "#aff312", "#db0000"),
    code={
        "keyword": "#c4a7ff",
        "name": "#86b8ff",
        "string": "#85d39a",
        "number": "#f5b07a",
        "comment": "#969dab",
        "operator": "#adb3c0",
    },
)

CATEGORY_ICONS: Mapping[str, str] = {
    "Input & output": "sign-in",
    "Convolution": "grid-four",
    "Pooling": "arrows-in-simple",
    "Linear": "line-segments",
    "Recurrent": "arrows-clockwise",
    "Attention": "crosshair-simple",
    "Sequence": "dots-three",
    "Normalization": "sliders-horizontal",
    "Activation": "trend-up",
    "Regularization": "drop-half",
    "Embedding": "table",
    "Shape": "cube",
    "Merge": "git-merge",
    "Arithmetic": "plus-minus",
    "Reduction": "funnel",
    "Padding": "frame-corners",
    "Vision": "image",
    "Group": "stack",
    "Custom": "puzzle-piece",
}
"""Icon of each block category."""


def category_icon(category: str) -> str:
    """Name of the icon of a block category."""
    return CATEGORY_ICONS.get(category, "circle")


class TypeScale(NamedTuple):
    """Text sizes in pixels."""

    small: int = 11
    body: int = 12
    large: int = 13
    title: int = 15
    display: int = 20


class Spacing(NamedTuple):
    """Distances in pixels."""

    hair: int = 2
    tight: int = 4
    near: int = 8
    base: int = 12
    wide: int = 16
    far: int = 24


class Radii(NamedTuple):
    """Corner radii in pixels."""

    small: int = 4
    field: int = 6
    card: int = 8


TYPE = TypeScale()
SPACE = Spacing()
RADIUS = Radii()

FAMILY = "Inter"
MONO = "JetBrains Mono"


def blend(over: str, under: str, share: float) -> str:
    """The colour that ``share`` (0 to 1) of ``over`` gives on ``under``."""
    channels = (round(int(over[i : i + 2], 16) * share + int(under[i : i + 2], 16) * (1 - share)) for i in (1, 3, 5))
    return "#" + "".join(f"{c:02x}" for c in channels)


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio of two colours, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue

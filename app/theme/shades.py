"""Colours for numbers, in pictures of what a network computes.

Two scales: from the least to the greatest number, and from negative over 0 to positive. Both run along straight lines of lightness in
OKLab (Björn Ottosson, 2020), where equal steps look equal; so they read the same to colour-blind people, who see the lightness, and in
grey. The scale with two sides goes from blue to orange, which all kinds of colour blindness tell apart, over the surface of the theme.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np

from app.theme.tokens import Theme

Lab = tuple[float, float, float]
"""Lightness from 0 to 1, and the two axes of colour."""

_RISING: tuple[Lab, ...] = ((0.21, 0.03, -0.09), (0.44, -0.03, -0.10), (0.67, -0.11, 0.01), (0.94, -0.05, 0.16))
_BLUE, _ORANGE = (-0.06, -0.13), (0.08, 0.11)
_STRONG_LIGHT, _STRONG_DARK = 0.52, 0.80


def shades(theme: Theme, signed: bool) -> np.ndarray:
    """The colours of the shades 0 to 255 as 0xffRRGGBB: numbers up to 254, what is no finite number at 255.

    Args:
        theme: whose surface is 0 where there are two sides.
        signed: whether shade 127 stands for 0.
    """
    return _table(signed, theme.dark, theme.error)


@cache
def _table(signed: bool, dark: bool, broken: str) -> np.ndarray:
    if signed:
        strong, middle = (_STRONG_DARK, 0.24) if dark else (_STRONG_LIGHT, 0.975)
        stops: tuple[Lab, ...] = ((strong, *_BLUE), (middle, 0.0, 0.0), (strong, *_ORANGE))
    else:
        stops = _RISING
    table = np.zeros(256, np.uint32)
    table[:255] = _packed(_line(stops, 255))
    table[255] = 0xFF000000 | int(broken.lstrip("#"), 16)
    return table


def lightness(colours: np.ndarray) -> np.ndarray:
    """The OKLab lightness of packed colours."""
    parts = np.stack([(colours >> shift) & 0xFF for shift in (16, 8, 0)], axis=1) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    cones = np.cbrt(linear @ _TO_CONES.T)
    return cones @ np.array([0.2104542553, 0.7936177850, -0.0040720468])


_TO_CONES = np.array(
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]]
)
_FROM_CONES = np.linalg.inv(_TO_CONES)


def _line(stops: tuple[Lab, ...], count: int) -> np.ndarray:
    """Points at equal steps of lightness along lines between colours."""
    lengths = [abs(b[0] - a[0]) for a, b in pairwise(stops)]
    places = np.concatenate([[0.0], np.cumsum(lengths)]) / sum(lengths)
    at = np.linspace(0.0, 1.0, count)
    return np.stack([np.interp(at, places, [stop[axis] for stop in stops]) for axis in range(3)], axis=1)


def _packed(lab: np.ndarray) -> np.ndarray:
    light, a, b = lab.T
    cones = np.stack(
        [
            light + 0.3963377774 * a + 0.2158037573 * b,
            light - 0.1055613458 * a - 0.0638541728 * b,
            light - 0.0894841775 * a - 1.2914855480 * b,
        ],
        axis=1,
    )
    linear = np.clip((cones**3) @ _FROM_CONES.T, 0.0, 1.0)
    parts = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    red, green, blue = np.round(parts * 255).astype(np.uint32).T
    return 0xFF000000 | (red << 16) | (green << 8) | blue

"""Draws what a node gives for a sample: small on the canvas, large in the inspector, by one hand."""

from __future__ import annotations

import base64
import math
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen

from app.theme import Theme, mono, sans
from app.theme.shades import shades
from graph_engine.training.live.value import BROKEN, TOP, NodeValue

GAP = 2.0
_NO_PEN = Qt.PenStyle.NoPen


class Shown(NamedTuple):
    """What is shown of a node: a value, or why there is none."""

    value: NodeValue | None
    problem: str = ""


def paint_value(painter: QPainter, value: NodeValue, room: QRectF, theme: Theme, large: bool = False) -> None:
    """Paints a value into a rectangle; ``large`` where there is room for lines of text and names."""
    painter.save()
    painter.setClipRect(room)
    if value.kind in ("text", "scores", "number"):
        {"text": _paint_text, "scores": _paint_scores, "number": _paint_number}[value.kind](painter, value, room, theme, large)
    elif value.kind == "bars":
        _paint_bars(painter, value, room, theme)
    else:
        _paint_planes(painter, value, room, theme, large)
    painter.restore()


def height_for(value: NodeValue, width: float) -> float:
    """The height that a value is shown large in."""
    if value.kind == "number":
        return 28
    if value.kind == "text":
        lines = math.ceil(len(value.text) * 7.2 / width) + (1 if value.labels else 0) * math.ceil(len("".join(value.labels)) * 7.2 / width)
        return min(160, 18 * max(1, lines) + 8)
    if value.kind == "scores":
        return 22 * len(value.labels)
    if value.kind == "bars":
        return 96
    if value.kind == "strip":
        return min(200.0, max(24.0, width * value.rows / max(1, value.columns)))
    if value.kind == "picture" or value.tiles == 1:
        return min(220.0, width * value.rows / max(1, value.columns))
    across = _across(value.tiles, value.rows, value.columns)
    side = (width - GAP * (across - 1)) / across
    down = math.ceil(value.tiles / across)
    return down * side * value.rows / max(1, value.columns) + GAP * (down - 1)


def facts(value: NodeValue) -> list[tuple[str, str]]:
    """What is known of a value, as names and figures."""
    rows = [(_tr("Shape"), f"{' × '.join(map(str, value.shape)) or _tr('a number')}  {value.dtype}")]
    if value.dtype != "int64" or value.kind != "text":
        rows += [(_tr("Range"), _tr("{0} to {1}").format(figure(value.least), figure(value.most)))]
        rows += [(_tr("Mean, spread"), f"{figure(value.mean)}, {figure(value.std)}"), (_tr("Zeros"), f"{value.zeros:.0%}")]
    if value.nans or value.infinities:
        rows.append((_tr("Not finite"), _tr("{0} NaN, {1} infinite").format(value.nans, value.infinities)))
    return rows


def figure(number: float) -> str:
    """A number in a few digits."""
    return f"{number:.3g}".replace("-", "−").replace("e+0", "e").replace("e−0", "e−")


def _tr(text: str) -> str:
    return QCoreApplication.translate("pictures", text)


def planes_of(value: NodeValue) -> np.ndarray:
    """The shades of a value: (planes, rows, columns)."""
    return np.frombuffer(base64.b64decode(value.shades), np.uint8).reshape(value.tiles, value.rows, value.columns)


def _image(shown: np.ndarray, table: np.ndarray) -> QImage:
    colours = np.ascontiguousarray(table[shown])
    rows, columns = shown.shape
    return QImage(colours.data, columns, rows, 4 * columns, QImage.Format.Format_RGB32).copy()


def _paint_planes(painter: QPainter, value: NodeValue, room: QRectF, theme: Theme, large: bool) -> None:
    planes = planes_of(value)
    rows, columns = max(1, value.rows), max(1, value.columns)
    if value.kind == "picture":
        scaled = planes.astype(np.uint32) * 255 // TOP
        colours = np.ascontiguousarray(0xFF000000 | (scaled[0] << 16) | (scaled[1] << 8) | scaled[2]).astype(np.uint32)
        image = QImage(colours.data, columns, rows, 4 * columns, QImage.Format.Format_RGB32).copy()
        _draw(painter, image, _inside(room, columns / rows))
        return
    table = shades(theme, value.signed)
    if value.kind == "strip":
        _draw(painter, _image(planes[0], table), room)
        return
    if large and value.tiles > 1:
        across = _across(value.tiles, rows, columns)
        width = (room.width() - GAP * (across - 1)) / across
        height = width * rows / columns
    else:
        width = min(room.width(), room.height() * columns / rows)
        height = width * rows / columns
        across = max(1, min(value.tiles, int((room.width() + GAP + 0.5) // (width + GAP))))
        planes = planes[:across]
    left = room.left() if large and value.tiles > 1 else room.left() + (room.width() - across * width - GAP * (across - 1)) / 2
    for number, plane in enumerate(planes):
        down, right = divmod(number, across)
        top = room.top() + down * (height + GAP) + (0 if large and value.tiles > 1 else (room.height() - height) / 2)
        place = QRectF(left + right * (width + GAP), top, width, height)
        _draw(painter, _image(plane, table), place)
        if large:  # planes of zeros are as dark as what lies behind them
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(theme.border), 1))
            painter.drawRect(place)


def _across(tiles: int, rows: int, columns: int) -> int:
    """How many planes stand side by side where there is room: about a square of them."""
    return max(1, min(tiles, 8, math.ceil(math.sqrt(tiles * rows / max(1, columns)))))


def _draw(painter: QPainter, image: QImage, room: QRectF) -> None:
    """Draws a picture so that each of its pixels stays a sharp square; smaller than itself, their mean."""
    scale = painter.worldTransform().m11() * painter.device().devicePixelRatioF()
    smaller = room.width() * scale < image.width() or room.height() * scale < image.height()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smaller)
    painter.drawImage(room, image)


def _inside(room: QRectF, ratio: float) -> QRectF:
    width = min(room.width(), room.height() * ratio)
    height = width / ratio
    return QRectF(room.center().x() - width / 2, room.center().y() - height / 2, width, height)


def _paint_bars(painter: QPainter, value: NodeValue, room: QRectF, theme: Theme) -> None:
    numbers = planes_of(value)[0, 0]
    table = shades(theme, value.signed)
    zero = TOP / 2 if value.signed else (0.0 if value.low >= 0 else TOP)
    width = room.width() / len(numbers)
    gap = 1.0 if width > 3 else 0.0
    base = room.bottom() - room.height() * zero / TOP
    painter.setPen(_NO_PEN)
    if not value.signed and value.low > 0:  # the least bar would have no height
        base = room.bottom()
    for place, shade in enumerate(numbers.tolist()):
        left = room.left() + place * width
        if shade == BROKEN:
            painter.setBrush(QColor(theme.error))
            painter.drawRect(QRectF(left, room.top(), width - gap, room.height()))
            continue
        top = room.bottom() - room.height() * shade / TOP
        painter.setBrush(QColor.fromRgb(int(table[shade])) if value.signed else QColor(theme.accent))
        painter.drawRect(QRectF(QPointF(left, min(top, base - 1)), QPointF(left + width - gap, max(top, base))))
    painter.setPen(QColor(theme.border_strong))
    painter.drawLine(QPointF(room.left(), base), QPointF(room.right(), base))


def _paint_number(painter: QPainter, value: NodeValue, room: QRectF, theme: Theme, large: bool) -> None:
    broken = value.nans or value.infinities
    text = "NaN" if value.nans else "∞" if value.infinities else figure(value.mean)
    painter.setFont(mono(15 if large else 13))
    painter.setPen(QColor(theme.error if broken else theme.text))
    painter.drawText(room, Qt.AlignmentFlag.AlignCenter if not large else Qt.AlignmentFlag.AlignVCenter, text)


def _paint_text(painter: QPainter, value: NodeValue, room: QRectF, theme: Theme, large: bool) -> None:
    font = mono(12 if large else 10)
    metrics = QFontMetricsF(font)
    painter.setFont(font)
    painter.setPen(QColor(theme.text))
    if large:
        flags = Qt.TextFlag.TextWrapAnywhere | Qt.AlignmentFlag.AlignTop
        painter.drawText(room, flags, value.text)
        return
    line = metrics.height()
    most = max(1, int(room.height() / line))
    fits = max(1, int(room.width() / metrics.horizontalAdvance("0")))
    words = value.text if len(value.text) <= most * fits else value.text[: most * fits - 1] + "…"
    lines = [words[i : i + fits] for i in range(0, max(1, len(words)), fits)]
    top = room.top() + (room.height() - len(lines) * line) / 2
    for number, text in enumerate(lines):
        align = Qt.AlignmentFlag.AlignHCenter if len(lines) == 1 else Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRectF(room.left(), top + number * line, room.width(), line), align, text)


def _paint_scores(painter: QPainter, value: NodeValue, room: QRectF, theme: Theme, large: bool) -> None:
    shown = len(value.labels) if large else min(2, len(value.labels))
    height = room.height() / max(1, shown)
    font = sans(12 if large else 10)
    metrics = QFontMetricsF(font)
    names = min(room.width() * 0.45, max(metrics.horizontalAdvance(label) for label in value.labels) + 8)
    figures = QFontMetricsF(mono(10)).horizontalAdvance("100%") + 6
    greatest = max((abs(share) for share in value.shares), default=1.0)
    of = 1.0 if all(0 <= share <= 1.001 for share in value.shares) else greatest or 1.0
    for number in range(shown):
        row = QRectF(room.left(), room.top() + number * height, room.width(), height)
        label, share = value.labels[number], value.shares[number]
        right = label == value.text
        painter.setFont(font)
        painter.setPen(QColor(theme.success if right else theme.text))
        name = metrics.elidedText(label, Qt.TextElideMode.ElideRight, names - 4)
        painter.drawText(QRectF(row.left(), row.top(), names, height), Qt.AlignmentFlag.AlignVCenter, name)
        track = QRectF(row.left() + names, row.center().y() - 3, row.width() - names - figures, 6)
        painter.setPen(_NO_PEN)
        painter.setBrush(QColor(theme.surface_pressed))
        painter.drawRoundedRect(track, 3, 3)
        painter.setBrush(QColor(theme.success if right else theme.accent))
        painter.drawRoundedRect(QRectF(track.left(), track.top(), track.width() * min(1.0, abs(share) / of), 6), 3, 3)
        painter.setFont(mono(10))
        painter.setPen(QColor(theme.text_muted))
        text = f"{share:.0%}" if of == 1.0 else figure(share)
        painter.drawText(
            QRectF(track.right(), row.top(), figures, height), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text
        )

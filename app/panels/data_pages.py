"""The pages of the data panel: samples, classes, columns, and what the network receives."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QListWidget, QListWidgetItem, QTableWidget, QTableWidgetItem

from app.theme.style import current, mono
from app.theme.tokens import SPACE, TYPE
from app.widgets.text import count_text, end_text
from graph_engine import Graph
from graph_engine.data.peek import Peek
from graph_engine.settings.datasets import DatasetOption, Field
from graph_engine.settings.facts import ColumnFacts, Facts

_PICTURE = 64
_CURVE = QSize(150, 64)
_MOST_COLUMNS = 60
"""Columns of samples that are shown; the columns have a page of their own."""


def table() -> QTableWidget:
    """An empty table to read."""
    shown = QTableWidget()
    shown.setFrameShape(QTableWidget.Shape.NoFrame)
    shown.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    shown.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    shown.setShowGrid(False)
    shown.setWordWrap(False)
    shown.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    shown.setTabKeyNavigation(False)
    shown.verticalHeader().hide()
    shown.verticalHeader().setDefaultSectionSize(26)
    shown.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    shown.horizontalHeader().setHighlightSections(False)
    return shown


def gallery() -> QListWidget:
    """An empty list for pictures, curves or texts."""
    shown = QListWidget()
    shown.setFrameShape(QListWidget.Shape.NoFrame)
    shown.setResizeMode(QListWidget.ResizeMode.Adjust)
    shown.setMovement(QListWidget.Movement.Static)
    shown.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    shown.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    shown.setSpacing(SPACE.tight)
    return shown


def fill(shown: QTableWidget, head: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> None:
    """Shows rows of words below a head.

    Args:
        shown: the table.
        head: titles of the columns.
        rows: as many words each.
        numbers: places of the columns that hold figures, which stand to the right.
    """
    shown.clear()
    shown.setColumnCount(len(head))
    shown.setRowCount(len(rows))
    for column, title in enumerate(head):
        item = QTableWidgetItem(title)
        item.setTextAlignment(_side(column in numbers))
        shown.setHorizontalHeaderItem(column, item)
    for place, row in enumerate(rows):
        for column, words in enumerate(row):
            item = QTableWidgetItem(end_text(words) if len(words) < 1000 else words[:140] + "…")
            item.setToolTip(words if len(words) > 20 else "")
            if column in numbers:
                item.setFont(mono(TYPE.small))
                item.setTextAlignment(_side(True))
            shown.setItem(place, column, item)
    shown.horizontalHeader().setMaximumSectionSize(280)
    shown.resizeColumnsToContents()
    shown.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)


def _side(right: bool) -> Qt.AlignmentFlag:
    return Qt.AlignmentFlag.AlignVCenter | (Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft)


def fill_samples(pictures: QListWidget, cells: QTableWidget, samples: Sequence[Peek], facts: Facts, ratio: float) -> bool:
    """Shows samples where they fit: in the gallery, or in the table.

    Returns:
        Whether they are in the table.
    """
    pictures.clear()
    first = samples[0]
    if first.pixels is None and not first.curves and list(first.values) != ["text"]:
        labelled = bool(first.label)
        names = list(first.values)[:_MOST_COLUMNS]
        rows = [[*([one.label] if labelled else []), *(one.values[name] for name in names)] for one in samples]
        figures = {column.name for column in facts.columns if column.kind in ("number", "whole")}
        places = [place for place, name in enumerate(names, start=labelled) if name in figures]
        fill(cells, [*([_text("Class")] if labelled else []), *names], rows, places)
        return True
    icons = first.pixels is not None or bool(first.curves)
    pictures.setViewMode(QListWidget.ViewMode.IconMode if icons else QListWidget.ViewMode.ListMode)
    pictures.setWordWrap(not icons)
    pictures.setIconSize(QSize(_PICTURE, _PICTURE) if first.pixels is not None else _CURVE)
    for one in samples:
        told = one.label or ", ".join(one.values.values())
        if one.pixels is not None:
            item = QListWidgetItem(QIcon(_picture(one, ratio)), one.label)
        elif one.curves:
            item = QListWidgetItem(QIcon(_curve(one, ratio)), told)
        else:
            text = " ".join(one.values["text"][:300].split())
            item = QListWidgetItem(f"{one.label}  ·  {text}" if one.label else text)
        if icons:
            item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter)
        item.setToolTip("\n".join(f"{name}: {value[:600]}" for name, value in one.values.items()))
        pictures.addItem(item)
    return False


def _picture(sample: Peek, ratio: float) -> QPixmap:
    assert sample.pixels is not None
    height, width, _ = sample.pixels.shape
    image = QImage(sample.pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
    side = round(_PICTURE * ratio)
    how = Qt.TransformationMode.SmoothTransformation if max(width, height) > side else Qt.TransformationMode.FastTransformation
    pixmap = QPixmap.fromImage(image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, how))
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def _curve(sample: Peek, ratio: float) -> QPixmap:
    """The columns of a stretch of a series, each between its own least and greatest value."""
    theme = current()
    pixmap = QPixmap(_CURVE * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(QColor(theme.surface_sunken))
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    box = QRectF(0, 0, _CURVE.width(), _CURVE.height()).adjusted(SPACE.tight, SPACE.near, -SPACE.tight, -SPACE.near)
    for values, colour in zip(sample.curves.values(), theme.series, strict=False):
        finite = [value for value in values if math.isfinite(value)]
        low, span = min(finite, default=0.0), (max(finite, default=0.0) - min(finite, default=0.0)) or 1.0
        step = box.width() / max(1, len(values) - 1)
        line = [QPointF(box.left() + i * step, box.bottom() - (v - low) / span * box.height()) for i, v in enumerate(values) if v == v]
        painter.setPen(QPen(QColor(colour), 1.5))
        painter.drawPolyline(QPolygonF(line))
    painter.end()
    return pixmap


def fill_columns(shown: QTableWidget, facts: Facts) -> None:
    """Shows what is known of each column, or array."""
    if facts.arrays:
        head = [_text("Array"), _text("Shape"), _text("Type"), _text("Missing"), _text("Least"), _text("Greatest")]
        rows = [
            [one.name, _shape(one.shape), one.dtype, _missing(one.missing, 0), _figure(one.least), _figure(one.greatest)]
            for one in facts.arrays
        ]
        fill(shown, head, rows, range(3, 6))
        return
    head = [_text("Column"), _text("Kind"), _text("Missing"), _text("Different"), _text("Least"), _text("Greatest"), _text("Mean")]
    fill(shown, [*head, _text("Deviation")], [_column(one, facts.samples) for one in facts.columns], range(2, 8))


def _column(one: ColumnFacts, samples: int) -> list[str]:
    kinds = {
        "number": _text("numbers"),
        "whole": _text("whole numbers"),
        "word": _text("words"),
        "text": _text("texts"),
        "time": _text("points in time"),
    }
    figures = [_figure(value) for value in (one.least, one.greatest, one.mean, one.spread)]
    return [one.name, kinds[one.kind], _missing(one.missing, samples), count_text(one.distinct), *figures]


def _missing(count: int, of: int) -> str:
    if not count:
        return "–"
    return f"{count_text(count)} ({count / of:.1%})" if of else count_text(count)


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.5g}"


def _shape(shape: Sequence[int | str]) -> str:
    return " × ".join(map(str, shape)) or _text("one number")


def fill_received(shown: QTableWidget, document: Graph, option: DatasetOption) -> None:
    """Shows which tensor of a sample, after its preparation, goes to which node."""
    head = [_text("Field"), _text("Shape of a sample"), _text("Type"), _text("Holds"), _text("Goes to")]
    fill(shown, head, list(_received(document, option)))


def _received(document: Graph, option: DatasetOption) -> Iterator[list[str]]:
    inputs = [node.name for node in document if node.spec.call.kind == "input"]
    outputs = [node.name for node in document if node.spec.call.target == "output"]
    for fields, nodes, words, lacking in (
        (option.inputs, inputs, _text("{0}"), _text("no Input yet")),
        (option.targets, outputs, _text("the loss, compared with {0}"), _text("the loss; no Output yet")),
    ):
        for place, field in enumerate(fields):
            where = words.format(nodes[place]) if place < len(nodes) else lacking
            yield [field.name, _shape(field.shape), field.dtype, _holds(field), where]


def _holds(field: Field) -> str:
    if field.classes:
        return _text("one of {0} classes").format(count_text(len(field.classes)))
    if field.vocabulary:
        return _text("tokens, {0} different ones").format(count_text(field.vocabulary))
    if field.places:
        return _text("a place in {0}").format(field.marks)
    return _text("a picture") if field.has_pixels else _text("quantities")


def _text(words: str) -> str:
    return QCoreApplication.translate("DataPages", words)

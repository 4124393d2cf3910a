"""What the window opens with: templates as cards with a drawing of their network, recent files, an empty network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QDateTime, QEvent, QLocale, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent, QTransform
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app.canvas.items import curve_path
from app.preferences import Preferences
from app.recovery import Left
from app.theme.icons import icon
from app.theme.style import current
from app.theme.tokens import RADIUS, SPACE, blend
from app.unattended import Gone
from app.widgets.layouts import clear
from graph_engine import Graph
from graph_engine.templates import Template
from graph_engine.training.state import RunState

CARD_WIDTH = 272
NODE = (176.0, 72.0)
"""Width and height of a node in the drawings, in scene units."""


class GraphPicture(QWidget):
    """A small drawing of a network, from the positions of its nodes. The template is read when it is first painted."""

    def __init__(self, template: Template, parent: QWidget | None = None):
        super().__init__(parent)
        self._template = template
        self._graph: Graph | None = None
        self.setFixedHeight(116)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._graph is None:
            self._graph = self._template.open()
        theme = current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.canvas))
        frame = QPainterPath()
        frame.addRoundedRect(QRectF(self.rect()), RADIUS.card - 1, RADIUS.card - 1)
        painter.drawPath(frame)
        painter.setClipPath(frame)
        painter.setBrush(QColor(theme.grid))
        for x in range(SPACE.near, self.width(), SPACE.wide):
            for y in range(SPACE.near, self.height(), SPACE.wide):
                painter.drawEllipse(QPointF(x, y), 0.7, 0.7)
        _draw(painter, self._graph, QRectF(self.rect()).adjusted(SPACE.wide, SPACE.base, -SPACE.wide, -SPACE.base))
        painter.end()


class Card(QFrame):
    """A template to choose: drawing, title, summary.

    Signals:
        chosen: it was clicked, or entered.
    """

    chosen = Signal()

    def __init__(self, template: Template, parent: QWidget | None = None):
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setFixedWidth(CARD_WIDTH)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(template.title)
        title = QLabel(template.title)
        title.setProperty("role", "title")
        title.setWordWrap(True)
        summary = QLabel(template.summary)
        summary.setProperty("role", "muted")
        summary.setWordWrap(True)
        words = QVBoxLayout()
        words.setContentsMargins(SPACE.wide, SPACE.base, SPACE.wide, SPACE.wide)
        words.setSpacing(SPACE.tight)
        words.addWidget(title)
        words.addWidget(summary)
        words.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.setSpacing(0)
        layout.addWidget(GraphPicture(template))
        layout.addLayout(words, 1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(current().focus), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), RADIUS.card, RADIUS.card)

    def focusInEvent(self, event: QEvent) -> None:
        super().focusInEvent(event)  # type: ignore[arg-type]
        self.update()


def _offer(title: str, words: str, buttons: Sequence[QPushButton]) -> QWidget:
    """A row with what can be gone on with."""
    row = QFrame()
    row.setProperty("role", "card")
    heading = QLabel(title)
    heading.setProperty("role", "heading")
    more = QLabel(words)
    more.setProperty("role", "muted")
    more.setWordWrap(True)
    texts = QVBoxLayout()
    texts.setSpacing(0)
    texts.addWidget(heading)
    texts.addWidget(more)
    line = QHBoxLayout(row)
    line.setContentsMargins(SPACE.wide, SPACE.base, SPACE.wide, SPACE.base)
    line.setSpacing(SPACE.near)
    line.addLayout(texts, 1)
    for button in buttons:
        line.addWidget(button)
    return row


class StartPage(QScrollArea):
    """The page itself.

    Signals:
        template_chosen: a `Template`.
        file_chosen: a path.
        empty_chosen: an empty network is wanted.
        open_chosen: a file is to be asked for.
        left_chosen: unsaved work is wanted back, `Left`.
        left_given_up: it may be deleted.
        run_chosen: a run that went on without a window is to be shown, `Gone`.
    """

    template_chosen = Signal(object)
    file_chosen = Signal(object)
    empty_chosen = Signal()
    left_chosen = Signal(object)
    left_given_up = Signal(object)
    run_chosen = Signal(object)
    open_chosen = Signal()

    def __init__(self, preferences: Preferences, templates: Sequence[Template], parent: QWidget | None = None):
        super().__init__(parent)
        self._preferences = preferences
        self._columns = 0
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._content = QWidget()
        self._column = QVBoxLayout(self._content)
        self._column.setContentsMargins(0, 2 * SPACE.far, 0, 2 * SPACE.far)
        self._column.setSpacing(SPACE.wide)
        self._column.addLayout(self._head())
        self._column.addSpacing(SPACE.near)
        self._runs, self._left = QVBoxLayout(), QVBoxLayout()
        for offers in (self._runs, self._left):
            offers.setSpacing(SPACE.near)
            self._column.addLayout(offers)
        self._column.addWidget(_heading(self.tr("Begin with a template")))
        self._grid = QGridLayout()
        self._grid.setSpacing(SPACE.wide)
        self.cards = [Card(t) for t in templates]
        for card, template in zip(self.cards, templates, strict=True):
            card.chosen.connect(lambda t=template: self.template_chosen.emit(t))
        self._column.addLayout(self._grid)
        self._column.addSpacing(SPACE.near)
        self._recent_heading = _heading(self.tr("Recent"))
        self._column.addWidget(self._recent_heading)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(SPACE.hair)
        self._column.addLayout(self._recent)
        self._column.addStretch()
        holder = QWidget()
        centred = QHBoxLayout(holder)
        centred.setContentsMargins(SPACE.far, 0, SPACE.far, 0)
        centred.addStretch()
        centred.addWidget(self._content)
        centred.addStretch()
        self.setWidget(holder)
        self.setAutoFillBackground(True)
        holder.setAutoFillBackground(True)
        preferences.recent_changed.connect(self._fill_recent)
        self._fill_recent()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.viewport().width() - 2 * SPACE.far
        columns = max(1, min(4, (room + SPACE.wide) // (CARD_WIDTH + SPACE.wide)))
        if columns != self._columns:
            self._columns = columns
            self._content.setFixedWidth(columns * (CARD_WIDTH + SPACE.wide) - SPACE.wide)
            for place, card in enumerate(self.cards):
                self._grid.addWidget(card, place // columns, place % columns)

    def show_left(self, left: Sequence[Left]) -> None:
        """Offers unsaved work of windows that ended without closing."""
        clear(self._left)
        for one in left:
            self._left.addWidget(self._left_row(one))

    def show_runs(self, gone: Sequence[Gone]) -> None:
        """Offers runs that have gone on without a window."""
        clear(self._runs)
        for one in gone:
            self._runs.addWidget(self._run_row(one))

    def _left_row(self, left: Left) -> QWidget:
        where = _short(left.path.parent) if left.path is not None else self.tr("never saved")
        when = QLocale().toString(QDateTime.fromSecsSinceEpoch(int(left.when)), QLocale.FormatType.ShortFormat)
        recover = QPushButton(self.tr("Recover"))
        recover.setProperty("role", "primary")
        recover.clicked.connect(lambda: self.left_chosen.emit(left))
        discard = QPushButton(self.tr("Discard"))
        discard.clicked.connect(lambda: self.left_given_up.emit(left))
        return _offer(
            self.tr("Unsaved work: {0}").format(left.title),
            self.tr("The window ended without closing. Last edit {0}, {1}.").format(when, where),
            (discard, recover),
        )

    def _run_row(self, gone: Gone) -> QWidget:
        show = QPushButton(self.tr("Show"))
        show.setProperty("role", "primary")
        show.clicked.connect(lambda: self.run_chosen.emit(gone))
        title = self.tr("Training: {0}, run {1}") if gone.is_on else self.tr("Ended without a window: {0}, run {1}")
        return _offer(title.format(gone.record.document, gone.name), self._came_of(gone), (show,))

    def _came_of(self, gone: Gone) -> str:
        begun = QDateTime.fromString(gone.record.created, Qt.DateFormat.ISODate).toLocalTime()
        since = self.tr("Begun {0}.").format(QLocale().toString(begun, QLocale.FormatType.ShortFormat))
        if gone.is_on:
            return since
        ends = {RunState.FINISHED: self.tr("It has finished."), RunState.STOPPED: self.tr("It was stopped.")}
        return f"{since} {ends.get(gone.record.state) or gone.record.message}"

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(SPACE.near)
        words = QVBoxLayout()
        words.setSpacing(SPACE.tight)
        title = QLabel("Archloom")
        title.setProperty("role", "display")
        line = QLabel(self.tr("Draw a neural network, see at once whether it works, train it, take it away as PyTorch code."))
        line.setProperty("role", "muted")
        words.addWidget(title)
        words.addWidget(line)
        row.addLayout(words)
        row.addStretch()
        self.empty_button = QPushButton(icon("plus", "accent_text"), self.tr("Empty network"))
        self.empty_button.setProperty("role", "primary")
        self.empty_button.clicked.connect(self.empty_chosen)
        self.open_button = QPushButton(icon("folder-open"), self.tr("Open…"))
        self.open_button.clicked.connect(self.open_chosen)
        row.addWidget(self.open_button, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.empty_button, 0, Qt.AlignmentFlag.AlignVCenter)
        return row

    def _fill_recent(self) -> None:
        clear(self._recent)
        paths = self._preferences.recent
        self._recent_heading.setVisible(bool(paths))
        for path in paths[:6]:
            self._recent.addWidget(self._recent_row(path))

    def _recent_row(self, path: Path) -> QWidget:
        button = QPushButton(icon("file", "text_faint"), f"{path.stem}    {_short(path.parent)}")
        button.setProperty("role", "flat")
        button.setIconSize(QSize(14, 14))
        button.setToolTip(str(path))
        button.clicked.connect(lambda: self.file_chosen.emit(path))
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(button)
        line.addStretch()
        return row


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "heading")
    return label


def _short(folder: Path) -> str:
    home = Path.home()
    return f"~/{folder.relative_to(home)}" if folder.is_relative_to(home) and folder != home else str(folder)


def _draw(painter: QPainter, graph: Graph, area: QRectF) -> None:
    """Draws nodes as blocks in their category's colour and edges between them, as large as ``area`` allows."""
    if not len(graph):
        return
    theme = current()
    xs = [node.position[0] for node in graph]
    ys = [node.position[1] for node in graph]
    width, height = max(xs) - min(xs) + NODE[0], max(ys) - min(ys) + NODE[1]
    scale = min(area.width() / width, area.height() / height, 0.4)
    left = area.center().x() - width * scale / 2 - min(xs) * scale
    top = area.center().y() - height * scale / 2 - min(ys) * scale
    size = (NODE[0] * scale, max(5.0, NODE[1] * scale))
    boxes = {node.id: QRectF(left + node.position[0] * scale, top + node.position[1] * scale, *size) for node in graph}
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(theme.edge), 1.2))
    for edge in graph.edges.values():
        a, b = boxes[edge.source], boxes[edge.target]
        if graph.direction == "across":
            start, end = QPointF(a.right(), a.center().y()), QPointF(b.left(), b.center().y())
        else:
            start, end = QPointF(a.center().x(), a.bottom()), QPointF(b.center().x(), b.top())
        path = curve_path((start / scale).toTuple(), (end / scale).toTuple(), graph.direction)
        painter.drawPath(QTransform.fromScale(scale, scale).map(path))
    for node in graph:
        colour = theme.category[node.spec.category]
        painter.setPen(QPen(QColor(colour), 1))
        painter.setBrush(QColor(blend(colour, theme.surface, 0.3)))
        painter.drawRoundedRect(boxes[node.id], 2.5, 2.5)

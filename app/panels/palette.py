"""The palette: every known block by category, found by any word that describes it, dragged or added from the keyboard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import (
    QEvent,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QKeyEvent, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QStackedLayout,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from app.theme.icons import icon
from app.theme.style import current, sans
from app.theme.tokens import RADIUS, SPACE, TYPE, blend, category_icon
from app.widgets.empty import EmptyState
from graph_engine.graph.definition import GROUP
from graph_engine.graph.groups import block_id
from graph_engine.graph.node import GroupSpec
from graph_engine.spec.block import BlockSpec

BLOCK_MIME = "application/x-archloom-block"
"""What a dragged block carries: its id, as UTF-8."""

_SPEC = Qt.ItemDataRole.UserRole + 1
_WORDS = Qt.ItemDataRole.UserRole + 2
_CATEGORY = Qt.ItemDataRole.UserRole + 3

Index = QModelIndex | QPersistentModelIndex


class BlockModel(QStandardItemModel):
    """Categories, and their blocks below them."""

    def __init__(self, blocks: Iterable[BlockSpec], parent: QObject | None = None):
        super().__init__(parent)
        self._headings: dict[str, QStandardItem] = {}
        order = {category: place for place, category in enumerate(current().category)}
        for spec in sorted(blocks, key=lambda s: order.get(s.category, len(order))):
            self._heading(spec.category).appendRow(_item(spec, spec.id))

    def show_groups(self, groups: Sequence[GroupSpec]) -> None:
        """Shows these groups of the document above all blocks."""
        before = self._headings.pop(GROUP, None)
        if before is not None:
            self.removeRow(before.row())
        for spec in groups:
            self._heading(GROUP, row=0).appendRow(_item(spec, block_id(spec)))

    def _heading(self, category: str, row: int | None = None) -> QStandardItem:
        if category not in self._headings:
            heading = self._headings[category] = QStandardItem(category)
            heading.setData(category, _CATEGORY)
            heading.setFlags(Qt.ItemFlag.ItemIsEnabled)
            self.insertRow(self.rowCount() if row is None else row, heading)
        return self._headings[category]

    def mimeTypes(self) -> list[str]:
        return [BLOCK_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        data = QMimeData()
        data.setData(BLOCK_MIME, indexes[0].data(_SPEC).encode())
        return data


def _item(spec: BlockSpec, id: str) -> QStandardItem:
    """The row of a block; ``id`` is what is dragged."""
    item = QStandardItem(spec.title)
    item.setData(id, _SPEC)
    item.setData(spec.category, _CATEGORY)
    item.setData(" ".join((spec.title, spec.summary, spec.category, *spec.keywords)).lower(), _WORDS)
    item.setToolTip(f"<b>{spec.title}</b><br>{spec.summary}")
    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled)
    return item


class BlockFilter(QSortFilterProxyModel):
    """Keeps the blocks that every typed word describes."""

    def __init__(self, parent: QObject | None = None):
        super().__init__(parent)
        self._words: list[str] = []
        self.setRecursiveFilteringEnabled(True)

    def search(self, text: str) -> None:
        """Filters by the words of ``text``."""
        self.beginFilterChange()
        self._words = text.lower().split()
        self.endFilterChange()

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        if not parent.isValid():
            return not self._words  # with words, a category is kept by its children
        described = self.sourceModel().index(row, 0, parent).data(_WORDS)
        return all(word in described for word in self._words)


class BlockDelegate(QStyledItemDelegate):
    """A quiet heading for a category; icon in the category's colour and name for a block."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme = current()
        colour = QColor(theme.category[index.data(_CATEGORY)])
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if index.data(_SPEC) is None:
            is_open = bool(state & QStyle.StateFlag.State_Open)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawEllipse(QRectF(rect.left() + SPACE.base, rect.center().y() - 2.5, 7, 7))
            painter.setFont(sans(TYPE.small, QFont.Weight.DemiBold))
            painter.setPen(QColor(theme.text_muted))
            words = rect.adjusted(SPACE.base + 15, 0, -28, 0)
            painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, index.data())
            caret = QRect(rect.right() - 24, rect.center().y() - 5, 11, 11)
            icon("caret-down" if is_open else "caret-right", "text_faint").paint(painter, caret)
        else:
            row = QRectF(rect).adjusted(6, 1, -6, -1)
            if state & QStyle.StateFlag.State_Selected:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(theme.selection))
                painter.drawRoundedRect(row, RADIUS.field, RADIUS.field)
            elif state & QStyle.StateFlag.State_MouseOver:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(theme.surface_sunken))
                painter.drawRoundedRect(row, RADIUS.field, RADIUS.field)
            chip = QRectF(rect.left() + SPACE.base, rect.center().y() - 9, 20, 20)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(blend(colour.name(), theme.surface, 0.16)))
            painter.drawRoundedRect(chip, RADIUS.small, RADIUS.small)
            icon(category_icon(index.data(_CATEGORY)), colour.name()).paint(painter, chip.adjusted(3.5, 3.5, -3.5, -3.5).toRect())
            painter.setFont(sans())
            painter.setPen(QColor(theme.text))
            painter.drawText(rect.adjusted(SPACE.base + 28, 0, -SPACE.near, 0), Qt.AlignmentFlag.AlignVCenter, index.data())
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, 28)


class BlockTree(QTreeView):
    """The list itself.

    Signals:
        chosen: id of the block that was double-clicked, or entered.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setIndentation(0)
        self.setUniformRowHeights(True)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setMouseTracking(True)
        self.setExpandsOnDoubleClick(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegate(BlockDelegate(self))
        self.setAccessibleName(self.tr("Blocks"))
        self.clicked.connect(self._on_click)
        self.doubleClicked.connect(self.choose)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.choose(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def choose(self, index: QModelIndex) -> None:
        """Chooses the block at an index; a heading is no block."""
        block = index.data(_SPEC)
        if block is not None:
            self.chosen.emit(block)

    def _on_click(self, index: QModelIndex) -> None:
        if index.data(_SPEC) is None:
            self.setExpanded(index, not self.isExpanded(index))


class PalettePanel(QWidget):
    """A search field above the list of blocks.

    Args:
        blocks: what can be added; categories stand in the theme's order, blocks in this one.

    Signals:
        chosen: id of the block to add where there is room for it.
    """

    chosen = Signal(str)

    def __init__(self, blocks: Iterable[BlockSpec], parent: QWidget | None = None):
        super().__init__(parent)
        self._groups: tuple[GroupSpec, ...] = ()
        self._model = BlockModel(blocks, self)
        self._filter = BlockFilter(self)
        self._filter.setSourceModel(self._model)
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("Search blocks"))
        self.field.setClearButtonEnabled(True)
        self.field.addAction(icon("magnifying-glass", "text_faint"), QLineEdit.ActionPosition.LeadingPosition)
        self.field.textChanged.connect(self._search)
        self.field.installEventFilter(self)
        self.tree = BlockTree()
        self.field.returnPressed.connect(lambda: self.tree.choose(self.tree.currentIndex()))
        self.tree.setModel(self._filter)
        self.tree.expandAll()
        self.tree.chosen.connect(self.chosen)
        self._empty = EmptyState("magnifying-glass", self.tr("No such block"), self.tr("Try a torch name, or what it is for."))
        body = QWidget()
        self._stack = QStackedLayout(body)
        self._stack.addWidget(self.tree)
        self._stack.addWidget(self._empty)
        top = QVBoxLayout()
        top.setContentsMargins(SPACE.base, SPACE.near, SPACE.base, SPACE.near)
        top.addWidget(self.field)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(body)

    def show_groups(self, groups: Iterable[GroupSpec]) -> None:
        """Shows the groups of the document, which can be used like blocks."""
        found = tuple(groups)
        if found == self._groups:
            return
        self._groups = found
        self._model.show_groups(found)
        self.tree.expandAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # the list is walked with the arrow keys while the words are typed
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                self.tree.keyPressEvent(event)
                return True
            if event.key() == Qt.Key.Key_Escape and self.field.text():
                self.field.clear()
                return True
        return super().eventFilter(watched, event)

    def _search(self, text: str) -> None:
        self._filter.search(text)
        self.tree.expandAll()
        self._stack.setCurrentIndex(0 if self._filter.rowCount() else 1)
        if text:
            self.tree.setCurrentIndex(self._best(text.strip().lower()))
        else:
            self.tree.clearSelection()

    def _best(self, text: str) -> QModelIndex:
        """The block whose name fits the typed text best: equal, then beginning with it, then the first of the list."""
        found: list[tuple[int, int, QModelIndex]] = []
        for row in range(self._filter.rowCount()):
            heading = self._filter.index(row, 0)
            for child in range(self._filter.rowCount(heading)):
                index = self._filter.index(child, 0, heading)
                name = index.data().lower()
                rank = 0 if name == text else 1 if name.startswith(text) else 2 if text in name else 3
                found.append((rank, len(found), index))
        return min(found, default=(0, 0, QModelIndex()))[2]

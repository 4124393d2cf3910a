"""One search for everything: a field above a list, open where it is needed, gone when something is chosen or the keyboard leaves it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QGraphicsDropShadowEffect,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.fuzzy import score
from app.theme.icons import icon
from app.theme.style import current, sans
from app.theme.tokens import RADIUS, SPACE, TYPE, blend

WIDTH, ROW, ROWS = 340, 30, 9
_WALK = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
_CHOICE = Qt.ItemDataRole.UserRole

Index = QModelIndex | QPersistentModelIndex


class Choice(NamedTuple):
    """Something to choose.

    Attributes:
        key: what it is told by.
        text: its name.
        detail: more about it, at the right.
        words: other words to find it by, in small letters.
        icon: name of its picture, or empty.
        colour: of the picture, ``#rrggbb``; empty for that of text.
        enabled: whether it can be chosen now; else it is shown faint.
    """

    key: Hashable
    text: str
    detail: str = ""
    words: str = ""
    icon: str = ""
    colour: str = ""
    enabled: bool = True


class ChoiceModel(QAbstractListModel):
    """The choices that fit what was typed, the best first; those that fit alike keep their order."""

    def __init__(self, choices: Sequence[Choice], parent: QObject | None = None):
        super().__init__(parent)
        self._all = tuple(choices)
        self.found: list[Choice] = sorted(choices, key=lambda choice: not choice.enabled)

    def search(self, text: str) -> None:
        """Keeps what fits."""
        self.beginResetModel()
        fits = [(s, c) for c in self._all if (s := score(text, c.text, c.words)) is not None]
        self.found = [c for _, c in sorted(fits, key=lambda pair: (not pair[1].enabled, -pair[0]))]
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's signature
        return 0 if parent.isValid() else len(self.found)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        choice = self.found[index.row()]
        if role == _CHOICE:
            return choice
        if role == Qt.ItemDataRole.DisplayRole:
            return choice.text
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return choice.detail
        return None


class ChoiceDelegate(QStyledItemDelegate):
    """Picture, name, and at the right what else there is to say."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme, choice = current(), index.data(_CHOICE)
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            selected = bool(state & QStyle.StateFlag.State_Selected)
            painter.setBrush(QColor(theme.selection if selected else theme.surface_sunken))
            painter.drawRoundedRect(QRectF(rect).adjusted(6, 1, -6, -1), RADIUS.field, RADIUS.field)
        left = rect.left() + SPACE.base
        if choice.icon:
            colour = (choice.colour or theme.text_muted) if choice.enabled else theme.text_faint
            chip = QRectF(left, rect.center().y() - 9, 20, 20)
            painter.setBrush(QColor(blend(colour, theme.surface_raised, 0.16)))
            painter.drawRoundedRect(chip, RADIUS.small, RADIUS.small)
            icon(choice.icon, colour).paint(painter, chip.adjusted(3.5, 3.5, -3.5, -3.5).toRect())
            left += 28
        body, small = sans(TYPE.body, QFont.Weight.Medium), sans(TYPE.small)
        right = rect.right() - SPACE.base
        room = right - left
        needs = min(QFontMetrics(small).horizontalAdvance(choice.detail) + 2 if choice.detail else 0, room // 2)
        names = QFontMetrics(body)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(body)
        painter.setPen(QColor(theme.text if choice.enabled else theme.text_faint))
        name_room = room - (needs + SPACE.base if needs else 0)
        text = names.elidedText(choice.text, Qt.TextElideMode.ElideRight, name_room)
        painter.drawText(QRect(left, rect.top(), name_room, rect.height()), middle, text)
        if needs:
            painter.setFont(small)
            painter.setPen(QColor(theme.text_muted))
            detail = QFontMetrics(small).elidedText(choice.detail, Qt.TextElideMode.ElideRight, needs)
            painter.drawText(QRect(right - needs, rect.top(), needs, rect.height()), middle | Qt.AlignmentFlag.AlignRight, detail)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, ROW)


class SearchPopup(QFrame):
    """A search that floats above a window, worked by the keyboard alone or by the mouse.

    Args:
        window: what it floats above; the keyboard goes back to where it was in it.
        choices: what there is, in the order in which it stands while nothing is typed.
        hint: what stands in the empty field.

    Signals:
        chosen: the key of the choice.
        closed: it is gone, whether or not something was chosen.
    """

    chosen = Signal(object)
    closed = Signal()

    def __init__(self, window: QWidget, choices: Sequence[Choice], hint: str):
        super().__init__(window)
        self.setProperty("role", "popup")
        self._window = window
        self._before = QApplication.focusWidget()
        self.model = ChoiceModel(choices, self)
        self.field = QLineEdit()
        self.field.setPlaceholderText(hint)
        self.field.setAccessibleName(hint)
        self.field.addAction(icon("magnifying-glass", "text_faint"), QLineEdit.ActionPosition.LeadingPosition)
        self.field.textChanged.connect(self._search)
        self.field.installEventFilter(self)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(ChoiceDelegate(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setMouseTracking(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setUniformItemSizes(True)
        self.list.setAccessibleName(hint)
        self.list.clicked.connect(self._choose)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, SPACE.near, 1, SPACE.near)
        column.setSpacing(SPACE.near)
        inset = QVBoxLayout()
        inset.setContentsMargins(SPACE.near, 0, SPACE.near, 0)
        inset.addWidget(self.field)
        column.addLayout(inset)
        column.addWidget(self.list)
        self.nothing = QLabel(self.tr("Nothing of that name"), self)
        self.nothing.setProperty("role", "muted")
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.nothing.setFixedHeight(ROW)
        column.addWidget(self.nothing)
        self.setFixedWidth(WIDTH)
        shadow = QGraphicsDropShadowEffect(self)
        shadow.setBlurRadius(28)
        shadow.setOffset(0, 6)
        shadow.setColor(QColor(0, 0, 0, 150 if current().dark else 60))
        self.setGraphicsEffect(shadow)
        self._search("")

    def open_at(self, place: QPoint) -> None:
        """Opens with its field beside a place of the window, and takes the keyboard."""
        room = self._window.rect().adjusted(SPACE.near, SPACE.near, -SPACE.near, -SPACE.near)
        full = self.field.sizeHint().height() + 3 * SPACE.near + ROWS * ROW
        x = min(max(place.x(), room.left()), room.right() - self.width())
        self.move(x, min(max(place.y(), room.top()), room.bottom() - full))
        self.show()
        self.raise_()
        self.field.setFocus()

    def open_on_top(self) -> None:
        """Opens in the middle of the window's upper edge."""
        self.open_at(QPoint((self._window.width() - self.width()) // 2, self._window.height() // 8))

    def dismiss(self) -> None:
        """Closes; the keyboard goes back."""
        if not self.isVisible():
            return
        had_keyboard = self.field.hasFocus()
        self.hide()
        if had_keyboard and self._before is not None:
            self._before.setFocus()
        self.closed.emit()
        self.deleteLater()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field:
            if event.type() == QEvent.Type.FocusOut and not self.field.hasFocus():
                self.dismiss()
            elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
                return self._key(event)
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent) -> bool:
        key = event.key()
        if key == Qt.Key.Key_Escape:
            self.dismiss()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self.list.currentIndex())
        elif key in _WALK:
            self.list.keyPressEvent(event)
        else:
            return False
        return True

    def _search(self, text: str) -> None:
        self.model.search(text)
        found = self.model.rowCount()
        self.list.setFixedHeight(min(max(found, 1), ROWS) * ROW)
        self.list.setVisible(bool(found))
        self.nothing.setVisible(not found)
        self.adjustSize()
        self.list.setCurrentIndex(self.model.index(0))
        self.field.setProperty("invalid", not self.model.found)
        self.field.style().unpolish(self.field)
        self.field.style().polish(self.field)

    def _choose(self, index: QModelIndex) -> None:
        if not index.isValid() or not self.model.found[index.row()].enabled:
            return
        key = self.model.found[index.row()].key
        self.dismiss()
        self.chosen.emit(key)

"""The panels' places around the canvas: the first layout, its proportions, and which of them have a title bar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from PySide6.QtCore import QByteArray, QObject, Qt, QTimer
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabBar, QTabWidget, QVBoxLayout, QWidget

Area = Qt.DockWidgetArea


class Place(NamedTuple):
    """Where a panel stands first.

    Attributes:
        title: on its tab or title bar.
        content: the panel.
        area: the side of the window; panels of one side share it as tabs.
        front: of several tabs, the one that is shown.
    """

    title: str
    content: QWidget
    area: Qt.DockWidgetArea
    front: bool = False


class Docks(QObject):
    """The docks of a window.

    Attributes:
        all: the docks by name.
    """

    def __init__(self, window: QMainWindow, places: Mapping[str, Place]):
        super().__init__(window)
        self._window = window
        self.all: dict[str, QDockWidget] = {}
        window.setDockOptions(
            QMainWindow.DockOption.AllowNestedDocks | QMainWindow.DockOption.AllowTabbedDocks | QMainWindow.DockOption.GroupedDragging
        )
        window.setTabPosition(Area.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        window.setCorner(Qt.Corner.BottomLeftCorner, Area.LeftDockWidgetArea)
        window.setCorner(Qt.Corner.BottomRightCorner, Area.RightDockWidgetArea)
        self._tidy_later = QTimer(self)
        self._tidy_later.setSingleShot(True)
        self._tidy_later.timeout.connect(self._tidy)
        for name, place in places.items():
            self._add(name, place)
        for name, place in places.items():
            if place.front:
                self.all[name].raise_()
        self._first = window.saveState()
        self._tidy()

    @property
    def first(self) -> QByteArray:
        """The first layout, as `QMainWindow.saveState` has it."""
        return self._first

    def show(self, name: str) -> None:
        """Brings a panel into view."""
        self.all[name].show()
        self.all[name].raise_()

    def enable(self, enabled: bool) -> None:
        """Enables or disables all panels; the disabled ones cannot get the keyboard."""
        for dock in self.all.values():
            dock.setEnabled(enabled)

    def proportion(self) -> None:
        """Gives the panels their share of the window: the canvas gets most of it."""
        width, height = self._window.width(), self._window.height()
        left, right = min(260, max(200, width // 6)), min(380, max(316, width // 5))
        docks = self.all
        self._window.resizeDocks([docks["blocks"], docks["inspector"]], [left, right], Qt.Orientation.Horizontal)
        self._window.resizeDocks([docks["code"]], [min(340, max(180, height // 4))], Qt.Orientation.Vertical)

    def _add(self, name: str, place: Place) -> None:
        dock = QDockWidget(place.title, self._window)
        dock.setObjectName(name)
        ground = QWidget()  # a panel is a widget of our own, for which a style sheet paints no background unless asked
        ground.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = QVBoxLayout(ground)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(place.content)
        dock.setWidget(ground)
        for signal in (dock.dockLocationChanged, dock.topLevelChanged, dock.visibilityChanged):
            signal.connect(lambda *_: self._tidy_later.start())
        beside = [d for d in self.all.values() if self._window.dockWidgetArea(d) == place.area]
        if beside:
            self._window.tabifyDockWidget(beside[-1], dock)
        else:
            self._window.addDockWidget(place.area, dock)
        self.all[name] = dock

    def restore(self, layout: QByteArray) -> None:
        """Puts the panels where they were when `QMainWindow.saveState` was called."""
        self._window.restoreState(layout)
        self._tidy()

    def _tidy(self) -> None:
        """A dock among tabs needs no title bar, for its tab is one. And Qt 6 leaves tab bars behind that nothing uses any more."""
        bars = self._window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
        live = {bar.tabText(place): bar for bar in bars for place in range(bar.count())}  # of two with one tab the newer one
        for bar in bars:
            if bar not in live.values():
                bar.hide()
        for dock in self.all.values():
            tabbed = not dock.isFloating() and any(not d.isHidden() for d in self._window.tabifiedDockWidgets(dock))
            bare = dock.titleBarWidget() is not None
            if tabbed and not bare:
                dock.setTitleBarWidget(QWidget(dock))
            elif bare and not tabbed:
                dock.setTitleBarWidget(None)  # type: ignore[arg-type]

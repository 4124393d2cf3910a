"""Works a canvas as a user does: real mouse and key events."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from app.canvas.geometry import WIDTH
from app.canvas.view import CanvasView
from app.session import Session
from graph_engine import Graph

NO_KEY = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton


class Hands:
    """Works the canvas with the mouse, in the words of a user: nodes by name, ports by name."""

    def __init__(self, view: CanvasView, session: Session):
        self.view = view
        self.session = session

    @property
    def graph(self) -> Graph:
        return self.session.graph

    def id(self, name: str) -> str:
        return self.graph.named(name).id

    def body(self, name: str) -> QPoint:
        """A place on the card that is no port."""
        item = self.view.canvas.nodes[self.id(name)]
        return self.place(item.x() + WIDTH / 2, item.y() + 12)

    def port(self, name: str, port: str) -> QPoint:
        item = self.view.canvas.nodes[self.id(name)]
        place = next(p for p in item.layout.ports if p.name == port)
        return self.place(item.x() + place.x, item.y() + place.y)

    def place(self, x: float, y: float) -> QPoint:
        return self.view.mapFromScene(QPointF(x, y))

    def press(self, at: QPoint, keys: Qt.KeyboardModifier = NO_KEY, button: Qt.MouseButton = LEFT) -> None:
        QTest.mouseMove(self.view.viewport(), at)
        QTest.mousePress(self.view.viewport(), button, keys, at)

    def move(self, at: QPoint) -> None:
        QTest.mouseMove(self.view.viewport(), at)

    def release(self, at: QPoint, keys: Qt.KeyboardModifier = NO_KEY, button: Qt.MouseButton = LEFT) -> None:
        QTest.mouseRelease(self.view.viewport(), button, keys, at)

    def click(self, at: QPoint, keys: Qt.KeyboardModifier = NO_KEY) -> None:
        self.press(at, keys)
        self.release(at, keys)

    def drag(self, start: QPoint, end: QPoint, keys: Qt.KeyboardModifier = NO_KEY, button: Qt.MouseButton = LEFT) -> None:
        self.press(start, keys, button)
        self.move(start + (end - start) / 2)
        self.move(end)
        self.release(end, keys, button)

    def key(self, key: Qt.Key, keys: Qt.KeyboardModifier = NO_KEY) -> None:
        QTest.keyClick(self.view, key, keys)

    def edges(self) -> set[str]:
        names = {node.id: node.name for node in self.graph}
        return {f"{names[e.source]}.{e.source_port} > {names[e.target]}.{e.target_port}" for e in self.graph.edges.values()}

    def steps(self) -> list[str]:
        return [command.text for command in self.session.history.done]

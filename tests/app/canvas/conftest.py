"""A canvas in a window, and hands to work on it with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.canvas.view import CanvasView
from app.session import Session
from app.theme import LIGHT, apply
from graph_engine import Graph
from tests.app.canvas.hands import Hands


@pytest.fixture
def session() -> Session:
    graph = Graph("test")
    x = graph.add("Input", name="x", shape=[1, 28, 28], position=(0, 0))
    conv = graph.add("Conv2d", name="conv", out_channels=32, kernel_size=3, position=(272, 0))
    relu = graph.add("ReLU", name="relu", position=(544, 0))
    graph.add("MatMul", name="product", position=(544, 192))
    graph.add("Concat", name="concat", dim=1, position=(272, 192))
    graph.connect(x, conv)
    graph.connect(conv, relu)
    return Session(graph)


@pytest.fixture
def hands(qtbot: QtBot, qapp: QApplication, session: Session) -> Iterator[Hands]:
    apply(qapp, LIGHT)
    view = CanvasView(session, LIGHT)
    qtbot.addWidget(view)
    view.resize(1000, 600)
    view.show()
    qtbot.waitExposed(view)
    view.set_zoom(1.0)
    view.centerOn(360, 130)
    view.setFocus()
    yield Hands(view, session)

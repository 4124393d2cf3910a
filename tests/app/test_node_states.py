"""Nodes that are bypassed, muted or shown by their titles only: by keys, on the canvas near and far, in the inspector, and back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from app.actions import CONTEXT
from app.canvas.card import CardState
from app.canvas.geometry import HEADER
from app.canvas.wording import wording
from app.panels.inspector_pages import NodePage
from app.theme import DARK, LIGHT, Theme
from app.window import MainWindow
from graph_engine import Graph
from graph_engine.document.read import from_text
from graph_engine.document.write import to_text
from graph_engine.graph.forms import SetForm
from graph_engine.graph.modes import SetMode
from tests.app.canvas.hands import Hands

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


def choose(window: MainWindow, *names: str) -> list[str]:
    ids = [window.session.graph.named(n).id for n in names]
    window.canvas.setFocus()
    window.canvas.select(ids)
    return ids


def state(window: MainWindow, name: str) -> CardState:
    return window.canvas.canvas.nodes[window.session.graph.named(name).id].state()


def test_keys_bypass_and_switch_on_again(window: MainWindow) -> None:
    session, before = window.session, to_text(window.session.document)
    [relu, pool] = choose(window, "relu1", "max_pool1")
    QTest.keyClick(window.canvas, Qt.Key.Key_B, CTRL)
    assert [session.graph[id].mode for id in (relu, pool)] == ["bypassed", "bypassed"] and session.undo_text == "Bypass 2 nodes"
    assert session.checked.ok and "relu1" not in session.document.to_python()
    assert state(window, "relu1").mode == "bypassed"
    assert wording(session.graph[relu], session.checked.nodes[relu]).params == "bypassed"
    QTest.keyClick(window.canvas, Qt.Key.Key_B, CTRL)
    assert session.graph[relu].mode == "active" and session.undo_text == "Switch on 2 nodes"
    assert to_text(session.document) == before
    session.undo()
    session.undo()
    assert to_text(session.document) == before and state(window, "relu1").mode == "active"


def test_a_key_mutes_and_edges_at_the_node_are_dimmed(window: MainWindow) -> None:
    session = window.session
    [conv] = choose(window, "conv2")
    QTest.keyClick(window.canvas, Qt.Key.Key_M)
    assert session.graph[conv].mode == "muted"
    lines = [window.canvas.canvas.edges[e.id] for e in (*session.graph.incoming(conv), *session.graph.outgoing(conv))]
    assert lines and all(line.waiting for line in lines)
    [error] = [d for d in session.report.diagnostics if d.severity == "error"]
    assert error.code == "port.muted" and error.node == session.graph.named("relu2").id
    session.undo()
    assert not any(window.canvas.canvas.edges[e.id].waiting for e in session.graph.incoming(conv))


def test_some_of_a_selection_cannot_be_bypassed(window: MainWindow) -> None:
    window.canvas.setFocus()
    window.canvas.select_all()
    QTest.keyClick(window.canvas, Qt.Key.Key_B, CTRL)
    modes = {n.spec.call.kind: n.mode for n in window.session.graph}
    assert modes["input"] == modes["output"] == "active" and modes["module"] == "bypassed"
    window.session.undo()
    told: list[str] = []
    window.edits.refused.connect(told.append)
    choose(window, "output")
    QTest.keyClick(window.canvas, Qt.Key.Key_B, CTRL)
    assert told == ["output cannot be bypassed: it has nothing to pass on. Mute it instead."]


def test_the_inspector_says_so_and_leads_back(window: MainWindow) -> None:
    choose(window, "relu1")
    page = window.inspector.page
    assert isinstance(page, NodePage) and page._mode.isHidden()
    for key, modifier, word in ((Qt.Key.Key_B, CTRL, "Bypassed"), (Qt.Key.Key_M, Qt.KeyboardModifier.NoModifier, "Muted")):
        QTest.keyClick(window.canvas, key, modifier)
        assert not page._mode.isHidden() and word in page._mode.text()
    page._mode.linkActivated.emit("#")
    assert window.session.graph.named("relu1").mode == "active" and page._mode.isHidden()


def test_the_actions_are_in_the_context_menu_and_need_a_node(window: MainWindow) -> None:
    assert {"bypass", "mute", "expand"} <= set(CONTEXT)
    window.canvas.select(())
    assert not any(window.actions_[id].isEnabled() for id in ("bypass", "mute", "expand"))


def test_a_copy_is_as_its_model(window: MainWindow) -> None:
    session = window.session
    choose(window, "relu1")
    window.edits.set_mode("bypassed")
    window.edits.expand()
    window.edits.duplicate()
    [copy] = window.canvas.selected_nodes()
    assert (session.graph[copy].mode, session.graph[copy].form) == ("bypassed", "collapsed")


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("zoom", [1.0, 0.5, 0.2])
def test_near_and_far_a_node_that_does_not_compute_looks_otherwise(window: MainWindow, theme: Theme, zoom: float) -> None:
    view = window.canvas
    view.set_theme(theme)
    view.set_minimap_visible(False)
    [conv] = choose(window, "conv1")
    view.select(())

    def middle() -> QColor:
        view.set_zoom(zoom)
        item = view.canvas.nodes[conv]
        view.centerOn(item.x() + 88, item.y() + 14)
        at = view.mapFromScene(item.x() + 140, item.y() + 8)
        return view.viewport().grab().toImage().pixelColor(at)

    looks = [middle().name()]
    for mode in ("bypassed", "muted"):
        window.session.execute(_mode(conv, mode))
        looks.append(middle().name())
    assert looks[0] not in looks[1:]
    if zoom < view.canvas.near:
        assert looks[1] != looks[2]


def _mode(node: str, mode: str) -> SetMode:
    return SetMode([node], mode)  # type: ignore[arg-type]


# collapsed cards


def test_a_key_collapses_cards_to_their_titles(window: MainWindow) -> None:
    session, before = window.session, to_text(window.session.document)
    [conv, relu] = choose(window, "conv1", "relu1")
    item = window.canvas.canvas.nodes[conv]
    high = item.layout.height
    QTest.keyClick(window.canvas, Qt.Key.Key_C, ALT)
    assert item.layout.height == HEADER and session.graph[relu].form == "collapsed"
    [edge] = session.graph.incoming(relu)
    line = window.canvas.canvas.edges[edge.id]
    assert (line.curve[1], line.curve[7]) == (item.y() + HEADER / 2, window.canvas.canvas.nodes[relu].y() + HEADER / 2)
    assert from_text(to_text(session.document), Graph).nodes[conv].form == "collapsed"
    for zoom in (1.0, 0.42, 0.2):
        window.canvas.set_zoom(zoom)
        assert not window.canvas.grab().isNull()
    QTest.keyClick(window.canvas, Qt.Key.Key_C, ALT)
    assert item.layout.height == high
    session.undo()
    session.undo()
    assert to_text(session.document) == before


def test_an_edge_dropped_on_a_collapsed_card_goes_to_the_port_that_is_meant(window: MainWindow) -> None:
    session, hands = window.session, Hands(window.canvas, window.session)
    graph = session.document
    product = graph.add("MatMul", name="product", position=(272.0, 400.0))
    session.execute(SetForm({product.id: "collapsed"}))
    window.canvas.set_zoom(1.0)
    window.canvas.centerOn(300, 200)
    item = window.canvas.canvas.nodes[product.id]
    merged = hands.place(item.x(), item.y() + HEADER / 2)
    for name in ("conv1", "relu1"):
        hands.drag(hands.port(name, "output"), merged)
    names = [port.name for port in product.spec.inputs]
    assert [graph[e.source].name for port in names for e in graph.inputs(product.id, port)] == ["conv1", "relu1"]
    hands.press(hands.port("max_pool1", "output"))
    hands.move(merged)
    assert "already receives conv1" in window.canvas.bubble.text()
    hands.release(QPoint(5, 5))


def test_a_card_that_grows_pushes_down_what_lies_below_it_as_one_step(window: MainWindow) -> None:
    session, canvas = window.session, window.canvas
    graph = Graph("tall")
    a, b = graph.add("ReLU", position=(0, 0)), graph.add("Tanh", position=(272, 0))
    graph.connect(a, b)
    block = graph.group([b], "Inner")
    graph.add("Dropout", name="below", position=(272, 112))
    graph.add("Sigmoid", name="beside", position=(0, 112))
    graph.add("Tanh", name="level", position=(544, 0))
    session.new(graph)
    before = {n.name: n.position for n in graph}
    canvas.select([block.id])
    window.edits.expand()
    cards = [QRectF(*i.node.position, i.layout.width, i.layout.height) for i in canvas.canvas.nodes.values()]
    assert not any(a.intersects(b) for i, a in enumerate(cards) for b in cards[:i])
    after = {n.name: n.position for n in graph}
    assert after["below"][1] == after["beside"][1] > 112, "what lies in one row stays in one row"
    assert after["level"] == before["level"]
    window.edits.expand()
    window.edits.expand()
    assert {n.name: n.position for n in graph} == after, "there is room already"
    for _ in range(3):
        session.undo()
    assert {n.name: n.position for n in graph} == before

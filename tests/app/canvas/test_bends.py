"""Points of edges by mouse and keys: added, dragged, selected by a box, removed; the edge runs and is hit through them, near and far."""

from __future__ import annotations

import math

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.canvas.curves import along, distance_to, through
from app.window import MainWindow
from graph_engine.document.write import to_text
from graph_engine.graph.bends import Bend
from graph_engine.graph.commands import Move
from graph_engine.graph.node import Bends
from tests.app.canvas.hands import Hands

SHIFT = Qt.KeyboardModifier.ShiftModifier


def line(hands: Hands, source: str = "conv") -> str:
    return next(hands.graph.outgoing(hands.id(source))).id


def points(hands: Hands, source: str = "conv") -> Bends:
    return hands.graph.bends(line(hands, source))


def double_click(hands: Hands, at: QPoint) -> None:
    hands.click(at)
    QTest.mouseDClick(hands.view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    hands.release(at)


def bend(hands: Hands, *where: tuple[float, float], source: str = "conv") -> None:
    hands.session.execute(Bend({line(hands, source): where}, "Bend"))


def test_a_double_click_adds_a_point_and_another_removes_it(hands: Hands) -> None:
    before = to_text(hands.graph)
    x, y = hands.view.canvas.edges[line(hands)].middle()
    double_click(hands, hands.place(x, y))
    [(px, py)] = points(hands)
    assert math.hypot(px - x, py - y) < 2 and hands.steps() == ["Add point to edge"]
    assert hands.view.selected_bends() == ((line(hands), 0),)
    double_click(hands, hands.place(px, py))
    assert points(hands) == () and hands.view.selected_bends() == ()
    assert to_text(hands.graph) == before
    hands.session.undo()
    assert points(hands) == ((px, py),)
    hands.session.undo()
    assert to_text(hands.graph) == before


def test_points_keep_their_order_along_the_edge(hands: Hands) -> None:
    bend(hands, (496.0, 200.0))
    item = hands.view.canvas.edges[line(hands)]
    for part, number in ((0, 0), (2, 2)):
        at = along((item.parts[part],), 0.5)
        double_click(hands, hands.place(*at))
        near = points(hands)[number]
        assert math.hypot(near[0] - at[0], near[1] - at[1]) < 2
    assert len(points(hands)) == 3


def test_a_drag_moves_a_point_to_the_grid_as_one_step_and_esc_takes_it_back(hands: Hands) -> None:
    bend(hands, (496.0, 120.0))
    at = hands.place(496, 120)
    hands.drag(at, hands.place(486, 209))
    assert points(hands) == ((480.0, 208.0),) and hands.steps() == ["Bend", "Move point of edge"]
    hands.press(hands.place(480, 208))
    hands.move(hands.place(490, 240))
    hands.move(hands.place(500, 280))
    assert hands.view.canvas.edges[line(hands)].bends != points(hands)
    hands.key(Qt.Key.Key_Escape)
    assert hands.view.canvas.edges[line(hands)].bends == points(hands) == ((480.0, 208.0),)
    assert hands.view.canvas.drafts == []
    hands.release(hands.place(500, 280))
    assert len(hands.steps()) == 2


def test_a_point_stops_level_with_its_neighbour(hands: Hands) -> None:
    bend(hands, (480.0, 123.0), (512.0, 200.0))
    hands.drag(hands.place(512, 200), hands.place(515, 127))
    assert points(hands)[1][1] == 123.0


def test_a_double_click_that_is_held_drags_the_new_point(hands: Hands) -> None:
    x, y = hands.view.canvas.edges[line(hands)].middle()
    at = hands.place(x, y)
    hands.click(at)
    QTest.mouseDClick(hands.view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    QTest.mousePress(hands.view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    hands.move(at + QPoint(0, 60))
    hands.move(at + QPoint(0, 100))
    hands.release(at + QPoint(0, 100))
    assert points(hands)[0][1] > y + 60


def test_a_box_selects_points_which_keys_move_and_delete(window: MainWindow) -> None:
    hands = Hands(window.canvas, window.session)
    window.canvas.set_zoom(1.0)
    for name, at in (("conv1", (400.0, 2000.0)), ("relu1", (440.0, 2020.0))):
        bend(hands, at, (at[0], at[1] + 200), source=name)
    window.canvas.centerOn(420, 2020)
    window.canvas.setFocus()
    hands.drag(hands.place(380, 1970), hands.place(470, 2060))
    assert set(window.canvas.selected_bends()) == {(line(hands, "conv1"), 0), (line(hands, "relu1"), 0)}
    assert window.actions_["delete"].isEnabled()
    hands.key(Qt.Key.Key_Down)
    hands.key(Qt.Key.Key_Right, SHIFT)
    assert points(hands, "conv1") == ((464.0, 2016.0), (400.0, 2200.0)) and hands.steps()[-1] == "Move 2 points of edges"
    hands.key(Qt.Key.Key_Delete)
    assert points(hands, "conv1") == ((400.0, 2200.0),) and points(hands, "relu1") == ((440.0, 2220.0),)
    assert window.canvas.selected_bends() == ()
    for _ in range(2):
        window.session.undo()
    assert points(hands, "conv1")[0] == (400.0, 2000.0)


def test_an_action_adds_points_and_auto_layout_drops_them(window: MainWindow) -> None:
    hands = Hands(window.canvas, window.session)
    window.canvas.canvas.select((), [line(hands, "conv1")])
    window.actions_["bend"].trigger()
    assert len(points(hands, "conv1")) == 1
    window.session.execute(Bend({line(hands, "relu1"): ((0.0, 900.0),)}, "Bend"))
    conv = window.session.graph.named("conv1")
    window.session.execute(Move({conv.id: (conv.position[0], conv.position[1] + 300)}))
    window.actions_["layout"].trigger()
    assert points(hands, "conv1") == () and hands.steps()[-1] == "Auto layout"
    window.session.undo()
    assert len(points(hands, "conv1")) == 1


def test_the_edge_is_hit_where_it_runs_and_not_where_it_ran(hands: Hands) -> None:
    scene, item = hands.view.canvas, hands.view.canvas.edges[line(hands)]
    straight = item.middle()
    bend(hands, (496.0, 250.0))
    at = along(item.parts, 0.3)
    assert hands.view.hand.hit(hands.place(*at).toPointF()).edge is item
    assert hands.view.hand.hit(hands.place(*straight).toPointF()).edge is None
    assert hands.view.hand.hit(hands.place(496, 250).toPointF()).bend == 0
    assert scene.bends.selected == ()


def test_points_go_with_the_cards_at_both_ends_while_they_are_dragged(hands: Hands) -> None:
    bend(hands, (496.0, 120.0))
    item = hands.view.canvas.edges[line(hands)]
    hands.view.select([hands.id("conv"), hands.id("relu")])
    hands.press(hands.body("conv"))
    hands.move(hands.body("conv") + QPoint(20, 20))
    hands.move(hands.body("conv") + QPoint(48, 32))
    card = hands.view.canvas.nodes[hands.id("conv")]
    by = card.x() - card.node.position[0], card.y() - card.node.position[1]
    assert by != (0, 0) and item.bends == ((496.0 + by[0], 120.0 + by[1]),)
    hands.release(hands.body("conv") + QPoint(48, 32))
    assert item.bends == points(hands)


@pytest.mark.parametrize("zoom", [1.0, 0.4, 0.2])
def test_it_is_drawn_through_its_points_near_and_far(hands: Hands, zoom: float) -> None:
    view = hands.view
    view.set_minimap_visible(False)
    view.set_zoom(zoom)
    view.centerOn(500, 250)
    before = view.viewport().grab().toImage()
    bend(hands, (420.0, 330.0), (700.0, 330.0))
    x, y = along((view.canvas.edges[line(hands)].parts[1],), 0.5)
    at, after = hands.place(x, y), view.viewport().grab().toImage()
    assert any(before.pixel(at.x(), at.y() + dy) != after.pixel(at.x(), at.y() + dy) for dy in range(-2, 3))


def test_a_way_through_points_is_smooth_and_meets_them() -> None:
    bends = ((100.0, 50.0), (40.0, 120.0), (260.0, 90.0))
    parts = through((0.0, 0.0), bends, (300.0, 0.0), "across")
    for before, after, point in zip(parts, parts[1:], bends, strict=False):
        assert before[6:] == after[:2] == point
        (ax, ay), (bx, by) = (point[0] - before[4], point[1] - before[5]), (after[2] - point[0], after[3] - point[1])
        assert abs(ax * by - ay * bx) < 1e-6 and ax * bx + ay * by > 0, "a corner"
    assert parts[0][3] == 0 and parts[-1][5] == 0, "leaves and arrives level"
    assert all(distance_to(parts, *p) < 1.5 for p in bends)


def test_selected_points_go_along_with_the_cards_that_are_selected_with_them(hands: Hands) -> None:
    edge = next(e for e in hands.graph.edges.values() if e.target == hands.id("relu"))
    hands.session.execute(Bend({edge.id: ((496.0, 80.0),)}, "Bend"))
    hands.view.canvas.select([hands.id("relu")], (), (), [(edge.id, 0)])
    start = hands.body("relu")
    hands.press(start)
    hands.move(start + QPoint(40, 40))
    hands.move(start + QPoint(64, 64))
    assert hands.view.canvas.edges[edge.id].bends == ((560.0, 144.0),)
    hands.key(Qt.Key.Key_Escape)
    assert hands.view.canvas.edges[edge.id].bends == ((496.0, 80.0),)
    hands.drag(start, start + QPoint(64, 64))
    assert (hands.graph.named("relu").position, hands.graph.bends(edge.id)) == ((608.0, 64.0), ((560.0, 144.0),))
    point = hands.place(560, 144)
    hands.drag(point, point - QPoint(64, 64))
    assert (hands.graph.named("relu").position, hands.graph.bends(edge.id)) == ((544.0, 0.0), ((496.0, 80.0),))
    hands.session.undo()
    hands.session.undo()
    assert (hands.graph.named("relu").position, hands.graph.bends(edge.id)) == ((544.0, 0.0), ((496.0, 80.0),))

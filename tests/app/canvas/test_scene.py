"""The scene shows what the graph holds after any edit, undone or not, and touches nothing else."""

from __future__ import annotations

import random

import pytest
from PySide6.QtCore import QPointF, QRectF

from app.canvas.overview import ERROR, FAR, NEAR, SELECTED, WAITING, Rows
from app.canvas.scene import CanvasScene
from app.session import Session
from app.theme import DARK, LIGHT
from graph_engine import Graph
from graph_engine.blocks import registry
from graph_engine.errors import GraphError
from graph_engine.graph.commands import AddNode, Connect, Disconnect, Macro, Move, RemoveNodes, Rename, SetParams
from graph_engine.graph.graph import new_node
from tests.app.canvas.hands import Hands

KINDS = ("add", *["connect"] * 3, "move", "remove", "disconnect", "undo", "redo", "both", "select", "rename")


def assert_mirrors(scene: CanvasScene, graph: Graph) -> None:
    assert scene.nodes.keys() == graph.nodes.keys()
    assert scene.edges.keys() == graph.edges.keys()
    assert len(scene.items()) == 3 + len(scene.nodes) + len(scene.edges)  # the labels, the rings and the differences
    for id, item in scene.nodes.items():
        assert item.node is graph[id]
        assert (item.x(), item.y()) == graph[id].position
        assert item.checked is scene.session.checked.nodes[id]
    for id, line in scene.edges.items():
        assert line.edge == graph.edges[id]
        assert line.source is scene.nodes[line.edge.source]
        before = line.curve
        line.place()
        assert line.curve == before, "an edge does not run from port to port"
    assert set(scene.selected_nodes()) == {id for id, item in scene.nodes.items() if item.selected}
    scene.overview.content()
    assert set(scene.overview._nodes.ids) == set(scene.nodes)
    assert set(scene.overview._edges.ids) == set(scene.edges)


@pytest.mark.parametrize("seed", range(6))
def test_random_edits_and_undo_are_mirrored(qapp, session: Session, seed: int) -> None:
    choose = random.Random(seed)
    scene = CanvasScene(session, LIGHT)
    specs = [registry()[b] for b in ("Conv2d", "ReLU", "Concat", "Linear", "LSTM", "Output", "MatMul", "MaxPool2d")]
    for step in range(120):
        graph, nodes, edges = session.graph, list(session.graph.nodes), list(session.graph.edges)
        kind = choose.choice(
            ["add", "connect", "connect", "connect", "move", "remove", "disconnect", "undo", "redo", "both", "select", "rename"]
        )
        try:
            if kind == "add":
                spec = choose.choice(specs)
                session.execute(AddNode(new_node(graph, spec, None, spec.initial, (choose.randrange(9000) - 4500, 48.0 * step))))
            elif kind == "connect" and len(nodes) > 1:
                a, b = (graph[n] for n in choose.sample(nodes, 2))
                if a.spec.outputs and b.spec.inputs:
                    session.execute(Connect(a.id, choose.choice(a.spec.outputs).name, b.id, choose.choice(b.spec.inputs).name))
            elif kind == "move" and nodes:
                session.execute(Move({id: (16.0 * choose.randrange(90), 16.0) for id in choose.sample(nodes, min(3, len(nodes)))}))
            elif kind == "remove" and len(nodes) > 4:
                session.execute(RemoveNodes(choose.sample(nodes, 2)))
            elif kind == "disconnect" and edges:
                session.execute(Disconnect([choose.choice(edges)]))
            elif kind == "both" and edges:
                edge = graph.edges[choose.choice(edges)]
                session.execute(Macro("Again", [Disconnect([edge.id]), Connect(*edge[1:])]))
            elif kind == "rename" and nodes:
                session.execute(Rename(choose.choice(nodes), f"renamed{step}"))
            elif kind == "select":
                scene.select(choose.sample(nodes, len(nodes) // 2), choose.sample(edges, len(edges) // 2))
            elif kind == "undo":
                session.undo()
            elif kind == "redo":
                session.redo()
        except GraphError:
            pass
        assert_mirrors(scene, session.graph)


def test_another_document_replaces_all(hands: Hands) -> None:
    hands.view.select_all()
    told: list[object] = []
    hands.view.selection_changed.connect(told.append)
    hands.session.new(Graph("other"))
    assert hands.view.canvas.nodes == {}
    assert told == [()]
    assert hands.view.hint.isVisible()
    assert_mirrors(hands.view.canvas, hands.session.graph)


def test_removing_what_is_selected_tells_so(hands: Hands) -> None:
    hands.view.select([hands.id("conv"), hands.id("relu")])
    told: list[object] = []
    hands.view.selection_changed.connect(told.append)
    hands.session.execute(RemoveNodes([hands.id("conv")]))
    assert told == [(hands.id("relu"),)]


def test_edges_carry_shapes_and_wait(hands: Hands) -> None:
    first, second = (hands.view.canvas.edges[id] for id in hands.graph.edges)
    assert (first.label, second.label) == ("1×28×28", "32×26×26")
    hands.session.execute(SetParams(hands.id("conv"), {"kernel_size": 99}))
    conv, relu = (hands.view.canvas.nodes[hands.id(n)] for n in ("conv", "relu"))
    assert conv.state().severity == "error"
    assert relu.state().status == "waiting"
    assert second.waiting
    assert second.label == ""
    hands.session.undo()
    assert second.label == "32×26×26"
    assert not second.waiting


def test_only_what_changed_is_touched(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    touched: list[str] = []
    scene = hands.view.canvas
    for item in scene.nodes.values():
        monkeypatch.setattr(item, "reword", lambda name=item.node.name: touched.append(name))
    hands.session.execute(SetParams(hands.id("relu"), {"inplace": True}))
    assert set(touched) == {"relu"}


def test_labels_fit_between_cards(hands: Hands) -> None:
    scene = hands.view.canvas
    line = scene.edges[next(iter(hands.graph.edges))]
    rect = line.label_box
    assert rect is not None
    assert rect.left() > 176
    assert rect.right() < 272
    hands.session.execute(Move({hands.id("conv"): (192.0, 0.0)}))
    assert line.label_box is None


def test_overview_knows_what_it_paints(hands: Hands) -> None:
    scene = hands.view.canvas
    hands.session.execute(SetParams(hands.id("conv"), {"kernel_size": 99}))
    hands.view.select([hands.id("x")])
    assert hands.view.canvas.content_rect() == QRectF(0, 0, 720, 192 + scene.nodes[hands.id("product")].layout.height)
    rows = dict(zip(scene.overview._nodes.ids, scene.overview._nodes.data[:, 5].astype(int).tolist(), strict=True))
    assert rows[hands.id("x")] == SELECTED
    assert rows[hands.id("conv")] == ERROR
    assert rows[hands.id("relu")] == WAITING


@pytest.mark.parametrize("zoom", [1.0, NEAR - 0.05, FAR - 0.05, 0.05])
def test_every_level_of_detail_paints_the_cards(hands: Hands, zoom: float) -> None:
    hands.view.set_zoom(zoom)
    hands.view.centerOn(272 + 88, 36)
    canvas = hands.view.canvas.stage.look.canvas
    image = hands.view.viewport().grab().toImage()
    middle = hands.place(272 + 88, 60)
    colours = {image.pixelColor(middle.x() + dx, middle.y() + dy).name() for dx in range(-3, 4) for dy in range(-3, 4)}
    assert colours != {canvas.name()}


def test_gestures_work_from_afar(hands: Hands) -> None:
    hands.view.set_zoom(0.25)
    start = hands.body("conv")
    hands.view.grab()
    hands.press(start)
    hands.move(start + hands.place(272, 160) - hands.place(0, 0))
    hands.view.grab()
    hands.release(start + hands.place(272, 160) - hands.place(0, 0))
    x, y = hands.graph.named("conv").position
    assert abs(x - 544) <= 16
    assert abs(y - 160) <= 16
    hands.drag(hands.place(-100, -100), hands.place(200, 80))
    assert hands.view.selected_nodes() == (hands.id("x"),)


def test_another_theme_repaints_in_place(hands: Hands) -> None:
    items = dict(hands.view.canvas.nodes)
    hands.view.set_theme(DARK)
    assert hands.view.canvas.stage.look.theme is DARK
    assert hands.view.canvas.nodes == items
    edge = next(iter(hands.view.canvas.edges.values()))
    assert edge.pen().color().name() == DARK.edge


def test_fit_shows_all_and_reveal_selects(hands: Hands, qtbot) -> None:
    view = hands.view
    view.set_zoom(3.0)
    view.zoom_to_fit(animate=False)
    assert view.camera.shown().contains(view.canvas.content_rect())
    assert view.zoom <= 1.0
    view.reveal(hands.id("product"))
    assert view.selected_nodes() == (hands.id("product"),)
    centre = view.canvas.content_rect([hands.id("product")]).center()
    qtbot.waitUntil(lambda: (view.camera.shown().center() - centre).manhattanLength() < 4)
    qtbot.waitUntil(lambda: not view.canvas.drafts)


def test_minimap_shows_when_something_is_out_of_view(hands: Hands) -> None:
    hands.view.zoom_to_fit(animate=False)
    assert not hands.view.minimap.isVisible()
    hands.view.set_zoom(3.0)
    assert hands.view.minimap.isVisible()
    hands.view.grab()
    hands.view.set_minimap_visible(False)
    assert not hands.view.minimap.isVisible()


def test_a_card_far_away_can_still_be_hit(hands: Hands) -> None:
    hands.session.execute(Move({hands.id("conv"): (90_000.0, -40_000.0)}))
    hit = hands.view.canvas.hit(QPointF(90_020, -39_990), 8)
    assert hit.node is hands.view.canvas.nodes[hands.id("conv")]


def test_rows_come_and_go() -> None:
    rows = Rows(2)
    for i in range(200):
        rows.put_all({str(i): (float(i), 0.0)})
    for i in range(0, 200, 2):
        rows.drop(str(i))
    rows.put_all({str(i): (float(i), 1.0) for i in range(1, 200, 4)})
    rows.drop("no such row")
    assert {id: row[0] for id, row in zip(rows.ids, rows.data.tolist(), strict=True)} == {str(i): float(i) for i in range(1, 200, 2)}


def test_an_output_that_is_switched_off_is_shown_only_where_it_feeds_something(qapp, session: Session) -> None:
    scene, graph = CanvasScene(session, LIGHT), session.graph
    pool = new_node(graph, registry()["MaxPool2d"], "pool", {"kernel_size": 2}, (816, 0))
    session.execute(AddNode(pool))
    item, relu = scene.nodes[pool.id], next(n.id for n in graph if n.name == "relu")
    session.execute(Connect(relu, "output", pool.id, "input"))

    def shown() -> list[str]:
        return [place.name for place in item.layout.outputs]

    small = item.boundingRect().height()
    assert shown() == ["output"]
    session.execute(SetParams(pool.id, {"return_indices": True}))
    assert shown() == ["output", "indices"] and item.boundingRect().height() > small
    product = next(n.id for n in graph if n.name == "product")
    session.execute(Connect(pool.id, "indices", product, "other"))
    session.execute(SetParams(pool.id, {"return_indices": False}))
    assert shown() == ["output", "indices"], "an edge never ends in nothing"
    assert_mirrors(scene, graph)
    session.execute(Disconnect([next(e.id for e in graph.outputs(pool.id, "indices"))]))
    assert shown() == ["output"] and item.boundingRect().height() == small
    session.undo()
    assert shown() == ["output", "indices"]
    assert_mirrors(scene, graph)
    session.undo()
    session.undo()
    session.undo()
    assert shown() == ["output"]
    assert_mirrors(scene, graph)


def test_an_edge_that_runs_back_passes_under_no_card_between_its_rows(hands: Hands) -> None:
    graph = hands.graph
    for name, place in (("relu", (544.0, 0.0)), ("product", (0.0, 400.0)), ("concat", (272.0, 300.0))):
        hands.session.execute(Move({graph.named(name).id: place}))
    graph_edge = Connect(hands.id("relu"), "output", hands.id("product"), "input")
    hands.session.execute(graph_edge)
    [edge] = [e for e in hands.view.canvas.edges.values() if e.target.node.name == "product"]
    concat = hands.view.canvas.nodes[hands.id("concat")]
    _, top, _, height = concat.rect
    lane = edge.middle()[1]
    assert edge.source.rect[1] + edge.source.layout.bottom < lane < edge.target.rect[1]
    assert not top - 4 < lane < top + height + 4

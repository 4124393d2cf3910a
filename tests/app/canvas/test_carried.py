"""Frames and notes go where the nodes go that they hold: onto the clipboard, into copies, into groups and out of them."""

from __future__ import annotations

from PySide6.QtTest import QTest

from app.window import MainWindow
from graph_engine.document.write import to_text
from graph_engine.graph.annotate import Annotate
from graph_engine.graph.annotation import Annotation
from graph_engine.graph.graph import CoreGraph

PAD = 40.0


def frame(window: MainWindow, *names: str, note: str = "") -> str:
    """Id of a frame around some nodes; with a note in it where that has words."""
    scene, graph = window.canvas.canvas, window.session.graph
    rect = scene.content_rect([graph.named(n).id for n in names]).adjusted(-PAD, -PAD, PAD, 1.5 * PAD)
    id = f"f{len(graph.annotations)}"
    made = {id: Annotation(id, "frame", "Stem", "blue", (rect.x(), rect.y(), rect.width(), rect.height()))}
    if note:
        made["n"] = Annotation("n", "note", note, "ochre", (rect.x() + 8, rect.bottom() - 50, 120.0, 40.0))
    window.session.execute(Annotate(made, "Frame"))
    return id


def held(graph: CoreGraph, window: MainWindow) -> dict[str, list[str]]:
    """What the frames hold, by place of the frame."""
    scene = window.canvas.canvas
    frames = [a for a in graph.annotations.values() if a.kind == "frame"]
    return {a.id: sorted(graph[id].name for id in scene.nodes_framed(a.rect)) for a in frames}


def select(window: MainWindow, *names: str) -> None:
    window.canvas.select([window.session.graph.named(n).id for n in names])


def test_a_frame_is_duplicated_with_the_nodes_that_it_holds(window: MainWindow) -> None:
    made = frame(window, "conv1", "relu1", note="why")
    before = to_text(window.session.document)
    select(window, "conv1", "relu1")
    window.actions_["duplicate"].trigger()
    graph = window.session.graph
    assert window.session.undo_text == "Duplicate"
    assert sorted(a.text for a in graph.annotations.values()) == ["Stem", "Stem", "why", "why"]
    copy = next(a for a in graph.annotations.values() if a.kind == "frame" and a.id != made)
    model = graph.annotations[made]
    assert (copy.rect[0] - model.rect[0], copy.rect[1] - model.rect[1]) == (32, 32)
    assert set(window.canvas.selected_annotations()) == {a.id for a in list(graph.annotations.values())[2:]}
    window.undo()
    assert to_text(window.session.document) == before


def test_of_the_nodes_in_a_frame_some_go_without_it(window: MainWindow) -> None:
    frame(window, "conv1", "relu1", note="why")
    select(window, "conv1")
    window.actions_["duplicate"].trigger()
    assert len(window.session.graph.annotations) == 2


def test_a_selected_frame_is_cut_and_pasted_with_what_it_holds(window: MainWindow) -> None:
    made = frame(window, "conv1", "relu1", note="why")
    window.canvas.select((), (), [made])
    window.actions_["cut"].trigger()
    graph = window.session.graph
    assert not graph.annotations
    assert "conv1" not in {n.name for n in graph}
    window.session.new()
    window.show_document()
    window.actions_["paste"].trigger()
    graph = window.session.graph
    assert [n.name for n in graph] == ["conv1", "relu1"]
    assert sorted(a.text for a in graph.annotations.values()) == ["Stem", "why"]
    assert list(held(graph, window).values()) == [["conv1", "relu1"]]


def test_a_note_alone_is_copied(window: MainWindow) -> None:
    window.session.execute(Annotate({"n": Annotation("n", "note", "why", "ochre", (0.0, 400.0, 120.0, 60.0))}, "Note"))
    window.canvas.select((), (), ["n"])
    window.actions_["copy"].trigger()
    window.actions_["paste"].trigger()
    assert [a.text for a in window.session.graph.annotations.values()] == ["why", "why"]


def test_a_frame_goes_into_the_group_of_what_it_holds_and_comes_back(window: MainWindow) -> None:
    frame(window, "conv1", "relu1", note="why")
    stays = frame(window, "conv2", "relu2")
    before = to_text(window.session.document)
    select(window, "conv1", "relu1", "conv2", "max_pool1")
    window.actions_["group"].trigger()
    [definition] = window.session.document.definitions.values()
    assert sorted(a.text for a in definition.annotations.values()) == ["Stem", "why"]
    assert list(window.session.graph.annotations) == [stays]
    [group] = window.session.graph.groups
    window.session.enter(group)
    assert list(held(definition, window).values()) == [["conv1", "relu1"]]
    QTest.qWait(0)
    window.session.leave()
    window.canvas.select([group])
    window.actions_["dissolve"].trigger()
    graph = window.session.graph
    assert len(graph.annotations) == 3
    assert ["conv1", "relu1"] in held(graph, window).values()
    window.undo()
    window.undo()
    assert to_text(window.session.document) == before


def test_a_frame_around_an_input_stays_outside(window: MainWindow) -> None:
    made = frame(window, "x", "conv1")
    select(window, "x", "conv1", "relu1")
    window.actions_["group"].trigger()
    assert list(window.session.graph.annotations) == [made]


def test_ports_of_a_group_stand_beside_its_frames(window: MainWindow) -> None:
    frame(window, "conv1", "relu1")
    select(window, "conv1", "relu1")
    window.actions_["group"].trigger()
    [definition] = window.session.document.definitions.values()
    [around] = definition.annotations.values()
    left, _, width, _ = around.rect
    ends = {n.spec.call.kind: n.position[0] for n in definition if n.spec.call.kind in ("input", "output")}
    assert ends["input"] + 176 < left
    assert ends["output"] > left + width

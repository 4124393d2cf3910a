"""Undo: random edits of every kind, taken back and done again at random, never lose a byte of the document."""

from __future__ import annotations

import random
from collections.abc import Sequence

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from graph_engine import Graph
from graph_engine.analysis.check import Checker
from graph_engine.document.write import to_text
from graph_engine.errors import GraphError
from graph_engine.graph.changes import Change
from graph_engine.graph.commands import Move, Rename, SetParams, SetSettings
from graph_engine.graph.history import History
from tests.engine.edits import EDITS
from tests.engine.graphs import documents_cnn, random_graph


class Mirror:
    """A picture of a graph that is drawn from its events alone, as a canvas draws it."""

    def __init__(self, graph: Graph):
        self.graph = graph
        self.nodes = {n.id: self._node(n.id) for n in graph}
        self.edges = dict(graph.edges)
        self.settings = graph.settings
        self.annotations = dict(graph.annotations)
        self.bends = {id: graph.bends(id) for id in graph.bent}
        graph.subscribe(self.note)

    def _node(self, id: str) -> tuple[object, ...]:
        node = self.graph[id]
        return node.block, node.name, dict(node.params), node.position, node.mode

    def note(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if change.kind == "node-removed":
                del self.nodes[change.id]
            elif change.kind == "edge-removed":
                assert self.edges.pop(change.id).target == change.target
            elif change.kind == "annotation":
                self.annotations.pop(change.id, None)
                if change.id in self.graph.annotations:
                    self.annotations[change.id] = self.graph.annotations[change.id]
            elif change.kind == "bend":
                self.bends[change.id] = self.graph.bends(change.id)
            elif change.kind == "settings":
                self.settings = self.graph.settings
            elif change.kind == "edge-added":
                if change.id in self.graph.edges:  # what was added and removed again in one edit is told with both
                    self.edges[change.id] = self.graph.edges[change.id]
                else:
                    self.edges[change.id] = next(c for c in changes if c.id == change.id and c.kind == "edge-removed")  # type: ignore[assignment]
            elif change.id in self.graph:
                self.nodes[change.id] = self._node(change.id)
            else:
                self.nodes.setdefault(change.id, ())

    def check(self) -> None:
        assert self.nodes == {n.id: self._node(n.id) for n in self.graph}
        assert self.edges == dict(self.graph.edges)
        assert self.settings == self.graph.settings
        assert self.annotations == dict(self.graph.annotations)
        assert {id: points for id in self.edges if (points := self.bends.get(id))} == {id: self.graph.bends(id) for id in self.graph.bent}


class Editing(RuleBasedStateMachine):
    """A person at work: texts of the document before and after each step are kept, and every undo and redo must hit them."""

    @initialize(seed=st.integers(0, 2**16))
    def begin(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.graph = random_graph(self.rng, 6, like_a_person=True)
        self.history = History(self.graph)
        self.mirror = Mirror(self.graph)
        self.texts = [to_text(self.graph)]
        self.at = 0

    @rule(what=st.sampled_from(sorted(EDITS)))
    def edit(self, what: str) -> None:
        command = EDITS[what](self.graph, self.rng)
        before, done, undone = to_text(self.graph), self.history.done, self.history.undone
        if command is None:
            return
        try:
            self.history.execute(command)
        except GraphError:
            assert to_text(self.graph) == before
            assert (self.history.done, self.history.undone) == (done, undone), "a refused command does not cost what could be redone"
            return
        assert command.text
        self.texts[self.at + 1 :] = [to_text(self.graph)]
        self.at += 1

    @rule()
    def undo(self) -> None:
        assert (self.history.undo() is None) == (self.at == 0)
        self.at = max(0, self.at - 1)

    @rule()
    def redo(self) -> None:
        last = len(self.texts) - 1
        assert (self.history.redo() is None) == (self.at == last)
        self.at = min(last, self.at + 1)

    @precondition(lambda self: len(self.texts) > 5)
    @rule()
    def all_the_way_back_and_forth(self) -> None:
        while self.history.undo():
            pass
        assert to_text(self.graph) == self.texts[0]
        while self.history.redo():
            pass
        assert to_text(self.graph) == self.texts[-1]
        self.at = len(self.texts) - 1

    @invariant()
    def the_document_is_as_it_was(self) -> None:
        if hasattr(self, "graph"):
            assert to_text(self.graph) == self.texts[self.at]
            self.mirror.check()

    @invariant()
    def the_check_is_up_to_date(self) -> None:
        if hasattr(self, "graph"):
            ours, fresh = self.graph.check(), Checker(self.graph).check()
            assert dict(ours.nodes) == dict(fresh.nodes)
            assert ours.diagnostics == fresh.diagnostics


Editing.TestCase.settings = settings(max_examples=25, stateful_step_count=30)
TestEditing = Editing.TestCase


def test_a_gesture_is_one_step() -> None:
    graph = documents_cnn()
    history, drag = History(graph), object()
    before = to_text(graph)
    for i in range(1, 20):
        history.execute(Move({"n1": (i, i), "n2": (i, 0)}), drag)
    assert len(history.done) == 1 and graph["n1"].position == (19, 19)
    history.undo()
    assert to_text(graph) == before
    history.redo()
    assert graph["n1"].position == (19, 19) and graph["n2"].position == (19, 0)


def test_typing_into_one_field_is_one_step_and_into_another_is_not() -> None:
    graph = documents_cnn()
    history = History(graph)
    for value in (1, 12, 128):
        history.execute(SetParams("n2", {"out_channels": value}), "typing")
    history.execute(SetParams("n2", {"kernel_size": 5}), "typing")
    history.execute(SetParams("n5", {"kernel_size": 5}), "typing")
    assert [c.text for c in history.done] == ["Set out_channels of conv1", "Set kernel_size of conv1", "Set kernel_size of conv2"]
    history.undo(), history.undo(), history.undo()
    assert graph["n2"].params["out_channels"] == 32


def test_settings_of_one_part_merge() -> None:
    graph = documents_cnn()
    history = History(graph)
    for value in (1, 12):
        history.execute(SetSettings(graph.settings.replaced("training.epochs", value), "training.epochs"), "typing")
    history.execute(SetSettings(graph.settings.replaced("training.seed", 3), "training.seed"), "typing")
    assert len(history.done) == 2
    history.undo(), history.undo()
    assert graph.settings.training["epochs"] == 5


def test_steps_of_no_gesture_or_of_two_do_not_merge() -> None:
    graph = documents_cnn()
    history = History(graph)
    for gesture in (None, None, "first", "second"):
        history.execute(Move({"n1": (1.0, 2.0)}), gesture)
    assert len(history.done) == 4


def test_a_step_that_was_undone_and_redone_is_closed() -> None:
    graph = documents_cnn()
    history = History(graph)
    history.execute(SetParams("n2", {"out_channels": 8}), "typing")
    history.undo(), history.redo()
    history.execute(SetParams("n2", {"out_channels": 9}), "typing")
    assert len(history.done) == 2


def test_saved_is_known_through_undo_redo_and_merging() -> None:
    graph = documents_cnn()
    history = History(graph)
    assert history.is_saved
    history.execute(SetParams("n2", {"out_channels": 8}), "typing")
    assert not history.is_saved
    history.mark_saved()
    history.execute(SetParams("n2", {"out_channels": 9}), "typing")
    assert not history.is_saved and len(history.done) == 2, "what was saved stays a step of its own"
    history.undo()
    assert history.is_saved
    history.undo()
    assert not history.is_saved
    history.execute(Rename("n2", "other"))
    assert not history.is_saved and not history.undone


def test_what_a_listener_does_is_a_step_behind_the_one_that_it_heard_of() -> None:
    graph = documents_cnn()
    history = History(graph)
    before = to_text(graph)

    def follow(changes: Sequence[Change]) -> None:
        if any(c.kind == "node" for c in changes):
            history.execute(Move({"n1": (graph["n2"].params["out_channels"], 0.0)}))

    end = graph.subscribe(follow)
    history.execute(SetParams("n2", {"out_channels": 8}))
    assert [c.text for c in history.done] == ["Set out_channels of conv1", "Move"]
    history.undo(), history.undo()
    assert [c.text for c in history.done] == ["Move"] and not history.undone
    end()
    history.undo()
    assert to_text(graph) == before

"""Differences between documents: every edit is found as what it was, and nothing else is."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from graph_engine import Graph
from graph_engine.analysis.difference import Difference, difference
from graph_engine.analysis.matching import match_nodes
from graph_engine.graph.commands import Move
from graph_engine.templates import template, templates


def of(before: Graph, after: Graph) -> Difference:
    return difference(before, after, before.check(), after.check())


def words(found: Difference) -> list[str]:
    return [change.words for change in found.nodes]


def drop_out(graph: Graph) -> None:
    node = graph.add("Dropout")
    [edge] = graph.outgoing(graph.named("relu4").id)
    graph.disconnect(edge)
    graph.connect(graph.named("relu4"), node)
    graph.connect(node, graph.named("linear2"))


EDITS: dict[str, tuple[Callable[[Graph], object], list[str]]] = {
    "parameter": (lambda g: g.set(g.named("conv1"), kernel_size=5), ["conv1 (Conv2d): kernel_size 3 → 5"]),
    "name": (lambda g: g.rename(g.named("conv1"), "stem"), ["stem (Conv2d): name conv1 → stem"]),
    "mode": (lambda g: g.set_mode("muted", g.named("relu1")), ["relu1 (ReLU): mode active → muted"]),
    "removed": (
        lambda g: g.remove(g.named("relu4")),
        ["linear2 (Linear): input from relu4 → nothing", "relu4 (ReLU) removed"],
    ),
    "inserted": (drop_out, ["dropout1 (Dropout) added", "linear2 (Linear): input from relu4 → dropout1"]),
    "moved": (lambda g: Move({g.named("conv1").id: (7.0, 7.0)}).do(g), ["conv1 (Conv2d) moved"]),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_found_and_nothing_else(edit: str) -> None:
    before, after = template("cnn_digits").open(), template("cnn_digits").open()
    do, wanted = EDITS[edit]
    do(after)
    assert sorted(words(of(before, after))) == sorted(wanted)


def test_the_same_has_no_differences_for_any_template() -> None:
    for one in templates():
        assert of(one.open(), one.open()).is_empty, one.id


def test_shapes_that_follow_are_counted_and_those_of_changes_told() -> None:
    before, after = template("cnn_digits").open(), template("cnn_digits").open()
    after.set(after.named("conv1"), out_channels=16)
    found = of(before, after)
    [change] = found.nodes
    assert change.shape == ("(N, 32, 26, 26)", "(N, 16, 26, 26)")
    assert found.follows == 2  # relu1 and max_pool1; conv2 gives what it gave
    assert found.parameters[1] < found.parameters[0]


def test_settings_are_compared_by_their_names() -> None:
    before, after = template("cnn_digits").open(), template("cnn_digits").open()
    after.configure(training={"epochs": 99, "optimizer": {"name": "SGD", "lr": 0.5}})
    found = of(before, after)
    assert found.settings["epochs"][1] == "99" and found.settings["optimizer.name"][1] == "SGD"


def test_what_is_inside_groups_is_told_with_the_group() -> None:
    before, after = template("hybrid_digits").open(), template("hybrid_digits").open()
    inside = after.inside(after.named("image"))
    inside.set(inside.graph.named("max_pool1"), ceil_mode=True)
    assert words(of(before, after)) == ["Image › max_pool1 (MaxPool2d): ceil_mode False → True"]


def test_documents_that_do_not_come_from_one_another_are_matched_by_name_and_place() -> None:
    """The same network drawn again, in another order and with other names, so that all ids mean something else."""

    def draw(names: list[str], backwards: bool) -> Graph:
        graph = Graph("net")
        blocks = [
            ("Input", {"shape": [8]}),
            ("Linear", {"out_features": 16}),
            ("ReLU", {}),
            ("Linear", {"out_features": 4}),
            ("Output", {}),
        ]
        order = list(zip(blocks, names, strict=True))
        made = [graph.add(block, name=name, **params) for (block, params), name in (reversed(order) if backwards else order)]
        made = made[::-1] if backwards else made
        for one, other in itertools.pairwise(made):
            graph.connect(one, other)
        return graph

    before, after = draw(["x", "hidden", "act", "head", "y"], False), draw(["x", "first", "relu", "scores", "y"], True)
    found = match_nodes(before, after)
    assert {before[a].name: after[b].name for a, b in found.items()} == {
        "x": "x", "hidden": "first", "act": "relu", "head": "scores", "y": "y"
    }  # fmt: skip


def test_other_networks_share_little_and_it_takes_no_time(benchmark: Callable[..., object]) -> None:
    graphs = [one.open() for one in templates()[:6]]
    benchmark(lambda: [of(one, other) for one in graphs for other in graphs])


def test_the_plain_data_is_json(tmp_path: Path) -> None:
    before, after = template("cnn_digits").open(), template("cnn_digits").open()
    after.remove(after.named("relu1"))
    plain = of(before, after).to_plain()
    assert {"kind": "removed", "before": "relu1", "after": None, "block": "ReLU", "group": "", "details": {}, "shape": None} in plain[
        "nodes"
    ]

"""The share of parameters or operations that a card shows: its figures, its bar near and far, and that only what changed is painted."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtGui import QColor

from app.canvas.geometry import FOOTER, WIDTH
from app.canvas.items import NodeItem
from app.canvas.shares import Share, shares
from app.theme import LIGHT
from app.window import MainWindow
from graph_engine import Graph
from graph_engine.graph.commands import SetParams
from tests.app.canvas.hands import Hands


def shown(hands: Hands) -> dict[str, Share | None]:
    return {item.node.name: item.share for item in hands.view.canvas.nodes.values()}


def stack() -> Graph:
    """Two layers, one of them inside a group that is there twice."""
    graph = Graph("stack")
    x = graph.add("Input", shape=[10])
    small, large = graph.add("Linear", name="small", out_features=10), graph.add("Linear", name="large", out_features=30)
    graph.connect(x, small)
    graph.connect(small, large)
    graph.set(graph.group([small], "Twice"), repeat=2)
    return graph


def test_shares_add_up_and_the_largest_has_the_longest_bar() -> None:
    graph = stack()
    checked = graph.check()
    names = {node.id: node.name for node in graph}
    found = {names[id]: share for id, share in shares("parameters", checked.nodes.items()).items()}
    assert found["large"] == Share("60%", 1.0)
    assert found[names[next(iter(graph.groups))]] == Share("40%", pytest.approx(220 / 330, abs=0.005))
    assert Share("", 0.0) in found.values()  # the input
    assert not shares("off", checked.nodes.items())


def test_a_free_length_does_not_hinder_the_comparison() -> None:
    graph = Graph("steps")
    x = graph.add("Input", shape=["T", 8])
    a, b = graph.add("Linear", name="a", out_features=8), graph.add("Linear", name="b", out_features=24)
    graph.connect(x, a)
    graph.connect(a, b)
    found = shares("flops", graph.check().nodes.items())
    assert found[a.id].text == "25%"
    assert found[b.id].text == "75%"


def test_cards_show_them_and_only_what_changed_is_painted(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    hands.view.show_shares("parameters")
    assert shown(hands)["conv"] == Share("100%", 1.0)
    reworded: list[str] = []
    reword = NodeItem.reword
    monkeypatch.setattr(NodeItem, "reword", lambda item: (reworded.append(item.node.name), reword(item))[1])
    hands.session.execute(SetParams(hands.id("conv"), {"out_channels": 64}))
    assert set(reworded) <= {"conv", "relu"}  # whose shapes are others; the shares are as they were
    assert shown(hands)["product"] == Share("", 0.0)
    hands.view.show_shares("off")
    assert set(shown(hands).values()) == {None}


@pytest.mark.parametrize("zoom", [1.0, 0.42, 0.35, 0.2])
def test_bars_are_seen_at_every_zoom(hands: Hands, zoom: float) -> None:
    hands.view.set_zoom(zoom)
    item = hands.view.canvas.nodes[hands.id("conv")]
    hands.view.centerOn(item.x() + WIDTH / 2, item.y())

    def accents() -> int:
        image = hands.view.grab().toImage()
        box = hands.view.mapFromScene(item.mapRectToScene(0, item.layout.height - FOOTER - 6, WIDTH, FOOTER + 6)).boundingRect()
        columns = range(box.left(), box.right())
        return sum(any(image.pixelColor(x, y) == QColor(LIGHT.accent) for y in range(box.top(), box.bottom())) for x in columns)

    assert accents() == 0
    hands.view.show_shares("parameters")
    assert accents() > 0.7 * WIDTH * zoom


def test_the_choice_is_remembered(window: MainWindow, make_window: Callable[[], MainWindow]) -> None:
    assert window.actions_["shares_off"].isChecked()
    window.actions_["shares_flops"].trigger()
    assert window.canvas.canvas.shares.measure == "flops"
    again = make_window()
    assert again.actions_["shares_flops"].isChecked()
    assert again.canvas.canvas.shares.measure == "flops"

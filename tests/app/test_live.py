"""Live samples in the window: strips below cards, the bar, the inspector; with real values of a real process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.canvas.geometry import STRIP, WIDTH, layout
from app.panels.live_value import LiveSection, ValuePicture
from app.pictures import paint_value
from app.theme import DARK, LIGHT, Theme
from app.theme.shades import lightness, shades
from app.window import MainWindow
from graph_engine import Graph
from graph_engine.graph.commands import RemoveNodes, SetParams
from graph_engine.templates import template, templates
from graph_engine.training.events import Looked, StateChange
from graph_engine.training.live.value import BROKEN, NodeValue
from graph_engine.training.state import RunState


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_equal_steps_of_numbers_are_equal_steps_of_lightness(theme: Theme) -> None:
    rising = lightness(shades(theme, signed=False)[:255])
    steps = np.diff(rising[::14])  # a single one is less than what eight bits can tell
    assert steps.min() > 0.7 * steps.mean() and steps.max() < 1.4 * steps.mean()
    sides = lightness(shades(theme, signed=True)[:255])
    assert np.allclose(sides, sides[::-1], atol=0.02), "what is as far from 0 is as strong"
    assert (np.diff(sides[:128]) > 0).all() != theme.dark
    assert abs(sides[0] - sides[127]) > 0.4
    assert shades(theme, signed=True)[BROKEN] == 0xFF000000 | int(theme.error[1:], 16)


def painted(value: NodeValue, theme: Theme, large: bool) -> set[int]:
    image = QImage(164, 60, QImage.Format.Format_RGB32)
    image.fill(0xFF123456)
    painter = QPainter(image)
    paint_value(painter, value, QRectF(0, 0, 164, 60), theme, large)
    painter.end()
    return {image.pixel(x, y) for x in range(0, 164, 2) for y in range(0, 60, 2)}


def test_every_kind_of_value_is_painted(qapp: object) -> None:
    flat = {"tiles": 1, "rows": 1, "columns": 3, "planes": 1, "shades": "AH//", "low": -1.0, "high": 1.0}
    for theme in (LIGHT, DARK):
        for large in (False, True):
            for kind in ("bars", "strip", "maps"):
                seen = painted(NodeValue((), "n", "output", kind, (3,), "float32", **flat), theme, large)
                assert int(shades(theme, True)[BROKEN]) in seen, "what is not finite is seen as such"
            for value in (
                NodeValue((), "n", "output", "number", (), "float32", nans=1),
                NodeValue((), "n", "output", "text", (5,), "int64", text="a sentence " * 20),
                NodeValue((), "n", "output", "scores", (2,), "float32", labels=("0", "1"), shares=(0.9, 0.1), text="0"),
                NodeValue((), "n", "output", "picture", (3, 1, 1), "float32", tiles=3, rows=1, columns=1, shades="/gAA"),
            ):
                assert len(painted(value, theme, large)) > 1


@pytest.fixture
def live(window: MainWindow, qtbot: QtBot) -> Iterator[MainWindow]:
    """A window that shows the live sample of the digits CNN, with a process that computes it."""
    window.actions_["live"].trigger()
    qtbot.waitUntil(lambda: window.live.answer is not None, timeout=120_000)
    yield window
    window.live.set_on(False)


def settled(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not window.live.is_waiting and window.canvas.canvas.strips.is_settled, timeout=60_000)


def test_edits_samples_places_and_a_run(live: MainWindow, qtbot: QtBot) -> None:
    """One process for all of it, since starting one takes seconds."""
    window, session, strips = live, live.session, live.canvas.canvas.strips
    settled(window, qtbot)
    graph = session.graph
    assert window.preferences.live and window.actions_["live"].isChecked()
    assert all(strips.item(id) is not None and not strips.item(id).pixmap().isNull() for id in graph.nodes)
    assert window.live_bar.isVisible() and window.live_bar.of.text() == "of 180" and "untrained" in window.live_bar.weights.text()

    item = strips.item(graph.named("conv1").id)
    middle = item.sceneBoundingRect().center()
    hit = window.canvas.canvas.hit(middle, 4.0)
    assert hit.strip is item and hit.node is item.card and "32 × 26 × 26" in item.tip()
    before = item.sceneBoundingRect()
    window.canvas.canvas.place({graph.named("conv1").id: (300.0, 900.0)})
    assert item.sceneBoundingRect().topLeft() - before.topLeft() == item.card.pos() - QPointF(*graph.named("conv1").position)
    window.canvas.canvas.place({graph.named("conv1").id: graph.named("conv1").position})

    expected = window.live.answer.expected
    window.actions_["live_next"].trigger()
    assert window.live.sample == 1
    settled(window, qtbot)
    assert window.live_bar.number.text() == "2" and window.live.answer.expected != expected
    window.live_bar.number.setText("500")
    window.live_bar.number.editingFinished.emit()
    assert window.live.sample == 499 % 180
    window.actions_["live_part"].trigger()
    settled(window, qtbot)
    assert window.live.answer.part == "train" and window.live.answer.samples == 1257

    window.canvas.select([graph.named("conv1").id])
    [section] = window.inspector.findChildren(LiveSection)

    def large() -> list[NodeValue]:
        return [shown.value for shown in section.findChildren(ValuePicture) if shown.isVisibleTo(section) and shown.value.counts]

    qtbot.waitUntil(lambda: [(value.tiles, sum(value.counts)) for value in large()] == [(32, 32 * 26 * 26)], timeout=60_000)

    session.execute(SetParams(graph.named("conv2").id, {"kernel_size": (40, 40)}))
    assert strips.item(graph.named("conv2").id) is None and strips.item(graph.named("relu2").id) is None, "what is wrong shows nothing"
    settled(window, qtbot)
    assert strips.item(graph.named("conv1").id) is not None
    session.undo()
    settled(window, qtbot)
    assert strips.item(graph.named("relu2").id) is not None
    session.execute(RemoveNodes([graph.named("linear2").id]))
    settled(window, qtbot)
    assert strips.item(graph.named("linear1").id) is not None, "no output is needed to look at what is there"
    session.undo()

    session.execute(SetParams(graph.named("x").id, {"shape": (1, 27, 27)}))
    qtbot.waitUntil(lambda: "the data set digits28 gives" in window.live.message, timeout=10_000)
    assert window.live_bar.message.isVisible() and strips.item(graph.named("conv1").id) is None
    session.undo()
    settled(window, qtbot)
    assert not window.live.message

    window.session.document.configure(training={"epochs": 2})
    window.start_run()
    qtbot.waitUntil(lambda: window.live.answer is not None and window.live.answer.weights == "training", timeout=120_000)
    assert window.live.answer.message is None and "as it trains" in window.live_bar.weights.text()
    qtbot.waitUntil(lambda: not window.run.is_busy, timeout=120_000)
    assert window.run.state is RunState.FINISHED, window.run.message
    qtbot.waitUntil(lambda: window.live.answer is not None and window.live.answer.weights == "run", timeout=60_000)
    assert window.live_bar.weights.text() == "weights of the last run"
    session.execute(SetParams(graph.named("linear1").id, {"out_features": 48}))
    settled(window, qtbot)
    assert "3 of 10 fresh" in window.live_bar.weights.text()

    document = template("hybrid_digits").graph
    session.new(document)
    settled(window, qtbot)
    assert window.live.answer.weights == "start", "the run was another document's"
    session.enter(session.graph.named("attention").id)
    settled(window, qtbot)
    assert all(strips.item(id) is not None for id in session.graph.nodes)
    window.live_bar.off.click()
    assert not window.live_bar.isVisible() and all(strips.item(id) is None for id in session.graph.nodes)


def test_the_death_of_the_process_is_told_and_the_next_edit_tries_again(live: MainWindow, qtbot: QtBot) -> None:
    settled(live, qtbot)
    live.actions_["live_next"].trigger()
    live.live._ask()
    live.run.worker.kill()
    qtbot.waitUntil(lambda: "ended the process" in live.live.message, timeout=10_000)
    node = live.session.graph.named("linear1").id
    live.session.execute(SetParams(node, {"out_features": 32}))
    qtbot.waitUntil(lambda: live.live.answer is not None and not live.live.message, timeout=120_000)


def test_a_run_of_another_document_is_not_shown_on_this_one(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, object]] = []
    monkeypatch.setattr(window.run.worker, "start", lambda: None)
    monkeypatch.setattr(window.run.worker, "send", sent.append)
    live, first = window.live, window.session.document
    window.run.document = first
    window.run.take([StateChange(RunState.RUNNING)])
    live.set_on(True)
    live._ask()
    asked = live._number
    assert sent[-1]["number"] == asked
    window.session.new(template("vit_digits").open())
    window.run.take([Looked(asked, "validation", 0, 180, "training")])
    assert live.answer is None, "what was on its way is of the other document"
    live._ask()
    assert "Another network trains" in window.live_bar.message.toolTip() + window.live_bar.message.text()
    assert sent[-1] == {"do": "look", "number": None}
    window.run.take([StateChange(RunState.FINISHED)])
    live._ask()
    assert sent[-1]["network"] is not None
    live.set_on(False)


def test_a_document_that_is_not_trusted_runs_none_of_its_code(make_window: Callable[[], MainWindow], tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "own_layers.py").write_text(
        "from pathlib import Path\nfrom torch import nn\nPath(__file__).with_name('ran').touch()\n"
        "class Twice(nn.Module):\n    def forward(self, x):\n        return 2 * x\n"
    )
    graph = Graph("own")
    x = graph.add("Input", shape=[1, 28, 28])
    own = graph.add("Module", path="own_layers.Twice", signature=["()", "(x)", "output", ""])
    graph.connect(x, own)
    graph.save(tmp_path / "own.archloom")
    window = make_window()
    window.session.open(tmp_path / "own.archloom")
    window.show_document()
    window.live.set_on(True)
    qtbot.waitUntil(lambda: window.live.answer is not None, timeout=120_000)
    settled(window, qtbot)
    assert {value.node for value in window.live.answer.values} == {x.id}
    assert not (tmp_path / "ran").exists()
    window.live.set_on(False)


def test_strips_of_templates_hide_no_other_card() -> None:
    """A document as it is opened has room for them."""
    hidden = []
    for one in templates():
        for graph in one.graph.graphs():
            boxes = {
                node.id: QRectF(*node.position, WIDTH, layout(node.spec, graph.idle_outputs(node.id), node.form).height) for node in graph
            }
            for id, box in boxes.items():
                strip = QRectF(box.left(), box.bottom(), WIDTH, STRIP)
                hidden += [(one.graph.name, graph[id].name, graph[other].name) for other, card in boxes.items() if card.intersects(strip)]
    assert not hidden


def test_the_turn_of_a_repeated_group_is_chosen_in_the_bar(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(window.run.worker, "start", lambda: None)
    monkeypatch.setattr(window.run.worker, "send", sent.append)
    window.session.new(template("vit_digits").open())
    live, bar = window.live, window.live_bar
    live.set_on(True)
    assert bar.turn.isHidden(), "the network itself has one turn"
    [group] = window.session.graph.groups
    window.session.enter(group)
    assert not bar.turn.isHidden()
    assert [bar.turn.itemText(i) for i in range(bar.turn.count())] == ["Turn 1 of 2", "Turn 2 of 2"]
    live._ask()
    assert sent[-1]["view"]["turns"] == [1]
    live._waits_for = None
    bar.turn.setFocus()
    QTest.keyClick(bar.turn, Qt.Key.Key_Up)
    assert live.turn == (0, 2)
    live._ask()
    assert sent[-1]["view"]["turns"] == [0]
    window.session.leave()
    assert bar.turn.isHidden()
    live.set_on(False)

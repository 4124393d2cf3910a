"""Health in the window: marks on the cards, the inspector, findings with their repairs, and a finished run that is opened again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.panels.health import ROWS, column
from app.panels.problems import Finding as FindingRow
from app.window import MainWindow
from graph_engine.graph.commands import Silence
from graph_engine.templates import template
from graph_engine.training.control import Control
from graph_engine.training.events import Found, Probed, StateChange
from graph_engine.training.findings import Finding
from graph_engine.training.health import BINS, Measures, read_health
from graph_engine.training.run import run
from graph_engine.training.rundir import prepare
from graph_engine.training.state import RunState
from tests.data.diseases import DISEASES, ill
from tests.pictures import ill as told
from tests.pictures import looks


@pytest.fixture
def sick(window: MainWindow) -> MainWindow:
    """A window in which a network trains whose ReLU dies."""
    window.documents.new_from(template("cnn_digits"))
    graph = window.session.graph
    window.run.take([StateChange(RunState.RUNNING), *looks(graph), Found(tuple(told(graph)))])
    return window


def marks(window: MainWindow) -> dict[str, str | None]:
    return {item.node.name: item.health for item in window.canvas.canvas.nodes.values()}


def test_each_card_shows_how_its_node_fares(sick: MainWindow) -> None:
    found = marks(sick)
    assert (found["relu2"], found["conv1"], found["x"]) == ("odd", "well", None)
    relu = sick.session.graph.named("relu2").id
    sick.run.take([Found((Finding("run.not-finite", "error", relu, "relu2: its result became infinite."),))])
    assert marks(sick)["relu2"] == "ill" and marks(sick)["conv2"] == "well"
    sick.run.began.emit()
    assert set(marks(sick).values()) == {None}


def test_a_group_fares_as_its_nodes_do_from_the_moment_it_is_made(sick: MainWindow) -> None:
    graph = sick.session.graph
    sick.canvas.select([graph.named(name).id for name in ("conv2", "relu2")])
    sick.actions_["group"].trigger()
    assert marks(sick)["block1"] == "odd"
    sick.actions_["undo"].trigger()
    assert (marks(sick)["conv1"], marks(sick)["relu2"]) == ("well", "odd")


def test_a_run_of_another_document_marks_nothing(sick: MainWindow) -> None:
    graph = sick.run.document = sick.session.document
    sick.session.new(template("vit_digits").open())
    sick.run.take([*looks(graph, 2), Found(tuple(told(graph)))])
    assert set(marks(sick).values()) == {None} and not sick.vitals.findings


def test_only_cards_whose_mark_changes_are_touched(sick: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    touched: list[str] = []
    monkeypatch.setattr(sick.canvas.canvas.overview, "touch_node", touched.append)
    sick.run.take(list(looks(sick.session.graph, 2)))
    assert touched == []
    sick.run.take([Found(())])
    assert len(touched) == 3


def test_marks_differ_near_and_far_by_more_than_colour(sick: MainWindow, qtbot: QtBot) -> None:
    for zoom in (1.0, 0.35):
        sick.canvas.set_zoom(zoom)
        pictures = []
        for state in ("well", "odd", "ill"):
            for item in sick.canvas.canvas.nodes.values():
                item.health = state  # type: ignore[assignment]
                item.reword()
                sick.canvas.canvas.overview.touch_node(item.node.id)
            image = sick.canvas.viewport().grab().toImage()
            pictures.append(bytes(image.constBits()))
        assert len(set(pictures)) == 3


def test_a_group_is_marked_by_what_is_inside(window: MainWindow) -> None:
    window.documents.new_from(template("resnet_digits"))
    document = window.session.document
    inside = document.definitions["g1"].named("relu1").id
    window.run.take([next(looks(document)), Found((Finding("run.dead-units", "warning", inside, "relu1: dead."),))])
    found = marks(window)
    assert (found["blocks1"], found["blocks2"], found["down"]) == ("odd", "odd", "well")
    window.session.enter(document.named("blocks1").id)
    assert marks(window)["relu1"] == "odd"


def test_the_inspector_tells_figures_and_findings_of_the_node(sick: MainWindow) -> None:
    graph = sick.session.graph
    sick.canvas.select([graph.named("conv2").id])
    health = sick.inspector.health
    assert not health.isHidden() and not health.gradient.isHidden() and not health.results.isHidden()
    assert health.places.isHidden()
    rows = [row.diagnostic.code for row in sick.inspector.page.findChildren(FindingRow)]
    assert rows == ["run.vanishing-gradients"]
    sick.canvas.select([graph.named("relu2").id])
    assert health.gradient.isHidden() and not health.results.isHidden()
    sick.canvas.select([graph.named("x").id])
    assert health.isHidden()


def test_a_repair_is_one_step_that_can_be_undone(sick: MainWindow) -> None:
    section = sick.training.findings
    assert not section.isHidden()
    cause, *others = section.findChildren(FindingRow)
    assert cause.diagnostic.code == "run.dead-units" and not any(row.fix_buttons for row in others)
    before = sick.session.document.to_python()
    cause.fix_buttons[0].click()
    assert sick.session.graph.named("relu2").block == "LeakyReLU"
    sick.undo()
    assert sick.session.document.to_python() == before


def test_a_setting_is_changed_from_a_finding_inside_a_group(window: MainWindow) -> None:
    from graph_engine.spec.faults import Fix

    window.documents.new_from(template("resnet_digits"))
    inside = window.session.document.definitions["g1"].named("conv1").id
    clip = Fix("Clip", settings={"training.clipping": {"name": "norm", "max_norm": 1.0}})
    window.run.take([Found((Finding("run.exploding-gradients", "warning", inside, "conv1: great.", (clip,)),))])
    window.training.findings.findChildren(FindingRow)[0].fix_buttons[0].click()
    assert window.session.document.settings.training["clipping"].id == "norm"


def test_a_finding_that_is_silenced_is_gone(sick: MainWindow) -> None:
    relu = sick.session.graph.named("relu2").id
    assert sick.problems.list.count() == 3
    sick.session.execute(Silence(relu, ["run.dead-units"]))
    assert sick.problems.list.count() == 2 and marks(sick)["relu2"] == "well"
    sick.undo()
    assert sick.problems.list.count() == 3


def test_a_batch_that_is_not_learned_is_a_finding_until_it_is(window: MainWindow) -> None:
    window.documents.new_from(template("cnn_digits"))
    window.run.take([Probed("batch", (1.0, 2.0), (2.3, 2.1), None)])
    assert [finding.code for finding in window.vitals.findings] == ["run.batch-not-learned"]
    window.run.take([Probed("batch", (1.0, 2.0), (2.3, 0.01), 2.0)])
    assert window.vitals.findings == ()
    window.trials.answer.close()  # type: ignore[union-attr]


def test_a_finished_run_is_opened_with_its_health(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    graph, _ = ill("mlp_breast_cancer", DISEASES["ReLU below zero"])
    prepare(graph, tmp_path / "run")
    run(tmp_path / "run", lambda _: None, Control(), epochs=2)
    window.session.new(graph)
    window.show_document()
    with qtbot.waitSignal(window.vitals.found, timeout=10_000):
        window.runs_panel.health_wanted.emit(tmp_path / "run")
    assert window.vitals.health == read_health(tmp_path / "run")
    assert window.vitals.findings[0].code == "run.dead-units"
    assert "odd" in marks(window).values()


def test_a_column_of_the_heat_map_keeps_what_it_shows() -> None:
    uniform = Measures("", "n", least=0.0, greatest=1.0, histogram=(1,) * BINS)
    assert np.allclose(column(uniform, 0.0, 1.0), 1.0)
    upper = column(uniform, 0.0, 2.0)
    assert np.allclose(upper[: ROWS // 2], 1.0) and np.allclose(upper[ROWS // 2 :], 0.0)
    assert column(Measures("", "n", least=3.0, greatest=3.0, histogram=(5,) + (0,) * (BINS - 1)), 2.0, 4.0).max() == 1.0

"""The session: the one way to edit, and what it tells."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.session import Session
from graph_engine.errors import DocumentError, ParamError, UnwritableError
from graph_engine.graph.commands import SetParams
from graph_engine.graph.modes import SetMode
from graph_engine.templates import template


@pytest.fixture
def session(qtbot: QtBot) -> Session:
    return Session(template("cnn_digits").open())


def test_an_edit_is_told_then_checked(session: Session) -> None:
    seen: list[str] = []
    session.changed.connect(lambda changes: seen.append(f"changed {changes[0].kind}"))
    session.checked_changed.connect(lambda checked: seen.append(f"checked {checked is session.checked}"))
    conv = session.graph.named("conv1").id
    session.execute(SetParams(conv, {"out_channels": 16}))
    assert seen == ["changed node", "checked True"]
    assert session.checked.nodes[conv].parameters == 160
    assert session.undo_text == "Set out_channels of conv1"


def test_typing_is_one_step(session: Session) -> None:
    conv = session.graph.named("conv1").id
    for value in (1, 12, 128):
        session.execute(SetParams(conv, {"out_channels": value}), "typing")
    session.undo()
    assert session.graph[conv].params["out_channels"] == 32
    assert not session.is_dirty


def test_refused_edit_changes_nothing(session: Session) -> None:
    with pytest.raises(ParamError):
        session.execute(SetParams(session.graph.named("conv1").id, {"out_channels": -1}))
    assert not session.is_dirty
    assert not session.undo_text


def test_saving_makes_clean_and_undo_makes_dirty(session: Session, tmp_path: Path) -> None:
    session.execute(SetParams(session.graph.named("conv1").id, {"out_channels": 16}))
    session.save(tmp_path / "a.archloom")
    assert not session.is_dirty
    assert session.title == "a"
    session.undo()
    assert session.is_dirty


def test_failed_open_and_save_leave_all_as_it_was(session: Session, tmp_path: Path) -> None:
    graph = session.graph
    (tmp_path / "bad.archloom").write_text("{}")
    with pytest.raises(DocumentError):
        session.open(tmp_path / "bad.archloom")
    with pytest.raises(UnwritableError):
        session.save(tmp_path / "missing" / "a.archloom")
    assert session.graph is graph
    assert session.path is None


def test_an_old_graph_is_heard_no_more(session: Session) -> None:
    old = session.graph
    session.new()
    seen: list[object] = []
    session.changed.connect(seen.append)
    old.set("n2", out_channels=3)
    assert not seen


def test_a_group_that_does_not_compute_can_be_entered_and_edited(qtbot: QtBot) -> None:
    document = template("cnn_digits").open()
    group = document.group([document.named("conv1"), document.named("relu1")], "Stage")
    session = Session(document)
    for mode in ("muted", "bypassed"):
        session.execute(SetMode([group.id], mode))  # type: ignore[arg-type]
        session.enter(group.id)
        assert session.checked.nodes[session.graph.named("conv1").id].status == "waiting"
        session.execute(SetParams(session.graph.named("conv1").id, {"out_channels": 3}))
        session.leave()
    session.execute(SetMode([group.id], "active"))
    session.enter(group.id)
    assert session.checked.nodes[session.graph.named("conv1").id].status == "ok"

"""Auto layout shows cards on their way: short, ended by the hand, one step to undo, and not at all where nothing is to move."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QStyle
from pytestqt.qtbot import QtBot

from app.canvas.glide import Glide
from app.window import MainWindow
from graph_engine.document.write import to_text
from graph_engine.graph.commands import Move, RemoveNodes


class Still:
    """The style of a platform whose user wants no motion."""

    def styleHint(self, hint: QStyle.StyleHint, *_: object) -> int:  # noqa: N802 (Qt's name)
        return 0


def gliding(window: MainWindow) -> list[Glide]:
    return [glide for glide in window.canvas.findChildren(Glide) if glide.state() == Glide.State.Running]


def as_shown(window: MainWindow) -> dict[str, tuple[float, float]]:
    return {id: (item.x(), item.y()) for id, item in window.canvas.canvas.nodes.items()}


def as_is(window: MainWindow) -> dict[str, tuple[float, float]]:
    return {node.id: node.position for node in window.session.graph}


def test_cards_glide_and_arrive_and_it_is_one_step(qtbot: QtBot, window: MainWindow) -> None:
    before, start = to_text(window.session.document), as_is(window)
    window.actions_["layout_down"].trigger()
    assert as_is(window) != start
    assert as_shown(window) == start
    qtbot.waitUntil(lambda: as_shown(window) == as_is(window))
    qtbot.waitUntil(lambda: not gliding(window))
    window.undo()
    assert to_text(window.session.document) == before
    assert as_shown(window) == start


def test_a_key_ends_it_at_once(window: MainWindow) -> None:
    window.actions_["layout_down"].trigger()
    assert gliding(window)
    QTest.keyClick(window.canvas, Qt.Key.Key_Shift)
    assert not gliding(window)
    assert as_shown(window) == as_is(window)


@pytest.mark.parametrize("edit", [lambda g: RemoveNodes([g.named("relu2").id]), lambda g: Move({g.named("relu2").id: (7.0, 7.0)})])
def test_an_edit_ends_it(window: MainWindow, edit: Callable) -> None:
    window.actions_["layout_down"].trigger()
    window.session.execute(edit(window.session.graph))
    assert not gliding(window)
    assert as_shown(window) == as_is(window)


def test_another_document_ends_it(window: MainWindow) -> None:
    window.actions_["layout_down"].trigger()
    window.session.new()
    assert not gliding(window)
    assert as_shown(window) == {}


def test_nothing_moves_where_no_motion_is_wanted(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window.canvas, "style", Still)
    window.actions_["layout_down"].trigger()
    assert not gliding(window)
    assert as_shown(window) == as_is(window)


def test_the_direction_belongs_to_the_document_and_layout_keeps_to_it(window: MainWindow) -> None:
    assert window.actions_["layout_across"].isChecked()
    window.actions_["layout_down"].trigger()
    place = as_is(window)
    assert len({x for x, _ in place.values()}) == 1
    window.actions_["layout"].trigger()
    assert as_is(window) == place
    window.session.undo()
    assert window.actions_["layout_across"].isChecked()

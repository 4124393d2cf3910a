"""Text that was typed but not taken over yet, when what it belongs to changes or goes."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from app.panels.group_pages import GroupWords
from app.panels.inspector_pages import ContentPage, NodePage, SeveralPage
from app.window import MainWindow
from graph_engine.document.write import to_text
from graph_engine.templates import template


def begin_name(window: MainWindow, node: str) -> QLineEdit:
    """Types a name for a node into the inspector and stays in the field."""
    window.canvas.select([node])
    assert isinstance(window.inspector.page, NodePage)
    field = window.inspector.page.name
    field.setFocus()
    field.clear()
    QTest.keyClicks(field, "typed")
    return field


def test_a_name_that_is_being_typed_does_not_get_into_another_document(window: MainWindow) -> None:
    begin_name(window, window.session.graph.named("conv1").id)
    window.session.new(template("cnn_digits").open())
    assert to_text(window.session.document) == to_text(template("cnn_digits").open())
    assert not window.session.history.done


def test_a_name_that_is_being_typed_goes_with_its_node(window: MainWindow) -> None:
    window.canvas.setFocus()
    window.edits.add("Dropout")
    [node] = window.canvas.selected_nodes()
    begin_name(window, node)
    window.session.undo()
    assert node not in window.session.graph and not window.session.history.done
    window.session.redo()
    assert window.session.graph[node].name == "dropout1"


def test_a_name_that_is_being_typed_is_taken_over_when_something_else_is_selected(window: MainWindow) -> None:
    node = window.session.graph.named("conv1").id
    begin_name(window, node)
    window.canvas.select([])
    assert window.session.graph[node].name == "typed" and [c.text for c in window.session.history.done] == ["Rename to typed"]


def test_words_that_are_being_typed_get_to_their_own_group(window: MainWindow) -> None:
    session = window.session
    window.canvas.select([session.graph.named(n).id for n in ("conv1", "relu1")])
    window.edits.group()
    [group] = window.canvas.selected_nodes()
    session.enter(group)
    assert isinstance(window.inspector.page, ContentPage)
    field = window.inspector.page.findChildren(GroupWords)[0].name
    field.setFocus()
    field.clear()
    QTest.keyClicks(field, "Stage")
    session.leave()
    assert [d.name for d in session.document.definitions.values()] == ["Stage"]
    assert session.document.name != "Stage"


def test_arrow_keys_leave_values_that_differ_alone(window: MainWindow) -> None:
    graph = window.session.graph
    window.canvas.select([graph.named("conv1").id, graph.named("conv2").id])
    assert isinstance(window.inspector.page, SeveralPage)
    field = window.inspector.page.form.rows["out_channels"].editor.findChildren(QLineEdit)[0]
    assert field.placeholderText() == "mixed"
    QTest.keyClick(field, Qt.Key.Key_Up)
    assert not window.session.history.done

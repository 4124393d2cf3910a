"""Groups as a user works with them: made, entered, edited, repeated, left, undone."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from app.panels.inspector_pages import ContentPage, DocumentPage, NodePage
from app.window import MainWindow
from graph_engine import Graph
from graph_engine.document.read import from_text
from graph_engine.document.write import to_text
from graph_engine.graph.commands import SetParams
from graph_engine.graph.definition import Exposed
from graph_engine.graph.groups import SetExposed
from tests.app.canvas.hands import Hands

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def make_group(window: MainWindow, *names: str) -> str:
    graph = window.session.graph
    before = set(graph.nodes)
    window.canvas.setFocus()
    window.canvas.select([graph.named(n).id for n in names])
    QTest.keyClick(window.canvas, Qt.Key.Key_G, CTRL | SHIFT)
    [made] = graph.nodes.keys() - before
    return made


def test_keys_make_enter_leave_and_dissolve(window: MainWindow) -> None:
    session, before = window.session, to_text(window.session.document)
    node = make_group(window, "conv1", "relu1", "max_pool1")
    assert window.canvas.selected_nodes() == (node,)
    QTest.keyClick(window.canvas, Qt.Key.Key_F2)
    assert isinstance(window.inspector.page, NodePage) and QApplication.focusWidget() is not window.canvas
    QTest.keyClicks(QApplication.focusWidget(), "Stage")
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    assert [d.name for d in session.document.definitions.values()] == ["Stage"]
    assert session.graph[node].name == "stage1"
    assert window.palette_panel.tree.model().index(0, 0).data() == "Group"
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_Tab)
    assert session.place == (node,) and "conv1" in {n.name for n in session.graph}
    assert [b.text() for b in window.canvas.trail.steps] == [session.document.name, "Stage"]
    assert window.canvas.trail.isVisible() and isinstance(window.inspector.page, ContentPage)
    QTest.keyClick(window.canvas, Qt.Key.Key_Escape)
    assert session.place == () and window.canvas.selected_nodes() == (node,) and not window.canvas.trail.isVisible()
    QTest.keyClick(window.canvas, Qt.Key.Key_U, CTRL | SHIFT)
    assert not session.document.definitions and "conv1" in {n.name for n in session.graph}
    while session.history.done:
        session.undo()
    assert to_text(session.document) == before


def test_a_double_click_enters_and_the_trail_leads_back(window: MainWindow) -> None:
    node = make_group(window, "conv1", "relu1", "max_pool1")
    hands = Hands(window.canvas, window.session)
    window.canvas.set_zoom(1.0)
    window.canvas.center_on(node, animate=False)
    rect = window.canvas.canvas.content_rect([node])
    QTest.mouseDClick(window.canvas.viewport(), Qt.MouseButton.LeftButton, pos=hands.place(rect.center().x(), rect.top() + 10))
    assert window.session.place == (node,)
    QTest.mouseClick(window.canvas.trail.steps[0], Qt.MouseButton.LeftButton)
    assert window.session.place == ()


def test_an_edit_inside_shows_outside_and_undo_goes_to_it(window: MainWindow) -> None:
    session = window.session
    node = make_group(window, "conv1", "relu1", "max_pool1")
    session.enter(node)
    conv = session.graph.named("conv1")
    session.execute(SetParams(conv.id, {"out_channels": 7}))
    assert session.checked.shapes[conv.id]["output"][1] == 7
    session.leave()
    assert session.checked.shapes[node]["output"][1] == 7
    assert isinstance(window.inspector.page, NodePage)
    session.undo()
    assert session.place == (node,) and conv.params["out_channels"] == 32
    session.undo()
    assert session.place == () and not session.document.definitions
    session.redo()
    session.redo()
    assert session.place == (node,) and conv.params["out_channels"] == 7


def test_a_finding_inside_is_told_and_its_repair_works_from_outside(window: MainWindow, qtbot: QtBot) -> None:
    session = window.session
    node = make_group(window, "conv1", "relu1", "max_pool1")
    session.enter(node)
    conv = session.graph.named("conv1")
    session.execute(SetParams(conv.id, {"kernel_size": 40}))
    session.leave()
    item = window.canvas.canvas.nodes[node]
    assert item.state().severity == "error"
    window.docks.show("problems")
    row = window.problems.list.row_widget(0)
    assert row.diagnostic.path == (node,)
    window.problems.list.itemClicked.emit(window.problems.list.item(0))
    assert session.place == (node,) and window.canvas.selected_nodes() == (conv.id,)
    session.leave()
    qtbot.mouseClick(window.problems.list.row_widget(0).fix_buttons[0], Qt.MouseButton.LeftButton)
    assert session.report.ok


def test_exposed_on_the_group_a_parameter_is_set_outside(window: MainWindow) -> None:
    session = window.session
    node = make_group(window, "conv1", "relu1", "max_pool1")
    session.enter(node)
    conv = session.graph.named("conv1")
    window.canvas.select([conv.id])
    page = window.inspector.page
    assert isinstance(page, NodePage)
    [button] = [b for b in page.findChildren(type(page.expose)) if b is page.expose]
    button.menu().aboutToShow.emit()
    next(a for a in button.menu().actions() if a.text() == "out_channels").trigger()
    session.leave()
    assert session.graph[node].params["out_channels"] == 32
    session.execute(SetParams(node, {"out_channels": 5, "repeat": 1}))
    assert session.checked.shapes[node]["output"][1] == 5
    assert "out_channels=5" in window.session.document.to_python()


def test_without_a_group_the_page_is_the_documents(window: MainWindow) -> None:
    node = make_group(window, "conv1", "relu1", "max_pool1")
    window.canvas.select(())
    assert isinstance(window.inspector.page, DocumentPage)
    window.session.enter(node)
    assert isinstance(window.inspector.page, ContentPage)
    window.session.new()
    assert window.session.place == () and isinstance(window.inspector.page, DocumentPage)


def test_shared_weights_are_shown_and_stopped(window: MainWindow) -> None:
    session, actions = window.session, window.actions_
    graph = session.graph
    a, b = graph.named("relu1").id, graph.named("relu2").id
    window.canvas.setFocus()
    window.canvas.select([a, b])
    actions["share"].trigger()
    assert graph.owners == {b: a}
    window.canvas.select([b])
    page = window.inspector.page
    assert isinstance(page, NodePage) and "relu1" in page.sharing.text() and actions["unshare"].isEnabled()
    actions["unshare"].trigger()
    assert not graph.owners


def test_a_card_expands_to_show_what_is_inside(window: MainWindow) -> None:
    session = window.session
    node = make_group(window, "conv1", "relu1", "max_pool1")
    window.canvas.setFocus()
    window.canvas.select([node])
    item = window.canvas.canvas.nodes[node]
    low = item.layout.height
    window.actions_["expand"].trigger()
    assert session.graph[node].form == "expanded" and item.layout.height > low
    assert not window.canvas.grab().isNull()
    assert from_text(to_text(session.document), Graph).nodes[node].form == "expanded"
    session.undo()
    assert session.graph[node].form == "whole" and item.layout.height == low


def test_what_a_group_refuses_is_told(window: MainWindow) -> None:
    session = window.session
    node = make_group(window, "conv1", "relu1", "max_pool1")
    told: list[str] = []
    window.inspector.failed.connect(told.append)
    session.enter(node)
    conv = session.graph.named("conv1")
    session.execute(SetExposed([Exposed("channels", conv.id, "out_channels")]))
    window.canvas.select(())
    page = window.inspector.page
    assert isinstance(page, ContentPage)
    [field] = page._exposed.findChildren(QLineEdit)
    field.setText("two words")
    field.editingFinished.emit()
    page._words.name.setText("")
    page._words.name.editingFinished.emit()
    assert [text.partition(" cannot")[0] for text in told] == ["'two words'", "A group needs a name."]
    assert field.text() == "channels" and page._words.name.text() == "Block"

"""The history panel: all steps, and a click goes to any of them."""

from __future__ import annotations

from app.window import MainWindow
from graph_engine.document.write import to_text
from graph_engine.graph.commands import Rename, SetParams


def test_a_click_goes_to_any_step(window: MainWindow) -> None:
    session, panel = window.session, window.history
    window.docks.show("history")
    texts = [to_text(session.document)]
    node = session.graph.named("conv1")
    for command in (SetParams(node.id, {"out_channels": 5}), Rename(node.id, "first"), SetParams(node.id, {"bias": False})):
        session.execute(command)
        texts.append(to_text(session.document))
    rows = panel.list
    assert [rows.item(i).text() for i in range(rows.count())] == [
        "As opened", "Set out_channels of conv1", "Rename to first", "Set bias of first",
    ]  # fmt: skip
    assert rows.currentRow() == 3
    for place in (1, 3, 0, 2):
        rows.itemClicked.emit(rows.item(place))
        assert to_text(session.document) == texts[place]
        assert rows.currentRow() == place and rows.count() == 4
    session.execute(SetParams(node.id, {"out_channels": 9}))
    assert rows.count() == 4 and rows.currentRow() == 3
    session.new()
    assert panel._stack.currentIndex() == 1

"""A finding explains itself, and is silenced and told again."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.panels.inspector_pages import NodePage
from app.panels.problems import Finding
from app.window import MainWindow
from tests.data.faults.networks import NETWORKS


def test_a_finding_is_explained_silenced_and_told_again(qtbot: QtBot, window: MainWindow) -> None:
    graph = NETWORKS["cnn"]()
    conv = graph.named("conv1")
    graph.set(conv, bias=True)
    window.session.new(graph)
    panel = window.problems
    assert panel.list.count() == 1
    finding = panel.list.row_widget(0)
    assert isinstance(finding, Finding)
    shown = finding.explanation()
    assert any("does nothing" in label.text() for label in shown.findChildren(QLabel))
    shown.silence.click()
    assert panel.list.count() == 0 and conv.silenced == {"lint.bias-before-norm"}

    page = NodePage(window.session, conv.id)
    qtbot.addWidget(page)
    assert "lint.bias-before-norm" in page._silenced.text()
    page._silenced.linkActivated.emit("#")
    assert panel.list.count() == 1 and not conv.silenced
    window.session.undo()
    assert conv.silenced and panel.list.count() == 0


def test_an_error_offers_no_silence(qtbot: QtBot, window: MainWindow) -> None:
    graph = NETWORKS["cnn"]()
    graph.remove(graph.named("y"))
    window.session.new(graph)
    finding = next(
        widget
        for i in range(window.problems.list.count())
        if isinstance(widget := window.problems.list.row_widget(i), Finding) and widget.diagnostic.code == "graph.no-output"
    )
    shown = finding.explanation()
    assert shown.silence.isHidden()

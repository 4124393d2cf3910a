"""The tour: once by itself, from Help at any time, by keys alone, in windows of any size, and never in the way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from graph_engine.document.write import to_text
from graph_engine.templates import template


def area(window: MainWindow, widget: QWidget) -> QRect:
    return QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())


def test_five_steps_by_keys_point_at_the_parts_of_the_window(window: MainWindow) -> None:
    window.actions_["tour"].trigger()
    tour = window.tour
    assert tour.card.next_button.hasFocus()
    parts = [window.docks.all["blocks"], window.canvas, *(window.docks.all[n] for n in ("inspector", "code", "training"))]
    titles = []
    for number, part in enumerate(parts):
        assert tour.card.count.text() == f"{number + 1} of 5"
        assert part.isVisible()
        assert tour.ring.geometry() == area(window, part)
        assert window.rect().contains(tour.card.geometry())
        if part is not window.canvas:
            assert not tour.card.geometry().intersects(area(window, part))
        titles.append(tour.card.title.text())
        assert tour.card.next_button.hasFocus()
        QTest.keyClick(tour.card.next_button, Qt.Key.Key_Right)
    assert len(set(titles)) == 5
    assert tour.step is None
    assert tour.card.isHidden() and tour.ring.isHidden()
    assert window.canvas.hasFocus()


def test_back_and_esc(window: MainWindow) -> None:
    window.tour.begin()
    QTest.keyClick(window.tour.card.next_button, Qt.Key.Key_Return)
    QTest.keyClick(window.tour.card.next_button, Qt.Key.Key_Left)
    assert window.tour.step == 0
    QTest.keyClick(window.tour.card.next_button, Qt.Key.Key_Left)
    assert window.tour.step == 0
    QTest.keyClick(window.tour.card.next_button, Qt.Key.Key_Escape)
    assert window.tour.step is None


def test_it_comes_by_itself_with_the_first_document_and_never_again(make_window: Callable[[], MainWindow]) -> None:
    first = make_window()
    first.tour.offer_once()
    assert first.tour.step is None, "the start page is not covered"
    first.documents.new_from(template("cnn_digits"))
    assert first.tour.step == 0
    assert first.canvas.hasFocus(), "who did not ask for it goes on typing"
    QTest.keyClick(first.canvas, Qt.Key.Key_Escape)
    assert first.tour.step is None
    first.documents.new_from(template("mlp_digits"))
    assert first.tour.step is None
    again = make_window()
    again.tour.offer_once()
    again.documents.new_from(template("cnn_digits"))
    assert again.tour.step is None
    again.actions_["tour"].trigger()
    assert again.tour.step == 0


def test_the_window_stays_usable(qtbot: QtBot, window: MainWindow) -> None:
    window.tour.begin()
    before = to_text(window.session.document)
    window.canvas.setFocus()
    window.canvas.select([window.session.graph.named("relu1").id])
    QTest.keyClick(window.canvas, Qt.Key.Key_Delete)
    assert to_text(window.session.document) != before
    window.undo()
    assert to_text(window.session.document) == before
    assert window.tour.step == 0
    window.tour.leave()
    assert window.canvas.hasFocus()


def test_the_start_page_ends_it(window: MainWindow) -> None:
    window.tour.begin()
    window.show_start_page()
    assert window.tour.step is None
    assert not window.actions_["tour"].isEnabled()


@pytest.mark.parametrize("size", [(760, 520), (1280, 800), (1920, 1080)])
def test_every_card_is_whole_at_every_size_and_in_both_themes(qtbot: QtBot, window: MainWindow, size: tuple[int, int]) -> None:
    window.tour.begin()
    window.resize(*size)
    for mode in ("dark", "light"):
        window.set_theme(mode)
        for _ in range(5):
            card = window.tour.card
            qtbot.waitUntil(lambda card=card: window.rect().contains(card.geometry()))
            for label in (card.title, card.words):
                assert label.height() >= label.heightForWidth(label.width())
            window.tour.next()
        window.tour.begin()

"""Frames and notes, with real events: made, moved with what lies in them, resized, worded, coloured, removed; each is one step."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.canvas.annotations import HUES
from app.theme.tokens import LIGHT
from graph_engine.document.write import to_text
from graph_engine.graph.annotation import COLOURS, Annotation
from tests.app.canvas.hands import Hands
from tests.app.canvas.test_gestures import CTRL, SHIFT, selected


def framed(hands: Hands, *names: str) -> Annotation:
    """A frame around some nodes, with its title as it is first."""
    hands.view.select([hands.id(n) for n in names])
    hands.view.annotating.add_frame()
    hands.view.annotating.finish()
    return list(hands.graph.annotations.values())[-1]


def title(hands: Hands, frame: Annotation) -> QPoint:
    return hands.place(frame.rect[0] + 60, frame.rect[1] + 12)


def test_every_colour_has_its_hue() -> None:
    assert set(HUES) == set(COLOURS)
    assert set(HUES.values()) <= set(LIGHT.category)


def test_a_frame_goes_around_the_selected_nodes_and_takes_a_title(hands: Hands) -> None:
    hands.view.select([hands.id("conv"), hands.id("relu")])
    hands.view.annotating.add_frame()
    editor = hands.view.annotating.editor
    assert editor is not None and editor.hasFocus()
    QTest.keyClicks(editor, "Encoder")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    [frame] = hands.graph.annotations.values()
    assert frame.text == "Encoder"
    assert set(hands.view.canvas.nodes_framed(frame.rect)) == {hands.id("conv"), hands.id("relu")}
    assert hands.steps() == ["Add Frame"]
    assert hands.view.hasFocus()
    hands.session.undo()
    assert not hands.graph.annotations
    assert not hands.view.canvas.annotations.items
    hands.session.redo()
    assert hands.graph.annotations[frame.id] == frame


def test_a_frame_moves_what_lies_in_it(hands: Hands) -> None:
    frame = framed(hands, "conv", "relu")
    before = to_text(hands.graph)
    start = title(hands, frame)
    hands.drag(start, start + QPoint(64, 32))
    assert hands.graph.named("conv").position == (336, 32)
    assert hands.graph.named("relu").position == (608, 32)
    assert hands.graph.named("x").position == (0, 0)
    assert hands.graph.annotations[frame.id].rect[:2] == (frame.rect[0] + 64, frame.rect[1] + 32)
    assert hands.steps()[1:] == ["Move"]
    hands.session.undo()
    assert to_text(hands.graph) == before


def test_a_frame_drag_is_taken_back_with_esc(hands: Hands) -> None:
    frame = framed(hands, "conv")
    start = title(hands, frame)
    hands.press(start)
    hands.move(start + QPoint(64, 32))
    assert hands.view.canvas.nodes[hands.id("conv")].x() == 336
    hands.key(Qt.Key.Key_Escape)
    hands.release(start)
    assert hands.view.canvas.nodes[hands.id("conv")].x() == 272
    assert hands.view.canvas.annotations.items[frame.id].rect == frame.rect
    assert len(hands.steps()) == 1


def test_the_corner_resizes(hands: Hands) -> None:
    frame = framed(hands, "conv")
    left, top, width, height = frame.rect
    corner = hands.place(left + width - 5, top + height - 5)
    hands.drag(corner, corner + QPoint(48, 64))
    assert hands.graph.annotations[frame.id].rect == (left, top, width + 48, height + 64)
    assert hands.graph.named("conv").position == (272, 0)


def test_inside_a_frame_one_selects_nodes(hands: Hands) -> None:
    frame = framed(hands, "conv")
    hands.view.select(())
    hands.click(hands.body("conv"))
    assert selected(hands) == ["conv"]
    assert hands.view.selected_annotations() == ()
    hands.click(title(hands, frame))
    assert hands.view.selected_annotations() == (frame.id,)
    assert selected(hands) == []
    hands.click(hands.body("relu"), SHIFT)
    hands.key(Qt.Key.Key_Escape)
    assert hands.view.selected_annotations() == ()


def test_a_note_is_written_recoloured_and_double_clicked(hands: Hands) -> None:
    hands.move(hands.place(0, 300))
    hands.view.annotating.add_note()
    editor = hands.view.annotating.editor
    assert editor is not None
    QTest.keyClicks(editor, "why so deep?")
    hands.view.annotating.finish()
    [note] = hands.graph.annotations.values()
    assert (note.kind, note.text) == ("note", "why so deep?")
    hands.view.annotating.paint("teal")
    assert hands.graph.annotations[note.id].colour == "teal"
    assert hands.steps() == ["Add Note", "Change colour"]
    middle = hands.place(note.rect[0] + 50, note.rect[1] + 40)
    QTest.mouseDClick(hands.view.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    editor = hands.view.annotating.editor
    assert editor is not None
    QTest.keyClicks(editor, "never mind")
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    assert hands.graph.annotations[note.id].text == "why so deep?"


@pytest.mark.parametrize("zoom", [1.0, 0.4, 0.2])
def test_they_are_seen_at_every_zoom(hands: Hands, zoom: float) -> None:
    frame = framed(hands, "conv", "relu")
    hands.view.select(())
    hands.view.set_zoom(zoom)
    hands.view.centerOn(*[frame.rect[0] + frame.rect[2] / 2, frame.rect[1] + frame.rect[3] / 2])
    image = hands.view.grab().toImage()
    inside = hands.place(frame.rect[0] + frame.rect[2] - 20, frame.rect[1] + frame.rect[3] - 12)
    outside = hands.place(frame.rect[0] - 30, frame.rect[1] - 30)
    assert image.pixelColor(inside) != image.pixelColor(outside)


def test_select_all_fits_and_knife_pass_by(hands: Hands) -> None:
    frame = framed(hands, "x")
    start = title(hands, frame)
    hands.drag(start, start + QPoint(-2000, 0))
    assert hands.view.canvas.content_rect().left() < -1900
    hands.drag(hands.place(600, 400), hands.place(640, 420), CTRL)
    assert hands.graph.annotations[frame.id]

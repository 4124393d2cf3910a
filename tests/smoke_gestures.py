"""Plays every gesture of the canvas with real X events, and looks at the document after each; then Ctrl+Z must bring back what was.

Run under Xvfb: ``xvfb-run -a python -m tests.smoke_gestures [NAME …]``. Needs xdotool. The window is in this process, so that a gesture
knows where the cards are; what moves pointer and keys is xdotool, so all comes through the X server.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "xcb"

from PySide6.QtCore import QPoint, QSettings
from PySide6.QtWidgets import QApplication, QWidget

from app.canvas.geometry import WIDTH
from app.preferences import Preferences
from app.startup import make_application, make_window
from app.window import MainWindow
from graph_engine import Graph
from graph_engine.document.write import to_text
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import Node

PAUSE = 0.12
"""Seconds in which the window does what events ask for."""


class Hands:
    """Mouse and keys, in the words of a user: nodes by name, ports by name, points of the scene."""

    def __init__(self, window: MainWindow):
        self.window = window
        self.view = window.canvas

    # what is there

    @property
    def graph(self) -> CoreGraph:
        return self.window.session.graph

    @property
    def names(self) -> set[str]:
        return {node.name for node in self.graph}

    @property
    def edges(self) -> set[str]:
        return {f"{self.graph[e.source].name} > {self.graph[e.target].name}" for e in self.graph.edges.values()}

    @property
    def selected(self) -> list[str]:
        return [self.graph[id].name for id in self.view.selected_nodes()]

    def node(self, name: str) -> Node:
        return self.graph.named(name)

    def spot(self, x: float, y: float) -> QPoint:
        """A point of the scene on the screen."""
        return self.view.viewport().mapToGlobal(self.view.mapFromScene(x, y))

    def body(self, name: str) -> QPoint:
        item = self.view.canvas.nodes[self.node(name).id]
        return self.spot(item.x() + WIDTH / 2, item.y() + 12)

    def port(self, name: str, port: str = "input") -> QPoint:
        item = self.view.canvas.nodes[self.node(name).id]
        place = next(p for p in item.layout.ports if p.name == port)
        return self.spot(item.x() + place.x, item.y() + place.y)

    # what is done

    def do(self, *arguments: str | int) -> None:
        """Gives arguments to xdotool, and lets the window live meanwhile."""
        tool = subprocess.Popen(["xdotool", *map(str, arguments)])
        while tool.poll() is None:
            QApplication.processEvents()
            time.sleep(0.002)
        assert tool.returncode == 0
        self.wait()

    @staticmethod
    def wait(seconds: float = PAUSE) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            QApplication.processEvents()
            time.sleep(0.002)

    def go(self, at: QPoint) -> None:
        self.do("mousemove", at.x(), at.y())

    def click(self, at: QPoint, *keys: str, times: int = 1) -> None:
        downs, ups = ([word for key in keys for word in (what, key)] for what in ("keydown", "keyup"))
        self.do("mousemove", at.x(), at.y(), *downs, "click", "--repeat", times, "--delay", 60, 1, *ups)

    def drag(self, *way: QPoint, keys: tuple[str, ...] = (), button: int = 1) -> None:
        """Along a way of points, in steps small enough to be taken for a hand."""
        downs, ups = ([word for key in keys for word in (what, key)] for what in ("keydown", "keyup"))
        moves: list[str | int] = []
        for start, end in pairwise(way):
            for i in range(1, 7):
                at = start + (end - start) * i / 6
                moves += ["mousemove", at.x(), at.y(), "sleep", "0.01"]
        first = way[0]
        self.do("mousemove", first.x(), first.y(), *downs, "mousedown", button, *moves, "sleep", "0.05", "mouseup", button, *ups)

    def keys(self, *keys: str) -> None:
        self.do("key", "--delay", 30, *keys)

    def type(self, text: str) -> None:
        self.do("type", "--delay", 12, text)

    def search(self, text: str) -> None:
        """Answers the search that has opened."""
        assert self.window.searches.popup is not None, "no search has opened"
        self.type(text)
        self.keys("Return")
        assert self.window.searches.popup is None, "the search is still open"


Gesture = Callable[[Hands], None]
GESTURES: dict[str, Gesture] = {}


def gesture(play: Gesture) -> Gesture:
    """Puts a gesture into the table."""
    GESTURES[play.__name__] = play
    return play


EMPTY = (0.0, 400.0)
"""A point of the scene without anything."""


# adding


@gesture
def space_searches(h: Hands) -> None:
    h.go(h.spot(*EMPTY))
    h.keys("space")
    h.search("dropout1d")
    assert "dropout1" in h.names


@gesture
def double_click_searches(h: Hands) -> None:
    h.click(h.spot(*EMPTY), times=2)
    h.search("sigmoid")
    assert "sigmoid1" in h.names


@gesture
def an_edge_dropped_on_nothing_searches(h: Hands) -> None:
    h.drag(h.port("relu", "output"), h.spot(816, 300))
    h.search("tanh")
    assert "relu > tanh1" in h.edges


@gesture
def a_block_is_dragged_from_the_palette(h: Hands) -> None:
    panel = h.window.palette_panel
    h.click(centre(panel.field))
    h.type("dropout1d")
    h.wait(0.3)
    row = panel.tree.visualRect(panel.tree.currentIndex()).center()
    h.drag(panel.tree.viewport().mapToGlobal(row), h.spot(-60, 400), h.spot(*EMPTY))
    assert "dropout1" in h.names


@gesture
def a_node_dropped_on_an_edge_is_put_into_it(h: Hands) -> None:
    x, y = h.node("loose").position
    into, out = h.port("conv"), h.port("x", "output")
    to = h.spot((x + WIDTH / 2), y + 12)
    middle = (into + out) / 2
    card = h.view.canvas.nodes[h.node("loose").id].layout.height
    h.drag(to, middle + QPoint(0, 12 - round(card / 2 * h.view.zoom)))
    assert {"x > loose", "loose > conv"} <= h.edges


# edges


@gesture
def an_edge_is_drawn(h: Hands) -> None:
    h.drag(h.port("relu", "output"), h.port("loose"))
    assert "relu > loose" in h.edges


@gesture
def an_edge_is_drawn_backwards(h: Hands) -> None:
    h.drag(h.port("loose"), h.port("conv", "output"))
    assert "conv > loose" in h.edges


@gesture
def an_edge_is_rerouted(h: Hands) -> None:
    h.drag(h.port("relu"), h.port("loose"))
    assert "conv > loose" in h.edges and "conv > relu" not in h.edges


@gesture
def an_edge_is_pulled_off(h: Hands) -> None:
    h.drag(h.port("relu"), h.spot(700, 330))
    assert "conv > relu" not in h.edges


@gesture
def alt_click_breaks_an_edge(h: Hands) -> None:
    h.click((h.port("conv", "output") + h.port("relu")) / 2, "alt")
    assert "conv > relu" not in h.edges


@gesture
def ctrl_drag_cuts(h: Hands) -> None:
    x = (h.port("conv", "output") + h.port("relu")) / 2
    h.drag(x - QPoint(0, 90), x + QPoint(0, 90), keys=("ctrl",))
    assert "conv > relu" not in h.edges


@gesture
def escape_takes_a_gesture_back(h: Hands) -> None:
    at, to = h.port("relu"), h.port("loose")
    h.do("mousemove", at.x(), at.y(), "mousedown", 1, "mousemove", to.x(), to.y(), "sleep", "0.05", "key", "Escape", "mouseup", 1)
    assert "conv > relu" in h.edges and not h.view.canvas.drafts


# moving


@gesture
def a_card_is_dragged(h: Hands) -> None:
    h.drag(h.body("loose"), h.body("loose") + QPoint(64, 32))
    assert h.node("loose").position != (272.0, 192.0)


@gesture
def arrows_nudge(h: Hands) -> None:
    h.click(h.body("loose"))
    x, y = h.node("loose").position
    h.keys("Right", "Right", "Down")
    assert h.node("loose").position[0] > x and h.node("loose").position[1] > y


@gesture
def alt_drag_takes_out(h: Hands) -> None:
    h.drag(h.body("conv"), h.spot(360, 340), keys=("alt",))
    assert h.edges == {"x > relu", "relu > y"}


@gesture
def a_shake_takes_out(h: Hands) -> None:
    at = h.body("conv")
    to_and_fro = [at + QPoint(40 * (i % 2), 2 * i) for i in range(9)]
    h.drag(*to_and_fro, at + QPoint(0, 170))
    assert "x > relu" in h.edges


@gesture
def ctrl_l_connects_in_a_row(h: Hands) -> None:
    h.click(h.body("conv"))
    h.click(h.body("loose"), "shift")
    h.keys("ctrl+l")
    assert "conv > loose" in h.edges


@gesture
def the_layout_is_made(h: Hands) -> None:
    h.drag(h.body("conv"), h.spot(500, 420))
    before = h.node("conv").position
    h.click(h.spot(700, 420))
    h.keys("l")
    assert h.node("conv").position != before


@gesture
def edges_are_straightened(h: Hands) -> None:
    h.drag(h.body("relu"), h.body("relu") + QPoint(0, 64))
    h.click(h.body("relu"))
    h.keys("q")
    assert abs(h.port("relu").y() - h.port("conv", "output").y()) <= 1


@gesture
def cards_are_aligned_by_the_search_of_actions(h: Hands) -> None:
    h.click(h.body("conv"))
    h.click(h.body("loose"), "shift")
    h.keys("ctrl+shift+p")
    h.search("align right")
    assert h.node("conv").position[0] == h.node("loose").position[0]


# selecting


@gesture
def a_box_selects(h: Hands) -> None:
    h.drag(h.spot(200, -60), h.spot(740, 120))
    assert set(h.selected) == {"conv", "relu"}


@gesture
def a_lasso_selects(h: Hands) -> None:
    corners = [h.spot(x, y) for x, y in ((240, -50), (470, -50), (470, 130), (240, 130), (240, -50))]
    h.drag(*corners, keys=("ctrl", "alt"))
    assert h.selected == ["conv"]


@gesture
def shift_and_ctrl_clicks_select(h: Hands) -> None:
    h.click(h.body("conv"))
    h.click(h.body("relu"), "shift")
    h.click(h.body("conv"), "ctrl")
    assert h.selected == ["relu"]


@gesture
def brackets_select_streams(h: Hands) -> None:
    h.click(h.body("conv"))
    h.keys("bracketright")
    assert set(h.selected) == {"conv", "relu", "y"}
    h.wait(0.5)  # or it would be a double-click
    h.click(h.body("conv"))
    h.keys("bracketleft")
    assert set(h.selected) == {"conv", "x"}


@gesture
def ctrl_arrows_walk(h: Hands) -> None:
    h.click(h.body("conv"))
    h.keys("ctrl+Right")
    assert h.selected == ["relu"]
    h.keys("ctrl+Left", "ctrl+Left")
    assert h.selected == ["x"]


@gesture
def ctrl_f_finds(h: Hands) -> None:
    h.click(h.spot(*EMPTY))
    h.keys("ctrl+f")
    h.search("relu")
    assert h.selected == ["relu"]


# looking


@gesture
def the_wheel_zooms_at_the_pointer(h: Hands) -> None:
    at, zoom = h.body("conv"), h.view.zoom
    h.go(at)
    h.do("click", 4, "click", 4)
    assert h.view.zoom > zoom and (h.body("conv") - at).manhattanLength() <= 3


@gesture
def the_middle_button_and_space_pan(h: Hands) -> None:
    before = h.body("conv")
    h.drag(h.spot(*EMPTY), h.spot(80, 440), button=2)
    assert h.body("conv") != before
    before = h.body("conv")
    start = h.spot(*EMPTY)
    h.drag(start, start + QPoint(-60, -30), keys=("space",))
    assert h.body("conv") != before and h.window.searches.popup is None


@gesture
def keys_fit_and_bookmarks_remember(h: Hands) -> None:
    h.click(h.body("conv"))
    h.keys("f")
    h.wait(0.4)
    h.keys("ctrl+1")
    near = h.view.camera.shown().center()
    h.keys("Home")
    h.wait(0.4)
    assert (h.view.camera.shown().center() - near).manhattanLength() > 20
    h.keys("1")
    h.wait(0.4)
    assert (h.view.camera.shown().center() - near).manhattanLength() < 2


# nodes


@gesture
def nodes_are_deleted(h: Hands) -> None:
    h.click(h.body("conv"))
    h.keys("Delete")
    assert "conv" not in h.names


@gesture
def everything_is_deleted(h: Hands) -> None:
    h.click(h.spot(*EMPTY))
    h.keys("ctrl+a", "Delete")
    assert not h.names


@gesture
def nodes_are_duplicated(h: Hands) -> None:
    h.click(h.body("conv"))
    h.keys("ctrl+d")
    assert len(h.names) == 6


@gesture
def nodes_are_copied_and_pasted(h: Hands) -> None:
    h.drag(h.spot(200, -60), h.spot(740, 120))
    h.keys("ctrl+c", "ctrl+v")
    assert len(h.names) == 7 and len(h.edges) == 4


@gesture
def nodes_are_pasted_with_what_feeds_them(h: Hands) -> None:
    h.click(h.body("relu"))
    h.keys("ctrl+c", "ctrl+shift+v")
    assert sum(edge.startswith("conv > ") for edge in h.edges) == 2


@gesture
def a_node_is_cut(h: Hands) -> None:
    h.click(h.body("loose"))
    h.keys("ctrl+x")
    assert "loose" not in h.names


@gesture
def a_node_is_renamed(h: Hands) -> None:
    h.click(h.body("conv"))
    h.keys("F2")
    h.type("stem")
    h.keys("Return")
    assert "stem" in h.names
    h.click(h.spot(*EMPTY))


@gesture
def a_node_is_replaced(h: Hands) -> None:
    h.click(h.body("relu"))
    h.keys("shift+s")
    h.search("gelu")
    assert {n.block for n in h.graph} >= {"GELU"} and len(h.edges) == 3


@gesture
def nodes_are_bypassed_and_muted(h: Hands) -> None:
    h.click(h.body("relu"))
    h.keys("ctrl+b")
    assert h.node("relu").mode == "bypassed"
    h.keys("m")
    assert h.node("relu").mode == "muted"


# groups, frames, notes


@gesture
def a_group_is_made_entered_left_and_dissolved(h: Hands) -> None:
    h.drag(h.spot(200, -60), h.spot(740, 120))
    h.keys("ctrl+shift+g")
    assert len(h.names) == 4 and h.window.session.document.definitions
    h.keys("Tab")
    assert "conv" in h.names
    h.keys("Escape")
    assert "conv" not in h.names
    h.keys("ctrl+Return")
    assert "conv" in h.names
    h.keys("u")
    assert "conv" not in h.names
    h.keys("alt+c")
    assert any(n.form == "expanded" for n in h.graph)
    h.keys("ctrl+shift+u")
    assert "conv" in h.names and not h.window.session.place


@gesture
def a_double_click_enters_a_group(h: Hands) -> None:
    h.drag(h.spot(200, -60), h.spot(740, 120))
    h.keys("ctrl+shift+g")
    h.click(h.body(h.selected[0]), times=2)
    assert "conv" in h.names
    h.keys("u")


@gesture
def nodes_are_framed(h: Hands) -> None:
    h.click(h.body("conv"))
    h.keys("ctrl+g")
    h.type("Stem")
    h.keys("Return")
    assert [a.text for a in h.graph.annotations.values()] == ["Stem"]


@gesture
def a_frame_carries_what_is_in_it(h: Hands) -> None:
    h.click(h.body("conv"))
    h.keys("ctrl+g", "Return")
    [frame] = h.graph.annotations.values()
    x, before = frame.rect[0], h.node("conv").position[0]
    at = h.spot(x + 12, frame.rect[1] + 14)
    h.drag(at, at + QPoint(64, 64))
    assert h.node("conv").position[0] > before


@gesture
def a_note_is_written(h: Hands) -> None:
    h.go(h.spot(*EMPTY))
    h.click(h.spot(*EMPTY))
    h.keys("n")
    h.type("Why so deep")
    h.keys("ctrl+Return")
    assert [a.text for a in h.graph.annotations.values()] == ["Why so deep"]


@gesture
def a_card_is_collapsed(h: Hands) -> None:
    h.click(h.body("conv"))
    h.keys("alt+c")
    assert h.node("conv").form == "collapsed"


@gesture
def undo_and_redo(h: Hands) -> None:
    h.click(h.body("conv"))
    h.keys("Delete", "ctrl+z")
    assert "conv" in h.names
    h.keys("ctrl+shift+z")
    assert "conv" not in h.names


def centre(widget: QWidget) -> QPoint:
    """The middle of a widget on the screen."""
    return widget.mapToGlobal(widget.rect().center())


def document() -> Graph:
    """Four nodes in a row and one beside them."""
    graph = Graph("gestures")
    x = graph.add("Input", name="x", shape=[1, 28, 28], position=(0, 0))
    conv = graph.add("Conv2d", name="conv", out_channels=32, kernel_size=3, position=(272, 0))
    relu = graph.add("ReLU", name="relu", position=(544, 0))
    y = graph.add("Output", name="y", position=(816, 0))
    graph.add("Dropout2d", name="loose", position=(272, 192))
    for a, b in ((x, conv), (conv, relu), (relu, y)):
        graph.connect(a, b)
    return graph


@contextmanager
def opened() -> Iterator[Hands]:
    """The program's window on the display, in front, without a training process."""
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("CONFIG", "DATA", "CACHE", "STATE"):
            os.environ[f"XDG_{kind}_HOME"] = str(Path(folder) / kind.lower())
        app = make_application()
        window = make_window(app, Preferences(QSettings(str(Path(folder) / "preferences.ini"), QSettings.Format.IniFormat)))
        window.resize(1600, 950)
        window.show()
        hands = Hands(window)
        hands.wait(0.5)
        hands.do("windowfocus", "--sync", int(window.winId()))
        yield hands
        window.session.new()
        window.close()


def play(hands: Hands, gesture: Gesture) -> None:
    """Plays one gesture on a fresh document, and takes it back."""
    window = hands.window
    window.session.new(document())
    window.show_document()
    window.canvas.set_zoom(0.8)
    window.canvas.centerOn(400, 200)
    hands.go(hands.spot(*EMPTY))
    before = to_text(window.session.document)
    gesture(hands)
    window.canvas.setFocus()
    hands.keys(*["ctrl+z"] * len(window.session.history.done), "Escape")
    assert to_text(window.session.document) == before, "Ctrl+Z did not bring the document back"


def main() -> int:
    """Plays the named gestures, or all; returns how many have failed."""
    chosen = sys.argv[1:] or list(GESTURES)
    began, failed = time.monotonic(), []
    with opened() as hands:
        for name in chosen:
            try:
                play(hands, GESTURES[name])
            except AssertionError as error:
                failed.append(name)
                where = traceback.extract_tb(error.__traceback__)[-1]
                print(f"FAILED {name}, line {where.lineno}: {error or where.line}; {sorted(hands.edges)}, {hands.selected} selected")
                hands.keys("Escape", "Escape")
    print(f"{len(chosen) - len(failed)} of {len(chosen)} gestures with real events in {time.monotonic() - began:.0f} s")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())

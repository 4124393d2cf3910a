"""Follows document, run and selection: what can be done now, and what the window says of them in its title, toolbar and tabs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.actions import QUESTIONS, tooltip
from app.exports import EXPORTS
from graph_engine.graph.annotation import COLOURS
from graph_engine.training.state import RunState

if TYPE_CHECKING:
    from app.window import MainWindow

DOCUMENT_ACTIONS = (
    "save", "save_as", *(f"export_{export.id}" for export in EXPORTS), "select_all",
    "walk_left", "walk_right", "walk_above", "walk_below",
    "walk_edge", "paste", "paste_fed", "add", "frame", "note", "edit_code", "find", "layout", "layout_across", "layout_down",
    "zoom_in", "zoom_out", "zoom_reset", "fit_selection", "fit_all",
    "compare_saved", "compare_run", "reset_panels", "start_page", "tour",
)  # fmt: skip
"""What needs a document in view."""
SELECTION_ACTIONS = ("cut", "copy", "duplicate", "delete")
"""What needs something selected: nodes, edges, frames or notes."""
COMPARISON_ACTIONS = ("change_next", "change_previous", "compare_end")
"""What needs the document to be compared with another version."""
LIVE_ACTIONS = ("live_next", "live_previous", "live_random", "live_part")
"""What needs the live sample to be shown."""
NODE_ACTIONS = ("select_up", "select_down", "straighten", "group", "share", "expand", "bypass", "mute")
"""What needs a selected node."""
NOTE_ACTIONS = tuple(f"colour_{colour}" for colour in COLOURS)
"""What needs a selected frame or note."""
ROW_ACTIONS = (
    "connect", "align_left", "align_centre", "align_right", "align_top", "align_middle", "align_bottom", "distribute_across",
    "distribute_down",
)  # fmt: skip
"""What needs several selected nodes."""


class WindowState(QObject):
    """Keeps a window true to what it shows.

    Args:
        window: with all its parts; ``refresh`` is called once they are in place.
    """

    def __init__(self, window: MainWindow):
        super().__init__(window)
        self._window = window
        session, run = window.session, window.run
        session.state_changed.connect(self.follow_document)
        session.place_changed.connect(self.follow_document)
        session.state_changed.connect(self._follow_groups)
        session.replaced.connect(self._follow_groups)
        run.state_changed.connect(self._follow_run)
        run.progress_changed.connect(self._follow_progress)
        window.live.changed.connect(self._follow_live)
        window.comparison.changed.connect(self._follow_comparison)
        window.canvas.selection_changed.connect(self._follow_selection)
        window.vitals.changed.connect(self._follow_health)
        window.code.begun.connect(lambda: window.docks.show("code"))
        session.place_changed.connect(self._follow_health)
        session.checked_changed.connect(self._follow_health)  # a group fares as what is in it: grouping shows other marks
        window.problems.count_changed.connect(self._follow_problems)

    def refresh(self) -> None:
        """Says everything anew."""
        self.follow_document()
        self._follow_selection(())
        report = self._window.session.report
        self._follow_problems(*(sum(d.severity == s for d in report.diagnostics) for s in ("error", "warning", "hint")))

    def follow_document(self) -> None:
        """Another state of the document is in force, or the start page covers it now."""
        window, session, actions = self._window, self._window.session, self._window.actions_
        has_document = window.start_page.isHidden()
        window.setWindowModified(session.is_dirty)
        window.setWindowTitle(f"{session.title}[*] – Archloom" if has_document else "Archloom[*]")
        for id, text, step in (("undo", self.tr("&Undo"), session.undo_text), ("redo", self.tr("&Redo"), session.redo_text)):
            action = actions[id]
            action.setText(f"{text} {step}" if step else text)
            action.setToolTip(tooltip(action))
            action.setEnabled(bool(step) and has_document)
        actions.enable(DOCUMENT_ACTIONS, has_document)
        actions["live"].setEnabled(has_document and not window.run.worker.problem)
        self._follow_live()
        self._follow_comparison()
        actions[f"layout_{session.graph.direction}"].setChecked(True)
        actions["leave"].setEnabled(has_document and bool(session.place))
        self._follow_run()

    def _follow_live(self) -> None:
        actions, live = self._window.actions_, self._window.live
        actions["live"].setChecked(live.is_on)
        actions.enable(LIVE_ACTIONS, live.is_on and self._window.start_page.isHidden())

    def _follow_comparison(self) -> None:
        compares = self._window.comparison.found is not None and self._window.start_page.isHidden()
        self._window.actions_.enable(COMPARISON_ACTIONS, compares)

    def _follow_run(self) -> None:
        run, actions = self._window.run, self._window.actions_
        paused = run.state == RunState.PAUSED
        has_document = self._window.start_page.isHidden()
        actions["run"].setText(self.tr("&Resume") if paused else self.tr("&Run"))
        actions["run"].setEnabled(has_document and (not run.is_busy or paused) and not run.worker.problem)
        actions["pause"].setEnabled(run.state == RunState.RUNNING)
        actions["stop"].setEnabled(run.is_busy)
        actions.enable(QUESTIONS, has_document and not run.is_busy and not run.worker.problem)
        self._follow_progress()

    def _follow_progress(self) -> None:
        run, words = self._window.run, self._window.run_words
        if not run.is_busy:
            words.setText("")
        elif run.state == RunState.STARTING:
            words.setText(run.named(self.tr("Starting…"), self._window.session.document))
        else:
            text = self.tr("Epoch {0} of {1}   {2:.0%}").format(max(1, run.progress.epoch), run.progress.epochs or "–", run.fraction)
            words.setText(run.named(text, self._window.session.document))

    def _follow_selection(self, nodes: tuple[str, ...]) -> None:
        window, actions, graph = self._window, self._window.actions_, self._window.session.graph
        notes = window.canvas.selected_annotations()
        edges = window.canvas.selected_edges()
        window.inspector.select(nodes)
        window.code.mark_nodes(nodes)
        groups = [id for id in nodes if id in graph.groups]
        actions.enable(SELECTION_ACTIONS, bool(nodes or edges or notes or window.canvas.selected_bends()))
        actions["bend"].setEnabled(bool(edges))
        actions.enable(NOTE_ACTIONS, bool(notes))
        actions.enable(NODE_ACTIONS, bool(nodes))
        actions["rename"].setEnabled(len(nodes or notes) == 1)
        actions["swap"].setEnabled(len(nodes) == 1)
        actions["connect_keys"].setEnabled(len(nodes) == 1)
        actions.enable(ROW_ACTIONS, len(nodes) > 1)
        actions["dissolve"].setEnabled(bool(groups))
        actions["enter"].setEnabled(len(nodes) == 1 and bool(groups))
        actions["unshare"].setEnabled(any(len(graph.sharing(id)) > 1 for id in nodes))

    def _follow_problems(self, errors: int, warnings: int, hints: int) -> None:
        count = errors + warnings + hints
        title = self.tr("Problems ({0})").format(count) if count else self.tr("Problems")
        self._window.docks.all["problems"].setWindowTitle(title)

    def _follow_health(self) -> None:
        self._window.canvas.show_health(self._window.vitals.marks(self._window.session.graph))

    def _follow_groups(self) -> None:
        self._window.palette_panel.show_groups(d.spec for d in self._window.session.document.definitions.values())

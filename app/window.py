"""The main window: canvas in the middle, panels around it, menus, toolbar and status bar. It wires them and holds nothing of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QContextMenuEvent, QDragEnterEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QMainWindow, QMenu, QSizePolicy, QToolBar, QVBoxLayout, QWidget

from app.actions import CONTEXT, QUESTIONS, TOOLBAR, Actions
from app.asked import AugmentedSamples, GivenSamples
from app.canvas.shares import Measure
from app.canvas.view import CanvasView
from app.comparison import Comparison
from app.comparison_bar import ComparisonBar
from app.data_bar import DataBar
from app.docks import Docks, Place
from app.documents import SUFFIX, Documents, dropped_file
from app.edits import Edits
from app.export_bar import ExportBar
from app.exporting import Exporting
from app.foreign import Foreign
from app.help import Help
from app.importing.dialog import Imports
from app.importing.process import is_network
from app.jobs import Asker
from app.live import Live
from app.live_bar import LiveBar
from app.offers import Offers
from app.own_data import OwnData
from app.panels.code import CodePanel
from app.panels.data import DataPanel
from app.panels.history import HistoryPanel
from app.panels.inspector import InspectorPanel
from app.panels.live_value import LiveSection
from app.panels.palette import PalettePanel
from app.panels.problems import ProblemsPanel
from app.panels.results import ResultsPanel
from app.panels.runs import RunsPanel
from app.panels.training import TrainingPanel
from app.preferences import Preferences
from app.recovery import Recovery
from app.results import RunResults
from app.run import Run
from app.run_bar import RunBar
from app.runs import Runs
from app.searches import Searches
from app.series import Overlay
from app.session import Session
from app.start_page import StartPage
from app.state import WindowState
from app.status import StatusBar
from app.theme.style import Mode, ThemeManager
from app.tour import Tour
from app.trials import Trials
from app.trust_bar import TrustBar
from app.unattended import Unattended
from app.vitals import Vitals
from app.widgets.buttons import PrimaryButton
from graph_engine.analysis.habits import Habits
from graph_engine.blocks import registry
from graph_engine.errors import ArchloomError
from graph_engine.templates import templates
from graph_engine.training.holding import holder_of
from graph_engine.training.state import RunState

if TYPE_CHECKING:
    from app.panels.charts import ChartsPanel

_IDLE_MS = 300
"""When, after the window has shown, what it can do without at first is loaded."""

Area = Qt.DockWidgetArea


class MainWindow(QMainWindow):
    """The window of one session.

    Args:
        session: the document.
        run: the current run.
        themes: what theme is in force.
        preferences: what is remembered.
        asker: runs code that is not the program's own; left out, one is made.

    Attributes:
        canvas, palette_panel, inspector, problems, code, training: the views.
        actions_: everything that can be done.
        offers: what the start page offers to go on with.
        state: keeps what the window says true.
    """

    def __init__(self, session: Session, run: Run, themes: ThemeManager, preferences: Preferences, asker: Asker | None = None):
        super().__init__()
        self.session = session
        self.run = run
        self.runs = Runs(session, run, self)
        self.vitals = Vitals(session, run, self)
        self.themes = themes
        self.preferences = preferences
        self.charts: ChartsPanel | None = None
        self._templates = templates()
        self.setObjectName("main")
        self.setAcceptDrops(True)
        self.canvas = CanvasView(session, themes.theme, self)
        self.documents = Documents(session, preferences, self)
        self.exporting = Exporting(session, self.documents, self.runs, self.canvas.selected_nodes, self)
        self.recovery = Recovery(session, parent=self)
        self.edits = Edits(session, self.canvas, self)
        self.actions_ = Actions(self, self.canvas, preferences)
        self.comparison = Comparison(session, self.runs, self.canvas, self)
        self.trials = Trials(self)
        self.live = Live(session, run, self.canvas, preferences, self)
        self.live_bar = LiveBar(self.live, self.actions_)
        self.results = RunResults(self.session, self.run, self)
        self.help = Help(self, self.actions_)
        self.searches = Searches(self, self.actions_, Habits(t.graph for t in self._templates))
        self.foreign = Foreign(session, asker if asker is not None else Asker(parent=self), preferences, self)
        self.trust_bar = TrustBar(self.foreign)
        self.imports = Imports(session, self.documents, self)
        self.data = OwnData(session, self.foreign, self)
        self.data_bar = DataBar(self.data)
        self.unattended = Unattended(session, run, self)
        self.run_bar = RunBar(self.unattended, run)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        notices = (self.trust_bar, self.data_bar, ExportBar(self.exporting), self.run_bar, ComparisonBar(self.comparison, self.actions_))
        for row in (*notices, self.canvas, self.live_bar):
            column.addWidget(row)
        self.setCentralWidget(middle)
        self._make_panels()
        self._menus = self.actions_.fill(self.menuBar())
        self._fill_menus()
        self._make_toolbar()
        self.start_page = StartPage(preferences, self._templates, self)
        self.offers = Offers(self.start_page, self.documents, self.recovery, self.unattended)
        self.tour = Tour(self)
        self.status = StatusBar(session, run, self)
        self.setStatusBar(self.status)
        self.state = WindowState(self)
        self._connect()
        self.resize(1280, 800)
        self._restore()
        self.state.refresh()
        self.show_start_page()

    # what the table of actions asks for

    def undo(self) -> None:
        self.session.undo()

    def redo(self) -> None:
        self.session.redo()

    def rename(self) -> None:
        """Puts the keyboard into the name of the selected node, or into the selected frame or note."""
        if not self.canvas.selected_nodes():
            self.canvas.annotating.edit(self.canvas.selected_annotations()[0])
            return
        self.docks.show("inspector")
        self.inspector.edit_name()

    def set_theme(self, mode: Mode) -> None:
        """Follows the system, or stays light or dark, from now on."""
        self.preferences.theme = mode
        self.themes.set_mode(mode)

    def show_shares(self, measure: Measure) -> None:
        """Shows on each card its share of the network's parameters or operations, or neither, from now on."""
        self.preferences.shares = measure
        self.canvas.show_shares(measure)

    def reset_layout(self) -> None:
        """Puts the panels where they were first."""
        self.docks.restore(self.docks.first)
        self.docks.proportion()

    def show_start_page(self) -> None:
        """Covers document and panels with the start page."""
        self._cover(True)
        self.start_page.setFocus()

    def show_document(self) -> None:
        """Shows the document with its panels."""
        self._cover(False)
        self.canvas.setFocus()

    def learn_from(self, path: Path | str) -> None:
        """Has the network learn from a file or folder, or a class of data sets; from the start page, an empty one."""
        if not self.start_page.isHidden():
            self.documents.new()
        if self.start_page.isHidden() and isinstance(path, Path):
            self.data.take(path)
        elif self.start_page.isHidden():
            self.data.take_class({"path": path})

    def ask_data(self, what: str) -> None:
        """Asks for a ``file``, a ``folder`` or a ``class`` and has the network learn from it; from the start page, an empty one."""
        path = self.data.ask_class() if what == "class" else self.data.ask(what)
        if path is not None:
            self.learn_from(path)

    def start_run(self) -> None:
        """Trains the network as it is; goes on with a run that is paused."""
        if self.run.state == RunState.PAUSED:
            self.run.worker.resume()
            return
        obstacle = self.session.report.obstacle
        if obstacle is not None:
            self.docks.show("problems")
            self.status.tell(self.tr("The network cannot run yet: {0}").format(obstacle.message))
            return
        if not self.session.document.is_trusted:
            self.foreign.ask_trust()
        if not self.session.document.is_trusted or not self.trials.may_run():
            return
        self.need_charts()
        try:
            self.run.start(self.session.document, path=self.session.path)
        except ArchloomError as error:
            self.documents.complain(self.tr("The run cannot start"), error)
            return
        self.docks.show("curves")

    def pause_run(self) -> None:
        """Pauses the run, or goes on with it."""
        if self.run.state == RunState.PAUSED:
            self.run.worker.resume()
        else:
            self.run.worker.pause()

    def stop_run(self) -> None:
        self.run.worker.stop()

    def resume_run(self, folder: Path) -> None:
        """Goes on with an earlier run from its last checkpoint, or shows it where it goes on already."""
        if holder_of(folder) is not None:
            self.run.attach(folder, self.session.document)
        else:
            self.run.resume(folder, self.session.document)
        self.docks.show("curves")

    def show_results(self, folder: Path, name: str) -> None:
        """Shows what the network of an earlier run does with its data."""
        self.results.ask(folder, name=name)
        self.docks.show("results")

    def need_charts(self) -> None:
        """Makes the plots, which take too long to load for the window to wait for them."""
        if self.charts is None:
            from app.panels.charts import ChartsPanel

            self.charts = ChartsPanel(self.run, self.session)
            self.charts.failed.connect(self.status.tell)
            self._charts_place.addWidget(self.charts)
            self._show_runs()

    def _show_runs(self) -> None:
        if self.charts is not None:
            self.charts.show_overlays([Overlay(shown.entry.name, shown.colour, shown.series) for shown in self.runs.shown])

    # construction

    def _make_panels(self) -> None:
        session, run = self.session, self.run
        run.processes = self.preferences.processes
        self.palette_panel = PalettePanel(registry())
        self.inspector = InspectorPanel(session, self.vitals)
        self.training = TrainingPanel(
            session,
            run,
            self.vitals,
            tuple(self.actions_[id] for id in ("run", "pause", "stop")),
            tuple(self.actions_[id] for id in QUESTIONS),
        )
        self.problems = ProblemsPanel(session, self.vitals)
        self.code = CodePanel(session)
        self.history = HistoryPanel(session)
        self.training.processes_chosen.connect(self.preferences.remember_processes)
        self.runs_panel = RunsPanel(self.runs, run)
        self.results_panel = ResultsPanel(self.results)
        self.data_panel = DataPanel(session, GivenSamples(session, run, self), AugmentedSamples(session, run, self))
        curves = QWidget()
        self._charts_place = QVBoxLayout(curves)
        self._charts_place.setContentsMargins(0, 0, 0, 0)
        left, right, bottom = Area.LeftDockWidgetArea, Area.RightDockWidgetArea, Area.BottomDockWidgetArea
        self.docks = Docks(
            self,
            {
                "blocks": Place(self.tr("Blocks"), self.palette_panel, left, front=True),
                "history": Place(self.tr("History"), self.history, left),
                "inspector": Place(self.tr("Inspector"), self.inspector, right, front=True),
                "training": Place(self.tr("Training"), self.training, right),
                "code": Place(self.tr("Code"), self.code, bottom, front=True),
                "curves": Place(self.tr("Curves"), curves, bottom),
                "data": Place(self.tr("Data"), self.data_panel, bottom),
                "results": Place(self.tr("Results"), self.results_panel, bottom),
                "runs": Place(self.tr("Runs"), self.runs_panel, bottom),
                "problems": Place(self.tr("Problems"), self.problems, bottom),
            },
        )

    def _make_toolbar(self) -> None:
        bar = QToolBar(self.tr("Toolbar"))
        bar.setObjectName("toolbar")
        bar.setMovable(False)
        bar.setIconSize(QSize(16, 16))
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        for id in TOOLBAR:
            if id == "|":
                bar.addSeparator()
            else:
                bar.addAction(self.actions_[id])
        room = QWidget()
        room.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(room)
        self.run_words = QLabel()
        self.run_words.setProperty("role", "muted")
        self.run_words.setContentsMargins(0, 0, 8, 0)
        bar.addWidget(self.run_words)
        for id in ("pause", "stop"):
            bar.addAction(self.actions_[id])
        bar.addWidget(PrimaryButton(self.actions_["run"], "play-fill"))
        self.addToolBar(bar)
        self.toolbar = bar

    def _fill_menus(self) -> None:
        for dock in self.docks.all.values():
            self._menus["view/panels"].addAction(dock.toggleViewAction())
        for template in self._templates:
            action = self._menus["file/template"].addAction(template.title)
            action.setToolTip(template.summary)
            action.triggered.connect(lambda _=False, t=template: self.documents.new_from(t))
        self._fill_recent()
        self.preferences.recent_changed.connect(self._fill_recent)
        self.actions_[f"theme_{self.themes.mode}"].setChecked(True)
        self.actions_[f"shares_{self.preferences.shares}"].setChecked(True)

    def _fill_recent(self) -> None:
        menu = self._menus["file/recent"]
        menu.clear()
        paths = self.preferences.recent
        for path in paths:
            menu.addAction(str(path)).triggered.connect(lambda _=False, p=path: self.documents.open_path(p))
        if paths:
            menu.addSeparator()
            menu.addAction(self.tr("Clear List")).triggered.connect(self.preferences.forget_files)
        menu.setEnabled(bool(paths))

    def _connect(self) -> None:
        run, canvas = self.run, self.canvas
        self.inspector.add_section(LiveSection(self.live, self.session))
        run.logged.connect(self.status.tell)
        self.runs.shown_changed.connect(self._show_runs)
        self.runs_panel.compare_wanted.connect(self.comparison.with_run)
        self.runs_panel.restore_wanted.connect(self.documents.restore)
        self.runs_panel.resume_wanted.connect(self.resume_run)
        self.runs_panel.health_wanted.connect(self.vitals.open)
        self.results_panel.sample_chosen.connect(self.live.show)
        self.docks.all["results"].visibilityChanged.connect(self.results_panel.watch)
        self.docks.all["data"].visibilityChanged.connect(self.data_panel.watch)
        self.data.state_changed.connect(self.data_panel.look)
        self.runs_panel.results_wanted.connect(self.show_results)
        canvas.bookmarks.told.connect(self.status.tell)
        canvas.zoom_changed.connect(self.status.show_zoom)
        canvas.wishes.wanted.connect(self.searches.add_block)
        canvas.node_activated.connect(self._open_node)
        self.themes.changed.connect(canvas.set_theme)
        views = (self.inspector, self.problems, self.training, self.runs, self.comparison)
        for source in (self.edits.refused, *(view.failed for view in views)):
            source.connect(self.status.tell)
        for telling in (self.documents.told, self.exporting.told, self.data.told):
            telling.connect(self.status.tell)
        self.data.failed.connect(self.documents.complain)
        self.data.state_changed.connect(lambda: self.actions_["look_again"].setEnabled(self.data.path is not None))
        self.recovery.failed.connect(self.status.tell)
        self.documents.opened.connect(self.show_document)
        self.palette_panel.chosen.connect(self.edits.add)
        for panel in (self.problems, self.code, self.inspector, self.training):
            panel.node_chosen.connect(self._go_to)
        self.trials.node_chosen.connect(self._go_to)
        self.code.save_wanted.connect(lambda: self.exporting.ask("python"))
        page = self.start_page
        page.template_chosen.connect(self.documents.new_from)
        page.file_chosen.connect(self.documents.open_path)
        page.empty_chosen.connect(self.documents.new)
        page.open_chosen.connect(self.documents.open)
        self.run_bar.resume_wanted.connect(self.resume_run)
        run.resumed.connect(lambda _: self.need_charts())

    def _restore(self) -> None:
        geometry, docks = self.preferences.geometry, self.preferences.docks
        self._is_fresh = docks is None
        self.canvas.show_shares(self.preferences.shares)
        if geometry is not None:
            self.restoreGeometry(geometry)
        if docks is not None:
            self.docks.restore(docks)

    def _cover(self, covered: bool) -> None:
        self.start_page.setVisible(covered)
        self.start_page.raise_()
        self.docks.enable(not covered)
        self.canvas.setEnabled(not covered)
        self.status.show_document(not covered)
        self._place_cover()
        self.state.follow_document()

    def _place_cover(self) -> None:
        top = self.toolbar.geometry().bottom() + 1
        self.start_page.setGeometry(0, top, self.width(), self.status.geometry().top() - top)

    def _open_node(self, node: str) -> None:
        if node in self.session.graph.groups:
            self.session.enter(node)
        else:
            self.rename()

    def _go_to(self, node: str) -> None:
        if self.session.find(node):
            self.canvas.reveal(node)

    # Qt's events

    def event(self, event: QEvent) -> bool:
        handled = super().event(event)
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize) and not self.start_page.isHidden():
            self._place_cover()
        return handled

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            QTimer.singleShot(0, self, self.documents.look_outside)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_fresh:
            self._is_fresh = False
            self.docks.proportion()
        QTimer.singleShot(_IDLE_MS, self, self.need_charts)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.documents.may_leave() or not self.unattended.may_close():
            event.ignore()
            return
        self.recovery.close()
        self.preferences.remember_window(self.saveGeometry(), self.saveState())
        self.live.close()
        self.foreign.close()
        self.exporting.close()
        self.imports.close()
        super().closeEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if not self.canvas.isEnabled() or not self.canvas.rect().contains(self.canvas.mapFromGlobal(event.globalPos())):
            event.ignore()
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for id in CONTEXT:
            if id == "|":
                menu.addSeparator()
            else:
                menu.addAction(self.actions_[id])
        menu.popup(event.globalPos())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_file(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = dropped_file(event)
        if path is None:
            return
        event.acceptProposedAction()
        if path.suffix == SUFFIX:
            self.documents.open_path(path)
        elif is_network(path):
            self.imports.ask(path)
        else:
            self.learn_from(path)

"""The training panel: what to train on and how, and how far the run is."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QUrl, Signal
from PySide6.QtGui import QAction, QDesktopServices
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.panels.findings import FindingsSection
from app.panels.samples import SamplesSection
from app.panels.settings_form import SettingsForm
from app.run import Run
from app.session import Session
from app.theme.icons import icon
from app.theme.tokens import SPACE
from app.vitals import Vitals
from app.widgets.buttons import FlatButton, PrimaryButton
from app.widgets.form import Facts, Form
from app.widgets.scroll import fill_scroll_area
from app.widgets.section import Section
from app.widgets.text import count_text, label_text, measure_text, measure_words, time_text
from graph_engine.settings.augmentations import chosen
from graph_engine.settings.schema import SECTIONS
from graph_engine.spec.params import IntParam
from graph_engine.training.state import RunState

MACHINE = (
    IntParam(
        name="processes",
        default=1,
        minimum=1,
        maximum=64,
        help="How many processes share each batch, each with a GPU of its own, or some of the cores. "
        "Remembered for all documents, and stored in none.",
    ),
)
"""What is chosen for this machine, in the form in which settings of a document are declared."""


class TrainingPanel(QWidget):
    """Run controls and progress above the settings.

    Args:
        actions: the actions of the controls, from the window's table: run, pause, stop.
        questions: those of the buttons below: what can be asked before a run.

    Signals:
        failed: an edit was refused; one sentence.
        node_chosen: id of the node that a failed run concerns.
        processes_chosen: how many processes the next run is to have.
    """

    failed = Signal(str)
    node_chosen = Signal(str)
    processes_chosen = Signal(int)

    def __init__(
        self,
        session: Session,
        run: Run,
        vitals: Vitals,
        actions: tuple[QAction, ...],
        questions: tuple[QAction, ...],
        parent: QWidget | None = None,
    ):
        super().__init__(parent)
        self._vitals = vitals
        self._run = run
        self._session = session
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._head(actions, questions))
        line = QFrame()
        line.setProperty("role", "separator")
        layout.addWidget(line)
        layout.addWidget(self._settings(), 1)
        run.state_changed.connect(self._show_state)
        run.progress_changed.connect(self._show_progress)
        run.worker.ready.connect(self._show_state)
        self._show_state()

    def sizeHint(self) -> QSize:
        return QSize(320, 480)

    def _head(self, actions: tuple[QAction, ...], questions: tuple[QAction, ...]) -> QWidget:
        head = QWidget()
        column = QVBoxLayout(head)
        column.setContentsMargins(SPACE.wide, SPACE.base, SPACE.wide, SPACE.base)
        column.setSpacing(SPACE.near)
        controls = QHBoxLayout()
        controls.setSpacing(SPACE.tight)
        for place, action in enumerate(actions):
            if place == 0:
                controls.addWidget(PrimaryButton(action, "play-fill"))
                continue
            button = QToolButton()
            button.setDefaultAction(action)
            controls.addWidget(button)
        controls.addStretch()
        self._state = QLabel()
        self._state.setProperty("role", "pill")
        controls.addWidget(self._state, 0, Qt.AlignmentFlag.AlignVCenter)
        column.addLayout(controls)
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress of the run"))
        column.addWidget(self.bar)
        self.facts = Facts()
        column.addWidget(self.facts)
        self._message = QLabel()
        self._message.setWordWrap(True)
        self._message.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(self._message)
        links = QHBoxLayout()
        self._node = QPushButton(self.tr("Show node"))
        self._node.setProperty("role", "flat")
        self._node.clicked.connect(self._choose_node)
        self.folder_button = QPushButton(self.tr("Show run folder"))
        self.folder_button.setIcon(icon("folder-open", "accent"))
        self.folder_button.setProperty("role", "flat")
        self.folder_button.clicked.connect(self._open_folder)
        links.addWidget(self._node)
        links.addWidget(self.folder_button)
        links.addStretch()
        column.addLayout(links)
        asked = QGridLayout()  # two in a row: more would decide how wide the panel is
        asked.setSpacing(SPACE.tight)
        asked.setColumnStretch(2, 1)
        for place, action in enumerate(questions):
            asked.addWidget(FlatButton(action), place // 2, place % 2, Qt.AlignmentFlag.AlignLeft)
        column.addLayout(asked)
        return head

    def _settings(self) -> QWidget:
        area = QScrollArea()
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(SPACE.wide, SPACE.near, SPACE.near, SPACE.wide)
        self.findings = FindingsSection(self._session, self._vitals)
        self.findings.failed.connect(self.failed)
        column.addWidget(self.findings)
        self.samples = SamplesSection(self._run)
        column.addWidget(self.samples)
        self.forms = {name: SettingsForm(self._session, name) for name in SECTIONS}
        self.sections = {name: Section(label_text(name)) for name in SECTIONS}
        for name, form in self.forms.items():
            form.failed.connect(self.failed)
            self.sections[name].body.addWidget(form)
            column.addWidget(self.sections[name])
        self.machine = Form(MACHINE, label_text)
        self.machine.edited.connect(lambda _, count, gesture: self._share(count))
        self.machine.show_values({"processes": self._run.processes})
        here = Section(self.tr("This Machine"), is_open=False)
        here.body.addWidget(self.machine)
        column.addWidget(here)
        column.addStretch()
        fill_scroll_area(area, holder)
        self._session.checked_changed.connect(lambda _: self._show_augmentation())
        self._session.replaced.connect(self._open_augmentation)
        self._open_augmentation()
        return area

    def _share(self, processes: int) -> None:
        self._run.processes = processes
        self.machine.show_values({"processes": processes})
        self.processes_chosen.emit(processes)

    def _open_augmentation(self) -> None:
        """Folds the section of augmentation away in documents that have none."""
        self.sections["augmentation"].set_open(bool(chosen(self._session.graph.settings.augmentation)))
        self._show_augmentation()

    def _show_augmentation(self) -> None:
        """Shows the section of augmentation where there are pictures, or where it is switched on and does not apply."""
        settings = self._session.graph.settings
        has_pictures = any(field.has_pixels for field in settings.data["dataset"].option.inputs)
        self.sections["augmentation"].setVisible(has_pictures or bool(chosen(settings.augmentation)))

    def _show_state(self, *_: object) -> None:
        run = self._run
        words, message, role = self._words()
        self._state.setText(words)
        self._message.setText(message)
        self._message.setVisible(bool(message))
        self._message.setProperty("role", role)
        self._message.style().unpolish(self._message)
        self._message.style().polish(self._message)
        known = run.node is not None and self._session.document.holder(run.node) is not None
        self._node.setVisible(known)
        self.folder_button.setVisible(run.folder is not None)
        self.bar.setVisible(run.folder is not None)
        self.facts.setVisible(run.folder is not None)
        self._show_progress()

    def _words(self) -> tuple[str, str, str]:
        """The state in a word or two, the message below it, and the message's role in the style sheet."""
        run = self._run
        if run.is_probing:
            return self.tr("Trying…"), "", "muted"
        if run.worker.problem:
            return self.tr("Not available"), run.worker.problem, "error"
        if run.state == RunState.IDLE:
            return (self.tr("Ready"), "", "muted") if run.worker.is_ready else (self.tr("Warming up…"), "", "muted")
        words = {
            RunState.STARTING: self.tr("Starting…"),
            RunState.RUNNING: self.tr("Training"),
            RunState.PAUSED: self.tr("Paused"),
            RunState.STOPPED: self.tr("Stopped"),
            RunState.FINISHED: self.tr("Finished"),
            RunState.FAILED: self.tr("Failed"),
        }
        return words[run.state], run.message, "error" if run.state == RunState.FAILED else "muted"

    def _show_progress(self) -> None:
        progress = self._run.progress
        self.bar.setValue(round(self._run.fraction * 1000))
        left = self._run.seconds_left
        facts = {
            self.tr("Epoch"): f"{progress.epoch} / {progress.epochs}" if progress.epochs else "–",
            self.tr("Step"): f"{count_text(progress.step)} / {count_text(progress.steps)}" if progress.steps else "–",
            self.tr("Throughput"): self.tr("{0} samples/s").format(count_text(round(progress.samples_per_second))),
            self.tr("Time left"): time_text(left) if left is not None else "–",
            self.tr("Learning rate"): f"{self._run.series['lr'].last:.3g}" if "lr" in self._run.series else "–",
        }
        tested = {name.removeprefix("test/"): series.last for name, series in self._run.series.items() if name.startswith("test/")}
        if tested:
            facts[self.tr("Test")] = "\n".join(f"{measure_words(name)} {measure_text(value)}" for name, value in tested.items())
        self.facts.show_facts(facts)

    def _choose_node(self) -> None:
        if self._run.node is not None:
            self.node_chosen.emit(self._run.node)

    def _open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._run.folder)))

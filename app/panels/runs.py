"""The runs of the document: chosen to lie under the current one's curves, named, tagged, resumed, and their document taken back."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QDateTime, QEvent, QLocale, QSize, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QColor, QDesktopServices, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedLayout,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.run import Run
from app.runs import Entry, Runs
from app.theme.icons import icon
from app.theme.style import current
from app.theme.tokens import SPACE
from app.widgets.empty import EmptyState
from app.widgets.text import measure_text, measure_words
from graph_engine.training.rundir import DOCUMENT, WEIGHTS, Label, RunRecord
from graph_engine.training.state import RunState

NAME, STATE, EPOCHS, RESULT, STARTED, TAGS = range(6)


class RunsPanel(QWidget):
    """A list of runs, a tick for each that is compared, and what can be done with the selected one.

    Signals:
        restore_wanted: the document of a run is to be opened; the path of its copy.
        resume_wanted: a run is to go on; its folder.
        health_wanted: the health of a run is to be shown on its nodes; its folder.
        compare_wanted: what the document has that it had not is to be marked; its folder and its name.
        results_wanted: what its network does is to be seen; its folder and its name.
    """

    restore_wanted = Signal(object)
    resume_wanted = Signal(object)
    health_wanted = Signal(object)
    results_wanted = Signal(object, str)
    compare_wanted = Signal(object, str)

    def __init__(self, runs: Runs, run: Run, parent: QWidget | None = None):
        super().__init__(parent)
        self._runs = runs
        self._run = run
        self.list = QTreeWidget()
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setFrameShape(QTreeWidget.Shape.NoFrame)
        self.list.setAccessibleName(self.tr("Runs"))
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.list.setHeaderLabels(
            [self.tr("Run"), self.tr("State"), self.tr("Epochs"), self.tr("Last values"), self.tr("Begun"), self.tr("Tags")]
        )
        header = self.list.header()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for column, width in {NAME: 190, STATE: 90, EPOCHS: 60, RESULT: 240, STARTED: 120}.items():
            header.resizeSection(column, width)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemChanged.connect(self._on_edited)
        self.list.itemDoubleClicked.connect(self._edit)
        self.list.itemSelectionChanged.connect(self._on_selected)
        self._about = QLabel()
        self._about.setProperty("role", "muted")
        self._about.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.restore_button = self._button("arrow-counter-clockwise", self.tr("Restore"))
        self.restore_button.setToolTip(self.tr("Open the document as it was in this run"))
        self.restore_button.clicked.connect(lambda: self.restore_wanted.emit(self._selected().folder / DOCUMENT))
        self.resume_button = self._button("play", self.tr("Resume"))
        self.resume_button.clicked.connect(lambda: self.resume_wanted.emit(self._selected().folder))
        self.health_button = self._button("heartbeat", self.tr("Health"))
        self.health_button.setToolTip(self.tr("Show on the nodes how they fared in this run, and what was wrong with it"))
        self.health_button.clicked.connect(lambda: self.health_wanted.emit(self._selected().folder))
        self.results_button = self._button("target", self.tr("Results"))
        self.results_button.setToolTip(self.tr("Show what the network does with data that it has not learned from"))
        self.results_button.clicked.connect(lambda: self.results_wanted.emit(self._selected().folder, self._selected().name))
        self.compare_button = self._button("git-diff", "")  # words for all would make the narrowest window wider
        self.compare_button.setAccessibleName(self.tr("Compare"))
        self.compare_button.setToolTip(self.tr("Mark on the canvas what is different now from the document of this run"))
        self.compare_button.clicked.connect(lambda: self.compare_wanted.emit(self._selected().folder, self._selected().name))
        self.folder_button = self._button("folder-open", "")
        self.folder_button.setAccessibleName(self.tr("Folder"))
        self.folder_button.setToolTip(self.tr("Show the folder of this run"))
        self.folder_button.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._selected().folder))))
        foot = QHBoxLayout()
        foot.setContentsMargins(SPACE.base, SPACE.tight, SPACE.near, SPACE.tight)
        foot.addWidget(self._about, 1)
        for button in (
            self.resume_button,
            self.results_button,
            self.health_button,
            self.compare_button,
            self.restore_button,
            self.folder_button,
        ):
            foot.addWidget(button)
        whole = QWidget()
        rows = QVBoxLayout(whole)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self.list, 1)
        rows.addLayout(foot)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(
            EmptyState("clock-counter-clockwise", self.tr("No runs yet"), self.tr("Every run of this document is kept, and listed here."))
        )
        self._stack.addWidget(whole)
        runs.changed.connect(self._fill)
        runs.shown_changed.connect(self._fill)
        self._fill()

    def sizeHint(self) -> QSize:
        return QSize(640, 240)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._fill()

    def _button(self, name: str, text: str) -> QPushButton:
        button = QPushButton(text)
        button.setIcon(icon(name, "accent"))
        button.setProperty("role", "flat")
        return button

    def _fill(self) -> None:
        chosen = self._selected_folder()
        self.list.blockSignals(True)
        self.list.clear()
        for entry in self._runs.entries:
            item = QTreeWidgetItem(self._texts(entry))
            item.setData(NAME, Qt.ItemDataRole.UserRole, entry)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable | Qt.ItemFlag.ItemIsUserCheckable)
            colour = self._runs.colour(entry.folder)
            item.setCheckState(NAME, Qt.CheckState.Unchecked if colour is None else Qt.CheckState.Checked)
            item.setIcon(NAME, _swatch(None if colour is None else current().series[colour]))
            if entry.record.message:
                item.setToolTip(STATE, entry.record.message)
            self.list.addTopLevelItem(item)
            if entry.folder == chosen:
                self.list.setCurrentItem(item)
        self.list.blockSignals(False)
        self._stack.setCurrentIndex(1 if self._runs.entries else 0)
        self._on_selected()

    def _texts(self, entry: Entry) -> list[str]:
        record = entry.record
        words = {
            RunState.IDLE: self.tr("prepared"),
            RunState.STARTING: self.tr("starting"),
            RunState.RUNNING: self.tr("training"),
            RunState.PAUSED: self.tr("paused"),
            RunState.STOPPED: self.tr("stopped"),
            RunState.FINISHED: self.tr("finished"),
            RunState.FAILED: self.tr("failed"),
        }
        values = [
            f"{measure_words(name.removeprefix('val/'))} {measure_text(v)}" for name, v in record.metrics.items() if name.startswith("val/")
        ]
        begun = QDateTime.fromString(record.created, Qt.DateFormat.ISODate).toLocalTime()
        return [
            entry.name,
            self.tr("interrupted") if entry.is_lost else words[record.state],
            str(record.epochs or record.settings.get("training", {}).get("epochs", "–")),
            "   ".join(values),
            QLocale().toString(begun, QLocale.FormatType.ShortFormat),
            ", ".join(entry.label.tags),
        ]

    def _selected_folder(self) -> Path | None:
        items = self.list.selectedItems()
        return items[0].data(NAME, Qt.ItemDataRole.UserRole).folder if items else None

    def _selected(self) -> Entry:
        entry: Entry = self.list.selectedItems()[0].data(NAME, Qt.ItemDataRole.UserRole)
        return entry

    def _on_selected(self) -> None:
        chosen = bool(self.list.selectedItems())
        for button in (self.restore_button, self.health_button, self.compare_button, self.folder_button):
            button.setEnabled(chosen)
        self.results_button.setEnabled(chosen and (self._selected().folder / WEIGHTS).exists())
        is_elsewhere = chosen and self._selected().is_elsewhere
        self.resume_button.setText(self.tr("Attach") if is_elsewhere else self.tr("Resume"))
        self.resume_button.setToolTip(self.tr("Show this run, which goes on without a window, and control it") if is_elsewhere else "")
        self.resume_button.setEnabled(chosen and not self._run.is_busy and self._selected().record.state != RunState.IDLE)
        if not chosen:
            self._about.setText(self.tr("Tick runs to lay them under the curves; F2 renames."))
            return
        differences = self._runs.differences(self._selected())
        text = (
            self.tr("Changed since: {0}").format(", ".join(differences))
            if differences
            else self.tr("The document is as it was in this run.")
        )
        where = self._where(self._selected().record)
        self._about.setText(f"{where} {text}".strip())
        self._about.setToolTip("\n".join(differences))

    def _where(self, record: RunRecord) -> str:
        """On what it was trained; nothing of one that has not begun."""
        if record.threads is None:
            return ""
        threads = self.tr("1 thread") if record.threads == 1 else self.tr("{0} threads").format(record.threads)
        if record.processes > 1:
            return self.tr("On {0}, {1} processes with {2} each.").format(record.device, record.processes, threads)
        return self.tr("On {0} with {1}.").format(record.device, threads)

    def _on_edited(self, item: QTreeWidgetItem, column: int) -> None:
        entry: Entry = item.data(NAME, Qt.ItemDataRole.UserRole)
        texts, is_ticked = [item.text(place) for place in range(TAGS + 1)], item.checkState(NAME) == Qt.CheckState.Checked
        # later, because Qt is not done yet with the item, and the list is filled anew
        QTimer.singleShot(0, self, lambda: self._take_over(entry, texts, is_ticked, column))

    def _take_over(self, entry: Entry, texts: list[str], is_ticked: bool, column: int) -> None:
        name = texts[NAME].strip()
        if column == NAME and is_ticked != (self._runs.colour(entry.folder) is not None):
            self._runs.show(entry.folder, is_ticked)
        elif column in (NAME, TAGS):
            tags = tuple(dict.fromkeys(tag.strip() for tag in texts[TAGS].split(",") if tag.strip()))
            self._runs.rename(entry.folder, Label("" if name == entry.folder.name else name, tags))
        else:
            self._fill()

    def _edit(self, item: QTreeWidgetItem, column: int) -> None:
        if column in (NAME, TAGS):
            self.list.editItem(item, column)


def _swatch(colour: str | None) -> QPixmap:
    """The colour of a run's curves, or room for it."""
    pixmap = QPixmap(10, 10)
    pixmap.fill(QColor(colour) if colour else Qt.GlobalColor.transparent)
    return pixmap

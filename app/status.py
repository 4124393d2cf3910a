"""The status bar: what the network costs, how far the canvas is zoomed, what the training process does."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QLabel, QStatusBar, QWidget

from app.run import Run
from app.session import Session
from app.theme.icons import icon
from app.widgets.text import bytes_text, count_text, short_text
from graph_engine.training.state import RunState

MESSAGE_MS = 6000


class StatusBar(QStatusBar):
    """Messages on the left, figures on the right."""

    def __init__(self, session: Session, run: Run, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self._run = run
        self.setSizeGripEnabled(False)
        self.nodes, self.parameters, self.flops, self.memory, self.zoom, self.dot, self.worker = (QLabel() for _ in range(7))
        self.parameters.setToolTip(self.tr("Learned numbers"))
        self.flops.setToolTip(self.tr("Floating-point operations of one forward pass of one sample"))
        self.memory.setToolTip(self.tr("Weights, buffers, and all outputs for one sample"))
        for label in (self.nodes, self.parameters, self.flops, self.memory, self.zoom, self.dot, self.worker):
            self.addPermanentWidget(label)
        session.checked_changed.connect(self._show_costs)
        session.replaced.connect(self._show_costs)
        session.replaced.connect(self._show_worker)
        run.state_changed.connect(self._show_worker)
        run.progress_changed.connect(self._show_worker)
        run.worker.ready.connect(self._show_worker)
        self._show_costs()
        self._show_worker()
        self.show_zoom(1.0)

    def tell(self, message: str) -> None:
        """Shows a sentence for a few seconds."""
        self.showMessage(message, MESSAGE_MS)

    def show_zoom(self, factor: float) -> None:
        """Shows how far the canvas is zoomed; 1 is actual size."""
        self.zoom.setText(f"{factor:.0%}")

    def show_document(self, shown: bool) -> None:
        """Shows the figures of the document, or leaves them out where there is no document to see."""
        for label in (self.nodes, self.parameters, self.flops, self.memory, self.zoom):
            label.setVisible(shown)

    def _show_costs(self, *_: object) -> None:
        checked = self._session.report
        count = len(self._session.document)
        self.nodes.setText(self.tr("1 node") if count == 1 else self.tr("{0} nodes").format(count_text(count)))
        self.parameters.setText(self.tr("{0} parameters").format(count_text(checked.parameters)))
        self.flops.setText(short_text(checked.flops, "FLOP"))
        self.memory.setText(bytes_text(checked.memory))

    def _show_worker(self, *_: object) -> None:
        run = self._run
        words, colour = self._words()
        self.worker.setText(words)
        self.dot.setVisible(bool(words))
        self.dot.setPixmap(icon("circle-fill", colour).pixmap(QSize(8, 8)))
        self.worker.setToolTip(run.worker.problem or run.message)

    def _named(self, words: str) -> str:
        return self._run.named(words, self._session.document)

    def _words(self) -> tuple[str, str]:
        run = self._run
        if run.worker.problem:
            return self.tr("Training not available"), "error"
        if run.state == RunState.RUNNING:
            progress = run.progress
            return self._named(self.tr("Training, epoch {0} of {1}").format(progress.epoch, progress.epochs)), "success"
        if run.state == RunState.PAUSED:
            return self._named(self.tr("Paused")), "warning"
        if run.state == RunState.STARTING:
            return self._named(self.tr("Starting…")), "warning"
        if run.state == RunState.FAILED:
            return self._named(self.tr("Run failed")), "error"
        if not run.worker.is_alive:
            return "", "text_faint"
        if not run.worker.is_ready:
            return self.tr("PyTorch is warming up…"), "warning"
        return self.tr("Ready to train"), "success"

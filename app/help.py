"""The help that the program carries: its keys, its blocks, what it is."""

from __future__ import annotations

from html import escape
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QLabel, QScrollArea, QTextBrowser, QVBoxLayout, QWidget

from app.actions import ACTIONS, MENUS, Actions, named, plain, translated
from app.shortcuts import ShortcutEditor
from app.theme.style import current
from app.theme.tokens import SPACE
from app.widgets.scroll import fill_scroll_area
from graph_engine.blocks import registry
from graph_engine.spec.block import BlockSpec
from graph_engine.spec.params import Param


class Help(QObject):
    """Opens the help's windows.

    Args:
        window: their parent.
        actions: the actions whose keys are listed.
    """

    def __init__(self, window: QWidget, actions: Actions):
        super().__init__(window)
        self._window = window
        self._actions = actions

    def show_shortcuts(self) -> None:
        """Lists every action that has keys, and what the mouse does on the canvas."""
        page = QWidget()
        grid = QGridLayout(page)
        grid.setContentsMargins(SPACE.far, SPACE.near, SPACE.far, SPACE.far)
        grid.setHorizontalSpacing(2 * SPACE.far)
        grid.setVerticalSpacing(SPACE.near)
        row = 0
        for path, title in MENUS.items():
            acts = [a for a in ACTIONS if a.menu.partition("/")[0] == path and self._actions[a.id].shortcuts()]
            if not acts:
                continue
            heading = QLabel(plain(translated(title)))
            heading.setProperty("role", "heading")
            heading.setContentsMargins(0, SPACE.base, 0, 0)
            grid.addWidget(heading, row, 0, 1, 2)
            row += 1
            for act in acts:
                keys = QKeySequence.listToString(self._actions[act.id].shortcuts(), QKeySequence.SequenceFormat.NativeText)
                label = QLabel(keys.replace("; ", "   "))
                label.setProperty("role", "muted")
                grid.addWidget(QLabel(plain(named(act))), row, 0)
                grid.addWidget(label, row, 1)
                row += 1
        self._list_gestures(grid, row)
        grid.setColumnStretch(0, 1)
        area = QScrollArea()
        fill_scroll_area(area, page)
        self._open(self.tr("Keyboard Shortcuts"), area, 560, 680)

    def _list_gestures(self, grid: QGridLayout, row: int) -> None:
        heading = QLabel(self.tr("On the canvas"))
        heading.setProperty("role", "heading")
        heading.setContentsMargins(0, SPACE.base, 0, 0)
        grid.addWidget(heading, row, 0, 1, 2)
        gestures = (
            (self.tr("Add a block"), self.tr("Space, or double-click on nothing")),
            (self.tr("Select"), self.tr("Click; Shift adds, Ctrl toggles")),
            (self.tr("Select in a rectangle"), self.tr("Drag on nothing; Shift adds")),
            (self.tr("Select in a loop"), self.tr("Ctrl+Alt+drag on nothing; Shift adds")),
            (self.tr("Move"), self.tr("Drag; arrow keys, with Shift farther")),
            (self.tr("Insert into an edge"), self.tr("Drop a block, or a node without edges, on it")),
            (self.tr("Take out of the network"), self.tr("Alt+drag, or shake while dragging")),
            (self.tr("Connect"), self.tr("Drag from a port; on nothing, search for a block")),
            (self.tr("Re-route an edge"), self.tr("Drag from its input; Ctrl+drag from its output")),
            (self.tr("Remove an edge"), self.tr("Alt+click")),
            (self.tr("Lead an edge through a point"), self.tr("Double-click on it; drag the point; double-click to remove it")),
            (self.tr("Cut edges"), self.tr("Ctrl+drag across them")),
            (self.tr("Pan"), self.tr("Middle button, Space+drag, or two fingers")),
            (self.tr("Zoom"), self.tr("Wheel, or pinch")),
            (self.tr("Take back what is going on"), self.tr("Esc")),
        )
        for i, (what, how) in enumerate(gestures, row + 1):
            label = QLabel(how)
            label.setProperty("role", "muted")
            grid.addWidget(QLabel(what), i, 0)
            grid.addWidget(label, i, 1)

    def edit_shortcuts(self) -> None:
        """Opens the dialog in which actions get other keys."""
        ShortcutEditor(self._window, self._actions).open()

    def show_blocks(self) -> None:
        """Shows the reference of all blocks."""
        browser = QTextBrowser()
        browser.setOpenExternalLinks(True)
        browser.document().setDocumentMargin(SPACE.far)
        browser.setHtml("".join(_category_page(category) for category in sorted({s.category for s in registry()}, key=_rank)))
        self._open(self.tr("Block Reference"), browser, 720, 680)

    def show_importing(self) -> None:
        """Tells how networks are imported."""
        browser = QTextBrowser()
        browser.document().setDocumentMargin(SPACE.far)
        browser.setMarkdown((files("assets") / "help" / "importing.md").read_text(encoding="utf-8"))
        self._open(self.tr("Importing Networks"), browser, 720, 620)

    def show_about(self) -> None:
        """Tells name, version and licence."""
        what = self.tr("Draw a neural network, see at once whether and how it works, train it, take it away as plain PyTorch.")
        terms = self.tr("Apache License 2.0. Icons: Phosphor. Fonts: Inter, JetBrains Mono (SIL Open Font License).")
        words = QLabel(
            f"<p style='font-size:20px'><b>Archloom</b> {_version()}</p><p>{what}</p><p style='color:{current().text_muted}'>{terms}</p>"
        )
        words.setWordWrap(True)
        words.setContentsMargins(SPACE.far, SPACE.far, SPACE.far, SPACE.far)
        self._open(self.tr("About Archloom"), words, 420, 220)

    def _open(self, title: str, content: QWidget, width: int, height: int) -> None:
        dialog = QDialog(self._window)
        dialog.setWindowTitle(title)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(dialog.reject)
        layout = QVBoxLayout(dialog)
        layout.setContentsMargins(0, 0, SPACE.base, SPACE.base)
        layout.addWidget(content)
        layout.addWidget(buttons)
        dialog.resize(width, height)
        dialog.open()


def _version() -> str:
    try:
        return version("archloom")
    except PackageNotFoundError:  # run from a source tree that is not installed
        return ""


def _rank(category: str) -> int:
    known = list(current().category)
    return known.index(category) if category in known else len(known)


def _category_page(category: str) -> str:
    blocks = "".join(_block_page(spec) for spec in registry() if spec.category == category)
    return f'<h2 style="color:{current().category[category]}">{escape(category)}</h2>{blocks}'


def _block_page(spec: BlockSpec) -> str:
    link = f' &nbsp;<a href="{spec.reference}">PyTorch</a>' if spec.reference else ""
    ports = "".join(
        f"<li><code>{p.name}</code> {arrow} {escape(p.help)}</li>"
        for arrow, side in (("→", spec.inputs), ("←", spec.outputs))
        for p in side
    )
    rows = "".join(
        f"<li><code>{p.name}</code> = {escape(_default(p))}: {escape(p.help)} <i>{escape(p.limits())}</i></li>" for p in spec.params
    )
    return f"<h3>{spec.id}{link}</h3><p>{escape(spec.summary)}</p><ul>{ports}{rows}</ul>"


def _default(param: Param) -> str:
    return "…" if param.required else "inferred" if param.inferred else str(param.default)

"""One table of everything that can be done: menus, toolbar, context menus and shortcuts are made from it, and nothing beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any, NamedTuple, cast

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from app.exports import EXPORTS
from app.preferences import Preferences
from app.theme.icons import icon

Key = QKeySequence.StandardKey
Shortcut = Key | str


class Act(NamedTuple):
    """One thing that can be done.

    Attributes:
        id: stable name.
        menu: path of the menu that it stands in; a new group in it begins where ``gap`` is set.
        text: what it is called, with its mnemonic.
        shortcuts: standard keys, or their names.
        icon: its picture, or empty.
        tip: what it does, where the text does not say it.
        handler: method of the window, or of a part of it (``documents.open``), that does it; ``argument`` is passed where it is not None.
        argument: see ``handler``.
        group: of several with the same name one is checked.
        gap: a line stands above it in its menu.
        checkable: it is on or off.
        local: its keys work while the canvas has the keyboard only, so that they stay free for typing elsewhere.
    """

    id: str
    menu: str
    text: str
    shortcuts: tuple[Shortcut, ...] = ()
    icon: str = ""
    tip: str = ""
    handler: str = ""
    argument: Any = None
    group: str = ""
    gap: bool = False
    checkable: bool = False
    local: bool = False


# pyside6-lupdate finds these with -tr-function-alias QT_TRANSLATE_NOOP+=_
_ = cast(Callable[[str, str], str], QT_TRANSLATE_NOOP)
_C = "Actions"

MENUS: Mapping[str, str] = {
    "file": _(_C, "&File"),
    "edit": _(_C, "&Edit"),
    "view": _(_C, "&View"),
    "run": _(_C, "&Run"),
    "help": _(_C, "&Help"),
    "edit/select": _(_C, "&Select"),
    "edit/arrange": _(_C, "Arran&ge"),
    "edit/annotate": _(_C, "Frames and N&otes"),
    "file/recent": _(_C, "Open &Recent"),
    "file/template": _(_C, "New from &Template"),
    "file/export": _(_C, "&Export"),
    "view/bookmarks": _(_C, "&Bookmarks"),
    "view/live": _(_C, "&Live Sample"),
    "view/compare": _(_C, "&Compare"),
    "view/shares": _(_C, "Sha&res on Nodes"),
    "view/theme": _(_C, "&Theme"),
    "view/panels": _(_C, "&Panels"),
}
"""Titles of the menus, those of the menu bar first. ``file/recent``, ``file/template`` and ``view/panels`` are filled by the window."""

# fmt: off
ACTIONS: tuple[Act, ...] = (
    Act("new", "file", _(_C, "&New"), (Key.New,), "file-plus", _(_C, "Begin an empty network"), "documents.new"),
    Act("open", "file", _(_C, "&Open…"), (Key.Open,), "folder-open", _(_C, "Open a document, or a network in a file of Python"),
        "documents.open"),
    Act("save", "file", _(_C, "&Save"), (Key.Save,), "floppy-disk", _(_C, "Save the document"), "documents.save", gap=True),
    Act("save_as", "file", _(_C, "Save &As…"), (Key.SaveAs,), "", "", "documents.save_as"),
    Act("import", "file", _(_C, "&Import…"), ("Ctrl+I",), "download-simple",
        _(_C, "Make a network of a torch.nn.Module: of an installed package, or of a file of Python"), "imports.ask"),
    *(Act(f"export_{e.id}", "file/export", e.title, e.keys, e.icon, e.summary[:1].upper() + e.summary[1:], "exporting.ask", e.id)
      for e in EXPORTS),
    Act("data_file", "file", _(_C, "Learn From a &File…"), ("Ctrl+Shift+O",), "database",
        _(_C, "A table, arrays, a text: makes the inputs that receive it"), "ask_data", "file", gap=True),
    Act("data_folder", "file", _(_C, "Learn From a F&older…"), (), "folder-open",
        _(_C, "Pictures or texts with a folder for each class, IDX or CIFAR files"), "ask_data", "folder"),
    Act("data_class", "file", _(_C, "Learn From a Dataset &Class…"), (), "code",
        _(_C, "A torch.utils.data.Dataset that Python can import: its code is run"), "ask_data", "class"),
    Act("look_again", "file", _(_C, "Look &Again at the Data"), (), "arrows-clockwise",
        _(_C, "After the file has changed; what was chosen for it stays"), "data.look_again"),
    Act("start_page", "file", _(_C, "Start Pa&ge"), (), "house", "", "show_start_page", gap=True),
    Act("quit", "file", _(_C, "&Quit"), (Key.Quit,), "", "", "close"),
    Act("undo", "edit", _(_C, "&Undo"), (Key.Undo,), "arrow-u-up-left", "", "undo"),
    Act("redo", "edit", _(_C, "&Redo"), (Key.Redo, "Ctrl+Y"), "arrow-u-up-right", "", "redo"),
    Act("cut", "edit", _(_C, "Cu&t"), (Key.Cut,), "scissors", "", "edits.cut", gap=True, local=True),
    Act("copy", "edit", _(_C, "&Copy"), (Key.Copy,), "copy", "", "edits.copy", local=True),
    Act("paste", "edit", _(_C, "&Paste"), (Key.Paste,), "clipboard", "", "edits.paste", local=True),
    Act("paste_fed", "edit", _(_C, "Paste &With Incoming Edges"), ("Ctrl+Shift+V",), "",
        _(_C, "What feeds the copied nodes feeds the new ones"), "edits.paste_fed", local=True),
    Act("duplicate", "edit", _(_C, "&Duplicate"), ("Ctrl+D",), "copy-simple", "", "edits.duplicate", local=True),
    Act("delete", "edit", _(_C, "De&lete"), (Key.Delete, "Backspace"), "trash", "", "edits.delete", local=True),
    Act("add", "edit", _(_C, "&Add Block…"), ("Shift+A",), "plus", _(_C, "Search for a block and add it at the pointer"),
        "canvas.wishes.ask_here", gap=True, local=True),
    Act("select_all", "edit/select", _(_C, "Select &All"), (Key.SelectAll,), "", "", "canvas.select_all", local=True),
    Act("select_up", "edit/select", _(_C, "Select &Upstream"), ("[",), "", _(_C, "Add all that feeds the selected nodes"),
        "canvas.walk.stream", "up", local=True),
    Act("select_down", "edit/select", _(_C, "Select &Downstream"), ("]",), "", _(_C, "Add all that the selected nodes feed"),
        "canvas.walk.stream", "down", local=True),
    Act("walk_right", "edit/select", _(_C, "Node to the R&ight"), ("Ctrl+Right",), "", _(_C, "Along the edge, where edges go that way"),
        "canvas.walk.step", "right", gap=True, local=True),
    Act("walk_left", "edit/select", _(_C, "Node to the &Left"), ("Ctrl+Left",), "", "", "canvas.walk.step", "left", local=True),
    Act("walk_above", "edit/select", _(_C, "Node A&bove"), ("Ctrl+Up",), "", "", "canvas.walk.step", "up", local=True),
    Act("walk_below", "edit/select", _(_C, "Node B&elow"), ("Ctrl+Down",), "", "", "canvas.walk.step", "down", local=True),
    Act("walk_edge", "edit/select", _(_C, "Next Ed&ge of Node"), ("E",), "", _(_C, "One edge of the selected node after the other"),
        "canvas.walk.edge", local=True),
    Act("rename", "edit", _(_C, "Re&name"), ("F2",), "text-aa", "", "rename"),
    Act("group", "edit", _(_C, "&Group"), ("Ctrl+Shift+G",), "stack", _(_C, "Make one node of the selected ones"), "edits.group",
        gap=True, local=True),
    Act("dissolve", "edit", _(_C, "D&issolve Group"), ("Ctrl+Shift+U",), "stack-simple", _(_C, "Put a group's content in its place"),
        "edits.dissolve", local=True),
    Act("expand", "edit", _(_C, "E&xpand or Collapse"), ("Alt+C",), "arrows-out-line-vertical",
        _(_C, "Show only the titles of cards; of groups, what is inside"), "edits.expand", local=True),
    Act("enter", "edit", _(_C, "&Enter Group"), ("Ctrl+Return",), "arrow-elbow-right-down", _(_C, "Also Tab, or a double-click"),
        "edits.enter", local=True),
    Act("leave", "edit", _(_C, "Lea&ve Group"), ("U",), "arrow-elbow-left-up", _(_C, "Also Esc"), "edits.leave", local=True),
    Act("bypass", "edit", _(_C, "B&ypass"), ("Ctrl+B",), "arrow-arc-right",
        _(_C, "The node passes on what arrives, as if it were not there; again to switch it on"), "edits.set_mode", "bypassed",
        gap=True, local=True),
    Act("mute", "edit", _(_C, "&Mute"), ("M",), "speaker-slash",
        _(_C, "The node gives nothing, as if nothing were connected to it; again to switch it on"), "edits.set_mode", "muted", local=True),
    Act("share", "edit", _(_C, "Share &Weights"), (), "link", _(_C, "The selected nodes use the weights of the first"), "edits.share",
        gap=True, local=True),
    Act("unshare", "edit", _(_C, "Stop S&haring Weights"), (), "link-break", "", "edits.unshare", local=True),
    Act("swap", "edit", _(_C, "Replace &By Another Block…"), ("Shift+S",), "swap", _(_C, "Keeps edges, and the parameters that both have"),
        "searches.swap", local=True),
    Act("connect", "edit", _(_C, "Co&nnect in a Row"), ("Ctrl+L",), "flow-arrow", _(_C, "Each selected node feeds the next"),
        "edits.connect_in_a_row", local=True),
    Act("connect_keys", "edit", _(_C, "Draw Edge &From Here"), ("C",), "",
        _(_C, "Arrow keys or letters choose where it ends, Enter draws it"), "canvas.hand.connect_by_keys", local=True),
    Act("layout", "edit", _(_C, "Auto &Layout"), ("L",), "tree-structure", _(_C, "Put the nodes in order"),
        "edits.auto_layout", gap=True, local=True),
    Act("layout_across", "edit/arrange", _(_C, "Layout Left to &Right"), (), "arrow-right", _(_C, "Put the nodes in order; edges go right"),
        "edits.auto_layout", "across", "direction"),
    Act("layout_down", "edit/arrange", _(_C, "Layout Top &Down"), (), "arrow-down", _(_C, "Put the nodes in order; edges go down"),
        "edits.auto_layout", "down", "direction"),
    Act("straighten", "edit/arrange", _(_C, "&Straighten Edges"), ("Q",), "", _(_C, "Move selected nodes so that their edges run straight"),
        "canvas.arrange.straighten", gap=True, local=True),
    Act("bend", "edit/arrange", _(_C, "Add &Point to Edge"), (), "", _(_C, "Also a double-click on the edge; drag the point anywhere"),
        "edits.bend", local=True),
    Act("align_left", "edit/arrange", _(_C, "Align &Left"), (), "align-left", "", "canvas.arrange.align", "left", gap=True),
    Act("align_centre", "edit/arrange", _(_C, "Align &Centres"), (), "align-center-horizontal", "", "canvas.arrange.align", "centre"),
    Act("align_right", "edit/arrange", _(_C, "Align &Right"), (), "align-right", "", "canvas.arrange.align", "right"),
    Act("align_top", "edit/arrange", _(_C, "Align &Tops"), (), "align-top", "", "canvas.arrange.align", "top"),
    Act("align_middle", "edit/arrange", _(_C, "Align &Middles"), (), "align-center-vertical", "", "canvas.arrange.align", "middle"),
    Act("align_bottom", "edit/arrange", _(_C, "Align &Bottoms"), (), "align-bottom", "", "canvas.arrange.align", "bottom"),
    Act("distribute_across", "edit/arrange", _(_C, "Distribute &Across"), (), "", _(_C, "The same gap between neighbours"),
        "canvas.arrange.distribute", "across", gap=True),
    Act("distribute_down", "edit/arrange", _(_C, "Distribute &Down"), (), "", _(_C, "The same gap between neighbours"),
        "canvas.arrange.distribute", "down"),
    Act("frame", "edit/annotate", _(_C, "&Frame"), ("Ctrl+G",), "frame-corners", _(_C, "Frame the selected nodes"),
        "canvas.annotating.add_frame", local=True),
    Act("note", "edit/annotate", _(_C, "&Note"), ("N",), "note", _(_C, "Put a note at the pointer"),
        "canvas.annotating.add_note", local=True),
    Act("colour_grey", "edit/annotate", _(_C, "&Grey"), (), "", "", "canvas.annotating.paint", "grey", gap=True),
    Act("colour_blue", "edit/annotate", _(_C, "&Blue"), (), "", "", "canvas.annotating.paint", "blue"),
    Act("colour_teal", "edit/annotate", _(_C, "&Teal"), (), "", "", "canvas.annotating.paint", "teal"),
    Act("colour_green", "edit/annotate", _(_C, "G&reen"), (), "", "", "canvas.annotating.paint", "green"),
    Act("colour_violet", "edit/annotate", _(_C, "&Violet"), (), "", "", "canvas.annotating.paint", "violet"),
    Act("colour_pink", "edit/annotate", _(_C, "&Pink"), (), "", "", "canvas.annotating.paint", "pink"),
    Act("colour_ochre", "edit/annotate", _(_C, "&Ochre"), (), "", "", "canvas.annotating.paint", "ochre"),
    Act("edit_code", "edit", _(_C, "Edit C&ode"), ("Ctrl+Shift+E",), "pencil-simple",
        _(_C, "Type in the code, and the canvas follows; again to show its code"), "code.edit"),
    Act("find", "edit", _(_C, "&Find Node…"), (Key.Find,), "magnifying-glass", "", "searches.find_node"),
    Act("change_keys", "edit", _(_C, "Change &Keys…"), (), "keyboard", _(_C, "Give actions other keys"), "help.edit_shortcuts", gap=True),
    Act("zoom_in", "view", _(_C, "Zoom &In"), (Key.ZoomIn, "Ctrl+="), "magnifying-glass-plus", "", "canvas.zoom_in"),
    Act("zoom_out", "view", _(_C, "Zoom &Out"), (Key.ZoomOut,), "magnifying-glass-minus", "", "canvas.zoom_out"),
    Act("zoom_reset", "view", _(_C, "&Actual Size"), ("Ctrl+0",), "", "", "canvas.zoom_reset"),
    Act("fit_selection", "view", _(_C, "Fit &Selection"), ("F", "."), "corners-out", _(_C, "Show what is selected, or everything"),
        "canvas.zoom_to_selection", local=True),
    Act("fit_all", "view", _(_C, "&Fit All"), ("Home",), "frame-corners", _(_C, "Show all of the network"),
        "canvas.zoom_to_fit", local=True),
    *(Act(f"bookmark_{n}", "view/bookmarks", _(_C, "Go to Bookmark &{0}"), (str(n),), "", _(_C, "Show what was in view when it was set"),
          "canvas.bookmarks.go", n, local=True) for n in range(1, 10)),
    *(Act(f"set_bookmark_{n}", "view/bookmarks", _(_C, "Set Bookmark &{0}"), (f"Ctrl+{n}",), "", _(_C, "Remember what is in view"),
          "canvas.bookmarks.set", n, gap=n == 1, local=True) for n in range(1, 10)),
    Act("live", "view/live", _(_C, "&Live Sample"), ("Shift+L",), "eye",
        _(_C, "Show below each node what it makes of one sample of the data"), "live.toggle", checkable=True, local=True),
    Act("live_next", "view/live", _(_C, "&Next Sample"), ("PgDown",), "caret-right", "", "live.step", 1, gap=True, local=True),
    Act("live_previous", "view/live", _(_C, "&Previous Sample"), ("PgUp",), "caret-left", "", "live.step", -1, local=True),
    Act("live_random", "view/live", _(_C, "&Random Sample"), ("Shift+PgDown",), "dice-five", "", "live.draw", local=True),
    Act("live_part", "view/live", _(_C, "Next &Part of the Data"), ("Shift+PgUp",), "",
        _(_C, "From validation to training to test data"), "live.other_part", local=True),
    Act("compare_saved", "view/compare", _(_C, "With the &Saved Version"), ("Ctrl+Alt+D",), "git-diff",
        _(_C, "Mark on the canvas what is different from the file"), "comparison.with_saved"),
    Act("compare_run", "view/compare", _(_C, "With the Last &Run"), (), "git-diff",
        _(_C, "Mark on the canvas what is different from the last run; any other is compared from Runs"), "comparison.with_last_run"),
    Act("change_next", "view/compare", _(_C, "&Next Change"), ("F8",), "caret-right", "", "comparison.step", 1, gap=True),
    Act("change_previous", "view/compare", _(_C, "&Previous Change"), ("Shift+F8",), "caret-left", "", "comparison.step", -1),
    Act("compare_end", "view/compare", _(_C, "&End Comparison"), (), "", _(_C, "Also Esc"), "comparison.end"),
    Act("shares_off", "view/shares", _(_C, "&None"), (), "", "", "show_shares", "off", "shares"),
    Act("shares_parameters", "view/shares", _(_C, "Share of &Parameters"), (), "chart-bar-horizontal",
        _(_C, "A bar on each node: the longest is the node with most of the network's parameters"), "show_shares", "parameters", "shares"),
    Act("shares_flops", "view/shares", _(_C, "Share of &Operations (FLOPs)"), (), "chart-bar-horizontal",
        _(_C, "A bar on each node: the longest is the node with most of the network's operations"), "show_shares", "flops", "shares"),
    Act("theme_system", "view/theme", _(_C, "Like the &System"), (), "", "", "set_theme", "system", "theme"),
    Act("theme_light", "view/theme", _(_C, "&Light"), (), "", "", "set_theme", "light", "theme"),
    Act("theme_dark", "view/theme", _(_C, "&Dark"), (), "", "", "set_theme", "dark", "theme"),
    Act("reset_panels", "view", _(_C, "&Reset Panels"), (), "", "", "reset_layout"),
    Act("run", "run", _(_C, "&Run"), ("F5",), "play-fill", _(_C, "Train the network"), "start_run"),
    Act("pause", "run", _(_C, "&Pause"), ("F6",), "pause-fill", _(_C, "Pause or resume the run"), "pause_run"),
    Act("stop", "run", _(_C, "S&top"), ("Shift+F5",), "stop-fill", _(_C, "End the run; what it learned is kept"), "stop_run"),
    Act("find_rate", "run", _(_C, "Find Learning &Rate"), (), "chart-line-up", _(_C, "Try learning rates on a network that is thrown away"),
        "trials.ask", "rate", gap=True),
    Act("learn_batch", "run", _(_C, "Learn One &Batch"), (), "student", _(_C, "Whether the network can learn a single batch by heart"),
        "trials.ask", "batch"),
    Act("measure_cost", "run", _(_C, "Measure &Cost…"), (), "gauge", _(_C, "Memory, and time of each node and epoch, before a run"),
        "trials.ask", "budget"),
    Act("commands", "help", _(_C, "&All Actions…"), ("Ctrl+Shift+P",), "command", _(_C, "Search everything that can be done"),
        "searches.show_commands"),
    Act("tour", "help", _(_C, "Take the &Tour"), (), "map-trifold", _(_C, "Five steps through the window"), "tour.begin"),
    Act("blocks", "help", _(_C, "&Block Reference"), ("F1",), "book-open", "", "help.show_blocks"),
    Act("importing", "help", _(_C, "&Importing Networks"), (), "download-simple", "", "help.show_importing"),
    Act("shortcuts", "help", _(_C, "&Keyboard Shortcuts"), ("Ctrl+/",), "keyboard", "", "help.show_shortcuts"),
    Act("about", "help", _(_C, "&About Archloom"), (), "", "", "help.show_about", gap=True),
)
# fmt: on

CONTEXT = (
    "add", "|", "cut", "copy", "paste", "duplicate", "delete", "|", "rename", "swap", "connect", "|", "group", "dissolve", "expand",
    "enter", "leave", "|", "bypass", "mute",
    "|", "share", "unshare", "|", "frame", "note", "|", "select_all", "|", "layout", "fit_selection", "fit_all",
)  # fmt: skip
"""The canvas's context menu."""

TOOLBAR = ("new", "open", "save", "|", "undo", "redo", "|", "layout", "fit_all", "|", "live")
"""The left part of the toolbar; the run's controls follow on the right."""

QUESTIONS = ("find_rate", "learn_batch", "measure_cost")
"""What can be asked before a run."""


class Actions(QObject):
    """The table as `QAction` objects of one window.

    Args:
        window: has the handlers as methods.
        canvas: the widget whose keyboard the local ones need.
        preferences: keep the keys that the user chose.
    """

    def __init__(self, window: QWidget, canvas: QWidget, preferences: Preferences):
        super().__init__(window)
        self._window = window
        self._preferences = preferences
        self._acts = {act.id: act for act in ACTIONS}
        self._made: dict[str, QAction] = {}
        groups: dict[str, QActionGroup] = {}
        for act in ACTIONS:
            action = QAction(named(act), window)
            action.setObjectName(act.id)
            if act.icon:
                action.setIcon(icon(act.icon))
            keys = preferences.keys(act.id)
            action.setShortcuts(keys if keys is not None else first_keys(act))
            action.setToolTip(tooltip(action, translated(act.tip)))
            action.setStatusTip("")
            action.triggered.connect(lambda _=False, act=act: self._carry_out(act))
            if act.group:
                if act.group not in groups:
                    groups[act.group] = QActionGroup(self)
                groups[act.group].addAction(action)
                action.setCheckable(True)
            if act.checkable:
                action.setCheckable(True)
            if act.local:
                action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
                canvas.addAction(action)
            else:
                window.addAction(action)
            self._made[act.id] = action

    def __getitem__(self, id: str) -> QAction:
        return self._made[id]

    def _carry_out(self, act: Act) -> None:
        handler = attrgetter(act.handler)(self._window)
        if act.argument is None:
            handler()
        else:
            handler(act.argument)

    def rebind(self, id: str, keys: list[QKeySequence] | None) -> None:
        """Gives an action other keys from now on; None those that it had first."""
        act, action = self._acts[id], self._made[id]
        if keys is not None and keys == first_keys(act):
            keys = None
        self._preferences.remember_keys(id, keys)
        action.setShortcuts(keys if keys is not None else first_keys(act))
        action.setToolTip(tooltip(action, translated(act.tip)))

    def is_first(self, id: str) -> bool:
        """Whether an action has the keys that it had first."""
        return self._made[id].shortcuts() == first_keys(self._acts[id])

    def enable(self, ids: Iterable[str], enabled: bool) -> None:
        """Enables or disables several at once."""
        for id in ids:
            self._made[id].setEnabled(enabled)

    def fill(self, bar: QMenuBar) -> dict[str, QMenu]:
        """Makes the menus; returns them by their path."""
        menus: dict[str, QMenu] = {}
        for path, title in MENUS.items():
            if "/" not in path:
                menus[path] = bar.addMenu(translated(title))
        for path, title in MENUS.items():
            if "/" in path:
                menus[path] = QMenu(translated(title), bar)
        placed = _SUBMENU_AFTER.copy()
        for act in ACTIONS:
            menu = menus[act.menu]
            if act.gap:
                menu.addSeparator()
            menu.addAction(self._made[act.id])
            for path in placed.pop(act.id, ()):
                menus[path.partition("/")[0]].addMenu(menus[path])
        return menus


_SUBMENU_AFTER: dict[str, tuple[str, ...]] = {
    "open": ("file/recent", "file/template"),
    "save_as": ("file/export",),
    "add": ("edit/select",),
    "layout": ("edit/arrange", "edit/annotate"),
    "fit_all": ("view/bookmarks", "view/live", "view/compare", "view/shares", "view/theme", "view/panels"),
}
"""Which sub-menus stand below which action."""


def first_keys(act: Act) -> list[QKeySequence]:
    """The keys of an action as long as nobody chose others."""
    # the first key only of each standard one: X11's others for Delete, say, hold one that means Duplicate here
    return [k for k in dict.fromkeys(QKeySequence(s) for s in act.shortcuts) if not k.isEmpty()]


def plain(text: str) -> str:
    """A title or name as it reads outside a menu."""
    return text.replace("&", "").rstrip("…")


def named(act: Act) -> str:
    """What an action is called in a menu."""
    return translated(act.text).format(act.argument)


def translated(text: str) -> str:
    """A text of the table in the user's language."""
    return QCoreApplication.translate(_C, text) if text else ""


def tooltip(action: QAction, tip: str = "") -> str:
    """What an action's button says: name, keys, and what it does where that needs words."""
    name = action.text().replace("&", "").rstrip("…")
    keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    head = f"<b>{name}</b>" + (f" &nbsp;{keys}" if keys else "")
    return head + (f"<br>{tip}" if tip else "")

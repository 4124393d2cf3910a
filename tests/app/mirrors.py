"""Where views show something else than what is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import shiboken6

from app.canvas.flash import Flash
from app.canvas.overview import Overview
from app.canvas.scene import CanvasScene
from app.theme.tokens import LIGHT
from app.widgets.form import Form
from app.widgets.param_editors import ChoiceEditor, TextEditor, value_text
from app.window import MainWindow
from graph_engine.settings.option import OptionParam


def wrong_rows(form: Form, values: Mapping[str, Any]) -> list[str]:
    """Where a form shows something else than what is stored; a field that one is typing in may."""
    found = []
    for name, row in form.rows.items():
        editor, value = row.editor, values[name]
        if isinstance(editor, TextEditor) and not editor.field.hasFocus() and editor.field.text() != value_text(value):
            found.append(f"{name} shows {editor.field.text()}, not {value!r}")
        if isinstance(editor, ChoiceEditor) and editor.box.currentData() != getattr(value, "id", value):
            found.append(f"{name} shows {editor.box.currentData()}, not {value!r}")
        if isinstance(row.param, OptionParam) and value.option.params:
            found += wrong_rows(form.nested(name), value.params)
    return found


def differences(window: MainWindow) -> list[str]:
    """Where the canvas shows something else than one that is made anew would."""
    ours, fresh = window.canvas.canvas, CanvasScene(window.session, LIGHT)
    pairs = {
        "nodes": ({i: (n.pos(), n.layout, n.checked) for i, n in s.nodes.items()} for s in (ours, fresh)),
        "edges": ({i: (e.curve, e.parts, e.label, e.kind, e.waiting) for i, e in s.edges.items()} for s in (ours, fresh)),
        "annotations": ({i: (a.annotation, a.rect) for i, a in s.annotations.items.items()} for s in (ours, fresh)),
        "far nodes": (far(s.overview, s.nodes) for s in (ours, fresh)),
    }
    found = []
    for what, (a, b) in pairs.items():
        found += [f"{what} {id}: {a.get(id)}, not {b.get(id)}" for id in a.keys() | b.keys() if a.get(id) != b.get(id)]
    shiboken6.delete(fresh)
    selected = {i for i, n in ours.nodes.items() if n.selected} | {i for i, e in ours.edges.items() if e.selected}
    if selected != {*ours.selected_nodes(), *ours.selected_edges()}:
        found.append("the selection is not what is marked")
    flashes = [f for f in window.canvas.findChildren(Flash) if f.state() == Flash.State.Running]
    if window.canvas.gesture is None and len(ours.drafts) != len(flashes):  # one that goes on, as connecting by keys, may have a shape
        found.append(f"{len(ours.drafts)} shapes of gestures are left, with {len(flashes)} flashes")
    return found + [f"edge {id} is hidden" for id, e in ours.edges.items() if not e.isVisible()]


def far(overview: Overview, nodes: Mapping[str, Any]) -> dict[str, tuple[float, ...]]:
    """Places of the cards in the far view."""
    overview.content()
    return dict(zip(overview._nodes.ids, map(tuple, overview._nodes.data[:, :4].tolist()), strict=True))

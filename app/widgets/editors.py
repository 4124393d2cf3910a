"""Which editor each kind of parameter has."""

from __future__ import annotations

from collections.abc import Mapping

from app.widgets.choosing import FileEditor, NamesEditor
from app.widgets.param_editors import (
    BoolEditor,
    ChoiceEditor,
    Editor,
    FloatEditor,
    FloatsEditor,
    IntEditor,
    IntsEditor,
    LineEditor,
    OptionEditor,
    PathEditor,
    ShapeEditor,
)
from graph_engine.settings.option import OptionParam
from graph_engine.spec.params import (
    BoolParam,
    ChoiceParam,
    FileParam,
    FloatParam,
    FloatsParam,
    IntParam,
    IntsParam,
    LiteralParam,
    NamesParam,
    Param,
    PathParam,
    ShapeParam,
    TextParam,
)

EDITORS: Mapping[str, type[Editor]] = {
    IntParam.kind: IntEditor,
    FloatParam.kind: FloatEditor,
    BoolParam.kind: BoolEditor,
    ChoiceParam.kind: ChoiceEditor,
    IntsParam.kind: IntsEditor,
    FloatsParam.kind: FloatsEditor,
    ShapeParam.kind: ShapeEditor,
    TextParam.kind: LineEditor,
    LiteralParam.kind: LineEditor,
    PathParam.kind: PathEditor,
    FileParam.kind: FileEditor,
    NamesParam.kind: NamesEditor,
    OptionParam.kind: OptionEditor,
}
"""The editor of each kind of parameter."""


def editor_for(param: Param) -> Editor:
    """A new editor for a parameter.

    Raises:
        KeyError: its kind has none.
    """
    return EDITORS[param.kind](param)

"""Operations that have no block: functions and methods of torch as an imported module calls them, with what they received and returned."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from graph_engine.blocks.operations import ALLOWED
from graph_engine.spec.block import BlockSpec, Fitting, Inferred, Rule, Site
from graph_engine.spec.call import Call
from graph_engine.spec.faults import Fault
from graph_engine.spec.params import TextParam
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import expect_given
from graph_engine.spec.tensor import COMPLEX, ITEM_SIZES, Dim, Size, TensorSpec

LONGEST = 4000
"""Characters of a text at most."""

SUBSCRIPT = "[]"
"""Stands for Python's brackets, where the name of a method would."""


class Written(NamedTuple):
    """The texts of a node, read.

    Attributes:
        call: how it is written.
        receives, returns: port and tensor of each input and output.
    """

    call: Call
    receives: tuple[tuple[str, TensorSpec], ...]
    returns: tuple[tuple[str, TensorSpec], ...]


@lru_cache(maxsize=1024)
def read(path: str, arguments: str, receives: str, returns: str) -> Written:
    """The texts of a node, none of which is ever executed here.

    Raises:
        ValueError: one is of another form, or names something that is no operation on tensors.
    """
    taken, given = tuple(_ports(receives)), tuple(_ports(returns))
    names = {name for name, _ in taken}
    owner, _, name = path.rpartition(".")
    pieces = _pieces(arguments, names, subscript=name == SUBSCRIPT)
    if f"{owner.removeprefix('torch.')}_{name}" not in ALLOWED and name not in (*ALLOWED, SUBSCRIPT):
        raise ValueError(f"{path} is no operation on tensors that a document may name")
    if owner == "Tensor":
        target = f"{pieces[0]}{SUBSCRIPT}" if name == SUBSCRIPT else f"{pieces[0]}.{name}"
        pieces = pieces[1:]
    elif owner in ("torch", "F", "torch.fft", "torch.linalg", "torch.special"):
        target = path
    else:
        raise ValueError(f"{path} is neither a function of torch nor a method of its tensors")
    results = tuple(n for n, _ in given)
    return Written(Call("written", target, tuple(pieces), returns=results if len(results) > 1 else ()), taken, given)


def _ports(text: str) -> Iterator[tuple[str, TensorSpec]]:
    """``x: (N, 3) float32; y: (7,) int64``."""
    if len(text) > LONGEST:
        raise ValueError(text[:40])
    for part in text.split("; ") if text else ():
        found = re.fullmatch(r"([a-z]\w*): \((.*)\) (\w+)", part)
        if found is None or found[3] not in {**ITEM_SIZES, **COMPLEX}:
            raise ValueError(part)
        yield found[1], TensorSpec(tuple(_size(ast.parse(s.strip(), mode="eval").body) for s in found[2].split(",") if s.strip()), found[3])


def _size(node: ast.expr) -> Size:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    if isinstance(node, ast.Name):
        return Dim.named(node.id)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return _size(node.operand) * -1
    if isinstance(node, ast.BinOp):
        a, b = _size(node.left), _size(node.right)
        for kind, result in ((ast.Add, a + b), (ast.Sub, a - b), (ast.Mult, a * b)):
            if isinstance(node.op, kind):
                return result
        if isinstance(node.op, ast.FloorDiv) and isinstance(b, int):
            return a // b
    raise ValueError(ast.unparse(node))


def _pieces(text: str, names: set[str], *, subscript: bool) -> list[str]:
    """The arguments, each as text with ``{name}`` for a port."""
    if len(text) > LONGEST or "{" in text:
        raise ValueError(text[:40])
    if subscript:
        first, _, rest = text.partition(", ")
        index = ast.parse(f"{first}[{rest}]", mode="eval").body
        if not isinstance(index, ast.Subscript) or not isinstance(index.value, ast.Name):
            raise ValueError(text)
        items = index.slice.elts if isinstance(index.slice, ast.Tuple) else [index.slice]
        return [_text(index.value, names), *(_text(i, names) for i in items)]
    call = ast.parse(f"f({text})", mode="eval").body
    if not isinstance(call, ast.Call) or ast.unparse(call.func) != "f" or not call.args:
        raise ValueError(text)
    return [*(_text(a, names) for a in call.args), *(f"{k.arg}={_text(k.value, names)}" for k in call.keywords if k.arg)]


def _text(node: ast.expr, names: set[str]) -> str:
    """An argument as text; only names of ports, plain values and sizes of ports may stand there."""
    if isinstance(node, ast.Name) and node.id in names:
        return f"{{{node.id}}}"
    if isinstance(node, ast.Constant) and (node.value is None or node.value is Ellipsis or isinstance(node.value, bool | int | float)):
        return ast.unparse(node)
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"[\w ,>.-]*", node.value):
        return f'"{node.value}"'
    if isinstance(node, ast.Tuple | ast.List):
        items = [_text(e, names) for e in node.elts]
        inside = ", ".join(items) + ("," if len(items) == 1 and isinstance(node, ast.Tuple) else "")
        return f"[{inside}]" if isinstance(node, ast.List) else f"({inside})"
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return f"-{_text(node.operand, names)}"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub | ast.Mult):
        return f"{_text(node.left, names)} {_SIGNS[type(node.op)]} {_text(node.right, names)}"
    if isinstance(node, ast.Slice):
        ends = [_text(e, names) if e is not None else "" for e in (node.lower, node.upper)]
        return ":".join(ends) + (f":{_text(node.step, names)}" if node.step is not None else "")
    dtypes = {f"torch.{name}" for name in (*ITEM_SIZES, *COMPLEX)}
    if isinstance(node, ast.Attribute) and ast.unparse(node) in dtypes:
        return ast.unparse(node)
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "float" and len(node.args) == 1:
        return f"float({_text(node.args[0], names)})"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "size" and len(node.args) == 1:
        return f"{_text(node.func.value, names)}.size({_text(node.args[0], names)})"
    raise ValueError(ast.unparse(node))


_SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}


def recorded(form: Written) -> Rule:
    """The rule of an operation that was recorded: what it received then must arrive now."""

    def infer(at: Site) -> Inferred:
        for port, expected in form.receives:
            x = at.input(port)
            if x != expected:
                raise Fault(
                    "opaque.other-input",
                    "was imported with {expected}, but receives {received}; what it makes of that is not known: import the module again.",
                    port=port,
                    expected=str(expected),
                    received=str(x),
                )
        return Inferred(tuple(x for _, x in form.returns))

    return infer


def unread(at: Site) -> Inferred:
    """Nothing can be told of texts that are missing or damaged."""
    expect_given(at, *at.params)
    raise Fault("opaque.unreadable", "{path} cannot be read as an operation of torch; import the module again.", path=at["path"])


def _fields(path: str | None, arguments: str | None, receives: str | None, returns: str | None) -> Mapping[str, Any]:
    if path is None or arguments is None or receives is None or returns is None:
        return {}
    try:
        form = read(path, arguments, receives, returns)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return {"label": path}
    name = path.rpartition(".")[2].replace(SUBSCRIPT, "index")
    return {
        "label": name,
        "stem": name if name.isidentifier() and name[0] != "_" else "operation",
        "summary": f"{path}, as the imported module calls it.",
        "inputs": tuple(Port(name, f"{spec}.") for name, spec in form.receives),
        "outputs": tuple(Port(name, f"{spec}.") for name, spec in form.returns),
        "infer": recorded(form),
        "call": form.call,
    }


Opaque = BlockSpec(
    id="Opaque",
    category="Custom",
    summary="An operation of torch that has no block of its own, as an imported module calls it.",
    inputs=(),
    outputs=(),
    params=(
        TextParam(name="path", visible="form", help="The function or method."),
        TextParam(name="arguments", visible="form", help="What it is called with."),
        TextParam(name="receives", visible="never", help="What arrived when it was imported."),
        TextParam(name="returns", visible="never", help="What it returned then."),
    ),
    infer=unread,
    fitting=Fitting(("path", "arguments", "receives", "returns"), _fields),
    call=Call("written", "torch"),
    recorded=True,
)

"""What ``torch.export`` makes of a network, as a module that is imported like any other: ATen's operators by the functions people write."""

from __future__ import annotations

import math
import operator
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 (everybody's name for it)
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram
from torch.export.graph_signature import InputKind

from graph_engine.errors import ImportModuleError
from graph_engine.importing.programs import CONTAINERS, Interpreted, Level, Operation, Ref, Reference, shape_text

END = 2**63 - 1
"""What stands for the end of a slice."""


def _conv(x: Tensor, w: Tensor, b: Any, stride: Any, padding: Any, dilation: Any, turned: bool, output_padding: Any, groups: int) -> Tensor:
    n = x.dim() - 2
    if turned:
        back = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[n - 1]
        return back(x, w, b, stride, padding, output_padding, groups, dilation)
    return (F.conv1d, F.conv2d, F.conv3d)[n - 1](x, w, b, stride, padding, dilation, groups)


def _slice(x: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Tensor:
    at: Any = (slice(None),) * (dim % x.dim())
    return x[(*at, slice(start or None, None if end == END else end, step if step != 1 else None))]


def _select(x: Tensor, dim: int, index: int) -> Tensor:
    at: Any = (slice(None),) * (dim % x.dim())
    return x[(*at, index)]


def _reduced(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def reduce(x: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
        more = {"dtype": dtype} if dtype is not None else {}
        return function(x, dim=dim, keepdim=keepdim, **more) if dim is not None else function(x, **more)

    return reduce


def _index(x: Tensor, indices: list[Any]) -> Tensor:
    items = tuple(slice(None) if i is None else i for i in indices)
    return x[items if len(items) > 1 else items[0]]


def _resized(mode: str) -> Callable[..., Tensor]:
    def resize(x: Tensor, size: Any, *rest: Any) -> Tensor:
        corners, scale = rest if len(rest) == 2 else (None, rest[0])
        return F.interpolate(x, size, scale, mode, corners)

    return resize


def _cast(x: Tensor, dtype: Any = None, *_: Any, **kwargs: Any) -> Tensor:
    dtype = kwargs.get("dtype", dtype)
    return x.to(dtype) if dtype is not None else x


def _first(function: Callable[..., Tensor]) -> Callable[..., tuple[Tensor, None, None]]:
    return lambda *args, **kwargs: (function(*args, **kwargs), None, None)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "batch_norm": lambda x, w, b, m, v, train, momentum, eps, _=None: F.batch_norm(x, m, v, w, b, train, momentum, eps),
    "instance_norm": lambda x, w, b, m, v, own, momentum, eps, _=None: F.instance_norm(x, m, v, w, b, own, momentum, eps),
    "layer_norm": lambda x, shape, w=None, b=None, eps=1e-5, _=None: F.layer_norm(x, shape, w, b, eps),
    "group_norm": lambda x, groups, w=None, b=None, eps=1e-5, _=None: F.group_norm(x, groups, w, b, eps),
    "native_layer_norm": _first(F.layer_norm),
    "_native_batch_norm_legit_no_training": _first(lambda x, w, b, m, v, p, e: F.batch_norm(x, m, v, w, b, False, p, e)),
    "native_group_norm": _first(lambda x, w, b, _n, _c, _hw, groups, eps: F.group_norm(x, groups, w, b, eps)),
    "mean": _reduced(torch.mean),
    "sum": _reduced(torch.sum),
    "convolution": _conv,
    "embedding": lambda w, i, padding=-1, *_: F.embedding(i, w, padding if padding >= 0 else None),
    "slice": _slice,
    "select": _select,
    "index": _index,
    "view": torch.Tensor.reshape,
    "_unsafe_view": torch.Tensor.reshape,
    "_to_copy": _cast,
    "to": _cast,
    "clone": lambda x, **_: x.clone(),
    "contiguous": lambda x, **_: x.contiguous(),
    "lift_fresh_copy": lambda x: x.clone(),
    "clamp_min": lambda x, least: torch.clamp(x, least),
    "clamp_max": lambda x, most: torch.clamp(x, None, most),
    "zero": lambda x: torch.zeros_like(x),
    "fill": lambda x, value: torch.full_like(x, value),
    "copy": lambda x, y, *_: y.to(x.dtype).expand(x.shape),
    "alias": lambda x: x.detach(),
    "_softmax": lambda x, dim, _=False: torch.softmax(x, dim),
    "_log_softmax": lambda x, dim, _=False: torch.log_softmax(x, dim),
    "softmax": lambda x, dim, dtype=None: F.softmax(x, dim, dtype=dtype),
    "addmm": lambda b, x, y, **_: torch.add(torch.matmul(x, y), b),
    "constant_pad_nd": lambda x, pad, value=0: F.pad(x, pad, "constant", value),
    "upsample_nearest1d": _resized("nearest"),
    "upsample_nearest2d": _resized("nearest"),
    "upsample_nearest3d": _resized("nearest"),
    "upsample_linear1d": _resized("linear"),
    "upsample_bilinear2d": _resized("bilinear"),
    "upsample_bicubic2d": _resized("bicubic"),
    "upsample_trilinear3d": _resized("trilinear"),
    "im2col": lambda x, kernel, dilation, padding, stride: F.unfold(x, kernel, dilation, padding, stride),
    "col2im": lambda x, size, kernel, dilation, padding, stride: F.fold(x, size, kernel, dilation, padding, stride),
    "max_pool2d_with_indices": lambda *args: (F.max_pool2d(*args), None),
    "_adaptive_avg_pool2d": F.adaptive_avg_pool2d,
    "native_dropout": lambda x, p, train: (F.dropout(x, p, bool(train)), None),
    "einsum": lambda equation, tensors, **_: torch.einsum(equation, list(tensors)),
    "sym_size": lambda x, dim: x.size(dim),
    "index_put": lambda x, indices, values, add=False: torch.index_put(x, tuple(indices), values, add),
}
"""Operators whose function takes its arguments in another way."""

SILENT = ("_assert", "sym_constrain_range", "_guard", "_check")
"""How the names of operators begin that compute nothing."""

DEVICES = ("device", "pin_memory", "layout", "memory_format", "non_blocking")
"""Arguments that say nothing of numbers."""


def load_exported(path: Path) -> ExportedProgram:
    """The program in a ``.pt2`` file. What it holds besides numbers may run code: whoever names it trusts it.

    Raises:
        ImportModuleError: it cannot be read.
    """
    if not path.is_file():
        raise ImportModuleError(f"There is no file {path}.")
    try:
        return torch.export.load(path)
    except (RuntimeError, OSError, ValueError, KeyError, AttributeError, zipfile.BadZipFile) as error:
        words = " ".join(str(error).split())[:200]
        raise ImportModuleError(f"{path.name} cannot be read as an exported program: {words}") from error


def open_exported(path: Path) -> Interpreted:
    """The network in a ``.pt2`` file.

    Raises:
        ImportModuleError: it cannot be read, or has operators without a counterpart.
    """
    program = load_exported(path)
    made = interpreted(program)
    shapes = [n.meta["val"] for n in program.graph.nodes if n.op == "placeholder" and n.name in program.graph_signature.user_inputs]
    for name, value in zip(made.inputs, shapes, strict=True):
        sizes = [int(s) for s in value.shape]  # of a free size the one that it was exported with
        made.expects[name] = shape_text(torch.zeros(sizes, dtype=value.dtype))
    if program.example_inputs is not None:
        given = [x for x in torch.utils._pytree.tree_leaves(program.example_inputs) if isinstance(x, Tensor)]
        inputs = dict(zip(made.inputs, given, strict=True))
        made.expects = {name: shape_text(x) for name, x in inputs.items()}
        with torch.no_grad():
            made.reference = Reference("torch.export", inputs, program.module()(*program.example_inputs[0], **program.example_inputs[1]))
    return made


def interpreted(program: ExportedProgram) -> Interpreted:
    """The program as a module.

    Raises:
        ImportModuleError: operators have no counterpart; each is named, and how often it occurs.
    """
    tensors: dict[str, Tensor] = {**program.state_dict, **program.constants}
    places: dict[str, str] = {}
    inputs: list[str] = []
    weights: dict[str, Tensor] = {}
    buffers: dict[str, Tensor] = {}
    for spec in program.graph_signature.input_specs:
        name = getattr(spec.arg, "name", "")
        if spec.kind == InputKind.USER_INPUT:
            if not hasattr(spec.arg, "value"):
                inputs.append(name)
        elif spec.target in tensors and isinstance(tensors[spec.target], Tensor):
            places[name] = spec.target
            (weights if spec.kind == InputKind.PARAMETER else buffers)[spec.target] = tensors[spec.target].detach()
    unknown: Counter[str] = Counter()
    sizes = [n.meta["val"].shape for n in program.graph.nodes if n.op == "placeholder" and n.name in inputs]
    batch = sizes[0][0] if sizes and len(sizes[0]) else None
    first = (inputs[0], batch) if isinstance(batch, int) else None
    operations = list(_operations(program.graph, places, unknown, first))
    if unknown:
        told = ", ".join(f"{count} × {name}" for name, count in unknown.most_common())
        raise ImportModuleError(f"These operators of the file have no counterpart here: {told}.")
    outputs = next(n for n in program.graph.nodes if n.op == "output").args[0]
    changed = sum(1 for spec in program.graph_signature.output_specs if spec.kind.name.endswith("MUTATION"))
    given = [_named(x, places) for x in outputs[changed:]]
    return Interpreted(inputs, operations, given[0] if len(given) == 1 else tuple(given), weights, buffers)


def _operations(
    graph: torch.fx.Graph, places: dict[str, str], unknown: Counter[str], first: tuple[str, int] | None, prefix: str = ""
) -> Iterator[Operation]:
    """The operators of a graph; ``first`` is the first input and the size of the batch, where the graph is for that alone."""
    for node in graph.nodes:
        if node.op != "call_function":
            continue
        name, label = prefix + node.name, str(node.target)
        places[node.name] = name
        inner = node.args[1] if label.startswith("wrap_with") and len(node.args) > 1 else None
        if isinstance(inner, torch.fx.Node) and inner.op == "get_attr":  # what is done without gradients, or in another precision
            yield from _inlined(node, getattr(graph.owning_module, str(inner.target)).graph, places, unknown, first, name)
            continue
        if label.partition(".")[2].startswith(SILENT):
            continue
        function = _function(node.target)
        if function is None:
            if node.users:
                unknown[label] += 1
            continue
        kwargs = {k: _named(v, places) for k, v in node.kwargs.items() if k not in DEVICES}
        args = tuple(_named(a, places) for a in node.args)
        seen = node.args[0].meta["val"].shape if label.startswith(SIZED) else ()
        if first is not None and seen and all(isinstance(s, int) for s in seen):
            function = _for_any_batch(function, tuple(seen), first[1], is_expand=label.startswith("aten.expand"))
            args = (*args, Ref(first[0]))
        yield Operation(function, args, kwargs, name, label, tuple(_levels(node)))


def _inlined(
    node: torch.fx.Node, graph: torch.fx.Graph, places: dict[str, str], unknown: Counter[str], first: tuple[str, int] | None, name: str
) -> Iterator[Operation]:
    """The operations of a part that is called like a function."""
    given = [_named(a, places) for a in node.args[2:]]
    inside = dict(places)
    for placeholder, value in zip((n for n in graph.nodes if n.op == "placeholder"), given, strict=True):
        inside[placeholder.name] = value.name
    yield from _operations(graph, inside, unknown, first, f"{name}.")
    results = next(n for n in graph.nodes if n.op == "output").args[0]
    yield Operation(lambda *x: x, tuple(_named(r, inside) for r in results), {}, name, str(node.target), tuple(_levels(node)))


SIZED = ("aten.view", "aten.reshape", "aten._unsafe_view", "aten.expand")
"""Operators that name sizes, in which a program for one size of the batch names this one."""


def _for_any_batch(function: Callable[..., Any], seen: tuple[int, ...], batch: int, *, is_expand: bool) -> Callable[..., Any]:
    """An operator of a program for one size of the batch, for any.

    Args:
        function: the operator; what is made of it also takes the first input of the network.
        seen: the shape that it received.
        batch: the size of the batch then.
        is_expand: it repeats what it receives, rather than giving it another shape.
    """

    def resize(x: Tensor, sizes: Any, *rest: Any, **kwargs: Any) -> Any:
        now = rest[-1].size(0)
        if is_expand and sizes[0] == batch != now:
            sizes = [-1 if x.dim() == len(sizes) and x.size(0) == now else now, *sizes[1:]]
        elif x.shape != seen and -1 not in sizes:
            axis = next(i for i, (a, b) in enumerate(zip(x.shape, seen, strict=True)) if a != b)
            place = _place_of(axis, seen, sizes, batch)
            sizes = [s * x.size(axis) // seen[axis] if i == place else s for i, s in enumerate(sizes)]
        return function(x, sizes, *rest[:-1], **kwargs)

    return resize


def _place_of(axis: int, seen: tuple[int, ...], sizes: Any, batch: int) -> int:
    """Which of the new sizes the batch is in, of those that a dimension goes into: one that is as large, or the one around."""
    before = math.prod(seen[:axis])
    starts = [math.prod(sizes[:i]) for i in range(len(sizes))]
    alike = (i for i, start in enumerate(starts) if before <= start <= before * seen[axis] and sizes[i] == batch)
    return next(alike, max((i for i, start in enumerate(starts) if start <= before), default=0))


def _named(x: Any, places: Mapping[str, str]) -> Any:
    if isinstance(x, torch.fx.Node):
        return Ref(places.get(x.name, x.name))
    if isinstance(x, tuple | list):
        return type(x)(_named(i, places) for i in x) if type(x) in (tuple, list) else [_named(i, places) for i in x]
    return x


def _levels(node: torch.fx.Node) -> Iterator[Level]:
    """The modules in which an operator is called, without those that only hold others."""
    for key, (path, kind) in node.meta.get("nn_module_stack", {}).items():
        path = path.removeprefix("L['self']").removeprefix(".")
        name = (kind if isinstance(kind, str) else kind.__name__).rpartition(".")[2]
        path = path.partition("@")[0]
        if path and name not in CONTAINERS[1:]:
            yield Level(path, name, str(key))


def _function(target: Any) -> Callable[..., Any] | None:
    """What people write for an operator; None where nothing is known."""
    if getattr(target, "__module__", "") in ("_operator", "math") or target is operator.getitem:
        found: Callable[..., Any] = target
        return found
    if not isinstance(target, torch._ops.OpOverload) or target.namespace != "aten":
        return None
    name = target._schema.name.partition("::")[2]
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    if name.startswith("__"):
        return _method(getattr(torch.Tensor, name))
    plain = name.removesuffix("_")
    if name.endswith("_") and not name.startswith("_"):
        if hasattr(torch.Tensor, name):
            return _method(getattr(torch.Tensor, name))
        changed = getattr(F, plain, None)
        return (lambda *args, **kwargs: changed(*args, **kwargs, inplace=True)) if changed is not None else None
    for holder in (F, torch, torch.Tensor, torch.linalg, torch.fft, torch.special):
        short = plain.removeprefix(f"{getattr(holder, '__name__', '').rpartition('.')[2]}_")
        if callable(getattr(holder, short, None)):
            return _method(getattr(holder, short)) if holder is torch.Tensor else getattr(holder, short)
    return None


def _method(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, *args, **kwargs: function(x, *args, **kwargs)


def export(module: nn.Module, inputs: Mapping[str, Any], positional: int) -> Interpreted:
    """A module by way of ``torch.export``, with a batch of any size.

    Args:
        module: it, in the mode that it is to be exported in.
        inputs: its arguments by name; the first ``positional`` of them are passed by position.
        positional: how many.

    Raises:
        ImportModuleError: it cannot be exported, or has operators without a counterpart.
    """
    args = tuple(inputs.values())[:positional]
    kwargs = dict(list(inputs.items())[positional:])
    free = [{0: Dim.AUTO} if isinstance(x, Tensor) else None for x in inputs.values()]
    by_name = dict(zip(kwargs, free[positional:], strict=True))
    try:
        with warnings.catch_warnings(action="ignore"):
            sizes = by_name if not args else (*free[:positional], *by_name.values())
            program = torch.export.export(module, args, kwargs, dynamic_shapes=sizes)
            program = program.run_decompositions({})  # so that nothing is written in place
    except Exception as error:  # torch.export raises what its parts and the module raise
        words = str(error).strip().partition("\n")[0][:200]
        raise ImportModuleError(f"torch.export cannot look into it either: {words}") from error
    return interpreted(program)

"""A recorded call → the block that stands for it, with its parameters and what is connected to its ports.

Nothing here knows a block: what is called is looked up in `graph_engine.importing.index`, the arguments are read by the block's
declaration, and its shape rule must find what was recorded. Where no block does, the node is ``Opaque``: the call as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import nn

from graph_engine.blocks import registry
from graph_engine.errors import ImportModuleError, ParamError
from graph_engine.importing.index import block_of, bound, canonical, functions, params_of
from graph_engine.importing.programs import Interpreted
from graph_engine.importing.recording import Call, Place, Scope, Value, operation, values_in
from graph_engine.spec.block import BlockSpec, Inferred, Site
from graph_engine.spec.call import Names
from graph_engine.spec.faults import Fault
from graph_engine.spec.params import BoolParam, DtypeParam, IntsParam, Param, ShapeParam
from graph_engine.spec.tensor import Dim, N, Size, TensorSpec


class Match(NamedTuple):
    """A node to be.

    Attributes:
        spec: its block, fitted.
        params: its parameters.
        inputs: the values that arrive at each port.
        outputs: the value that leaves each port.
        place: the line that it comes from.
        state: for each of its tensors, by torch's name within the layer, its name in the module.
        layer: what two nodes have in common that compute with the same weights; None without weights.
        reason: of an opaque node, why no block stands for it.
    """

    spec: BlockSpec
    params: Mapping[str, Any]
    inputs: Mapping[str, tuple[Value, ...]]
    outputs: Mapping[str, Value]
    place: Place | None = None
    state: Mapping[str, str] = {}
    layer: Any = None
    reason: str = ""


class Refused(Exception):  # noqa: N818 (an answer, not a failure)
    """A block does not stand for a call."""


def spec_of(value: Value) -> TensorSpec:
    """What is known of a value."""
    return TensorSpec(value.shape, value.dtype)


def as_number(x: Any) -> Any:
    """A constant without dimensions as a number of Python; else what is given."""
    if isinstance(x, Value) and x.origin == "constant" and x.shape == () and x.tensor is not None and not x.tensor.is_complex():
        return x.tensor.item()
    return x


def match(call: Call, tied: frozenset[str]) -> Match:
    """The node for a call.

    Args:
        call: it.
        tied: names of weights that several layers use; a function that takes one stays a function.

    Raises:
        ImportModuleError: it cannot be told; the message names the line.
    """
    if call.layer is not None:
        return layer(call)
    reason = ""
    for spec in functions().get(canonical(operation(call.function)), ()):
        try:
            return _function(call, spec, tied)
        except Refused as refused:
            reason = reason or f"{spec.id}: {refused}"
    return opaque(call, reason or f"there is no block for {operation(call.function)}")


def layer(call: Call) -> Match:
    """The node for a call of a layer that has a block."""
    assert call.layer is not None
    spec = block_of(call.layer)
    assert spec is not None
    params = params_of(call.layer, spec)
    params = {n: plainest(spec.param(n), v) for n, v in params.items()} if params is not None else None
    try:
        if params is None:
            raise Refused("its parameters cannot be read")
        names = list(forward_names(call.layer))
        given = dict(zip(names, call.args, strict=False)) | dict(call.kwargs)
        inputs, passed = _arguments(spec, given)
        found = _finished(call, spec, {**params, **passed}, inputs)
    except Refused as refused:
        raise ImportModuleError(f"{call.place}: {call.path} cannot be drawn: {refused}.") from None
    own = {name: f"{call.path}.{name}" for name in call.layer.state_dict()}
    return found._replace(state=own, layer=call.path)


def fits(module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    """Whether a call of a module is one node: it has a block, and is called as the block knows."""
    spec = block_of(module)
    if spec is None or module._forward_hooks or module._forward_pre_hooks or params_of(module, spec) is None:
        return False
    try:
        _arguments(spec, dict(zip(forward_names(module), args, strict=False)) | dict(kwargs))
    except Refused:
        return False
    return True


def forward_names(module: nn.Module) -> Sequence[str]:
    """The names of the arguments of ``forward``."""
    if isinstance(module, Interpreted):
        return module.inputs
    code = type(module).forward.__code__
    return code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]


def _function(call: Call, spec: BlockSpec, tied: frozenset[str]) -> Match:
    order = [str(n).removeprefix("*") for n in (*spec.call.arguments, *spec.call.keywords)]
    order = order if spec.call.kind != "module" else [*order, *(p.name for p in spec.params)]
    given, defaults = bound(call.function, call.args, {n: v for n, v in call.kwargs.items() if n != "like"}, order)
    named = {*spec.defaults, *(p.name for p in spec.inputs), *spec.call.renamed.values(), *list(given)[: len(spec.call.arguments)], *_HELD}
    given = {n: v for n, v in given.items() if n in named or n not in defaults} | {n: v for n, v in call.kwargs.items() if n == "like"}
    if spec.call.kind == "module":
        return _lifted(call, spec, given, tied)
    count = {n: len(call.results) for n, place in spec.call.sizes.items() if place == "results" and isinstance(call.results, tuple | list)}
    inputs, params = _arguments(spec, given, first=spec_of(call.args[0]) if call.args and isinstance(call.args[0], Value) else None)
    return _finished(call, spec, {**params, **count}, inputs)


_HELD = ("weight", "bias", "running_mean", "running_var")
"""What a function takes that a layer of the same name has."""


def _lifted(call: Call, spec: BlockSpec, given: Mapping[str, Any], tied: frozenset[str]) -> Match:
    """The layer for a function that does what it does: with weights of the module, if it takes some."""
    weights = {n: v for n, v in given.items() if isinstance(v, Value) and n in _HELD}
    for name, value in weights.items():
        if value.origin not in ("weight", "buffer") or not value.name or value.name in tied:
            raise Refused(f"{name} is computed, or used elsewhere as well")
    rest = {n: v for n, v in given.items() if n not in weights and n not in _HELD}
    derived: dict[str, Any] = {}
    for name, place in spec.call.sizes.items():
        derived[name] = _from_weights(place, given)
    if "bias" in spec.defaults:
        derived["bias"] = given.get("bias") is not None or ("weight" not in weights and bool(spec.defaults["bias"]))
    inputs, params = _arguments(spec, rest | derived)
    found = _finished(call, spec, params, inputs)
    shapes = _infer(found).weights
    if {n for n in shapes if n in ("weight", "bias")} != weights.keys() & {"weight", "bias"}:
        raise Refused("it takes other weights than the layer has")
    if any(shapes[n] != v.shape for n, v in weights.items() if n in shapes):
        raise Refused("its weights have another shape than the layer's")
    state = {n: v.name for n, v in weights.items()}
    if "running_mean" in state:
        state["num_batches_tracked"] = state["running_mean"].removesuffix("running_mean") + "num_batches_tracked"
    return found._replace(state=state, layer=tuple(sorted(state.values())) or None)


def _from_weights(place: str, given: Mapping[str, Any]) -> Any:
    """``weight[0]``, ``weight[2:]``, or, of a name alone, whether there is one."""
    name, _, index = place.partition("[")
    value = given.get(name)
    if not index:
        return value is not None
    if not isinstance(value, Value):
        raise Refused(f"it has no {name}")
    start, colon, _ = index.rstrip("]").partition(":")
    return value.shape[int(start) :] if colon else value.shape[int(start)]


def _arguments(spec: BlockSpec, given: Mapping[str, Any], first: TensorSpec | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is given, told apart into ports and parameters of a block.

    Args:
        spec: the block.
        given: arguments by name, in order.
        first: the tensor whose sizes a shape may name.
    """
    call, rest = spec.call, dict(given)
    inputs: dict[str, Any] = {}
    params: dict[str, Any] = {}

    def put(name: str | Names, value: Any) -> None:
        if isinstance(name, tuple):
            if value is None:
                return
            if not isinstance(value, tuple | list) or len(value) != len(name):
                raise Refused(f"it takes {', '.join(map(str, name))} together")
            for one, part in zip(name, value, strict=True):
                put(one, part)
            return
        own = name.removeprefix("*")
        if own in spec.defaults:
            params[own] = _value(spec, own, value, first)
            return
        port = spec.input(own)
        if value is None and port.optional:
            return
        many = value if port.variadic and isinstance(value, tuple | list) else (value,)
        for one in many:
            if not isinstance(one, Value) and not hasattr(one, "untyped_storage"):
                raise Refused(f"{own} is no tensor")
        inputs[own] = tuple(many)

    renamed = {own: here for here, own in call.renamed.items()}
    order = [name for name in rest if renamed.get(name, name) not in call.keywords]
    if call.kind == "operator" and call.arguments == ("input",):
        both = [rest.pop(name) for name in order[:2]]
        put("input", both)
    else:
        for place, name in enumerate(call.arguments):
            if place >= len(order):
                break
            put(name, rest.pop(order[place]))
    for own in list(rest):
        name = renamed.get(own, own)
        if name in spec.defaults or name in {p.name for p in spec.inputs}:
            put(name, rest.pop(own))
    for own, value in rest.items():
        if not _says_nothing(own, value, first or _first(inputs)):
            raise Refused(f"the block does not know {own}")
    return inputs, params


def _first(inputs: Mapping[str, Any]) -> TensorSpec | None:
    one = next((v for vs in inputs.values() for v in vs), None)
    return spec_of(one) if isinstance(one, Value) else None


def _says_nothing(name: str, value: Any, first: TensorSpec | None) -> bool:
    """Whether an argument that a block does not have may be left out."""
    if (
        value is None
        or value is False
        or name.startswith("_")
        or name in ("training", "memory_format", "non_blocking", "copy", "is_causal")
    ):
        return True
    if name in ("alpha", "groups") and value == 1:
        return True
    if name in ("dropout_p",) and value == 0:
        return True
    if isinstance(value, torch.dtype):
        return first is not None and str(value) == f"torch.{first.dtype}"
    return name == "device"


def _value(spec: BlockSpec, name: str, value: Any, first: TensorSpec | None) -> Any:
    param, value = spec.param(name), as_number(value)
    if isinstance(value, Value):
        raise Refused(f"{name} is a tensor")
    if isinstance(value, torch.dtype):
        value = str(value).removeprefix("torch.")
    if isinstance(param, DtypeParam) and not isinstance(value, str):
        raise Refused(f"{name} is no dtype")
    if isinstance(param, ShapeParam):
        value = _sizes(value, first, is_expand=any(p.name == "like" for p in spec.inputs))
    if isinstance(value, list):
        value = tuple(value)
    if isinstance(value, Dim):
        raise Refused(f"{name} follows from the batch")
    if isinstance(param, IntsParam) and isinstance(value, int) and not param.single:
        value = (value,)
    if not isinstance(param, BoolParam) and isinstance(value, bool):
        raise Refused(f"{name} is a truth value")
    try:
        return plainest(param, param.parse(value))
    except ParamError as error:
        raise Refused(str(error).rstrip(".")) from None


def plainest(param: Param, value: Any) -> Any:
    """One number where all dimensions have the same."""
    if isinstance(param, IntsParam) and param.single and isinstance(value, tuple) and len(set(value)) == 1 and len(value) == param.length:
        return value[0]
    return value


def _sizes(value: Any, first: TensorSpec | None, *, is_expand: bool) -> Any:
    """A shape whose free sizes are those of the tensor by name, or what is left over."""
    sizes = list(value) if isinstance(value, tuple | list) else [value]
    named: list[Any] = []
    for size in sizes:
        if isinstance(size, Dim):
            is_there = size == N and (is_expand or (first is not None and N in first.shape))
            named.append("N" if is_there else -1)
        else:
            named.append(size)
    return tuple(named)


def _finished(call: Call, spec: BlockSpec, params: Mapping[str, Any], inputs: Mapping[str, Any]) -> Match:
    """The node, if the block's rule finds what was recorded."""
    values = {**spec.defaults, **params}
    fitted = spec.fitted(values)
    values = {**fitted.defaults, **params}
    for port in fitted.inputs:
        if len(inputs.get(port.name, ())) < (0 if port.optional else spec.minimum_inputs if port.variadic else 1):
            raise Refused(f"{port.name} is missing")
    outputs = _outputs(fitted, values, call.results)
    found = Match(fitted, values, inputs, outputs, call.place)
    recorded = {n: spec_of(v) for n, v in outputs.items()}
    reason = ""
    for candidate in _open(found):
        try:
            inferred = _infer(candidate)
        except Refused as refused:
            reason = reason or str(refused)
            continue
        told = dict(zip(fitted.output_names, inferred.outputs, strict=True))
        wrong = next((n for n, x in recorded.items() if told[n] != x), None)
        if wrong is not None:
            reason = reason or f"it would give {told[wrong]}, where {recorded[wrong]} was seen"
            continue
        free = {n: None for n, size in inferred.sizes.items() if fitted.param(n).inferred and _alike(size, candidate.params[n])}
        return candidate._replace(params={**candidate.params, **free})
    raise Refused(reason)


def _alike(a: Any, b: Any) -> bool:
    """Whether two sizes are the same, one number or a tuple of one."""
    return a == b or (a,) == b or a == (b,)


def _open(found: Match) -> Iterator[Match]:
    """The node itself; and where a shape leaves two sizes open, it with all but one of them as they were seen."""
    yield found
    for param in found.spec.params:
        value = found.params[param.name]
        if isinstance(param, ShapeParam) and value is not None and value.count(-1) > 1:
            [seen] = [v.shape for v in found.outputs.values()]
            is_reshape = len(value) == len(seen)
            if is_reshape and sum(isinstance(s, Dim) for s in seen) <= 1:
                filled = tuple(-1 if isinstance(s, Dim) else s for s in seen)
                yield found._replace(params={**found.params, param.name: filled})
            return


def _infer(found: Match) -> Inferred:
    inputs: dict[str, Any] = {}
    for port in found.spec.inputs:
        specs = tuple(spec_of(v) for v in found.inputs.get(port.name, ()))
        inputs[port.name] = specs if port.variadic else specs[0] if specs else None
    try:
        return found.spec.infer(Site(found.params, inputs))
    except (Fault, ArithmeticError) as fault:
        raise Refused(str(fault).rstrip(".")) from None


def _outputs(spec: BlockSpec, params: Mapping[str, Any], results: Any) -> dict[str, Value]:
    found: dict[str, Value] = {}

    def put(name: str | Names, value: Any) -> None:
        if isinstance(name, str):
            if isinstance(value, Value):
                found[name] = value
            elif value is not None:
                raise Refused("it returns something else than a tensor")
            return
        value = list(value.values()) if isinstance(value, Mapping) else value
        if not isinstance(value, tuple | list) or len(value) != len(name):
            raise Refused(f"it returns {len(value) if isinstance(value, tuple | list) else 'one tensor'}, not {len(name)}")
        for one, part in zip(name, value, strict=True):
            put(one, part)

    names = spec.results_with(params)
    put(names[0] if len(names) == 1 else names, results)
    return found


def opaque(call: Call, reason: str) -> Match:
    """The node for a call that has no block: the call as it is written.

    Raises:
        ImportModuleError: it takes or returns what cannot be written.
    """
    name = operation(call.function)
    values: dict[Value, str] = {}
    args, kwargs = call.args, dict(call.kwargs)

    def text(x: Any) -> str:
        x = as_number(x)
        if isinstance(x, Value):
            return values.setdefault(x, "x" if not values else f"x{len(values) + 1}")
        if isinstance(x, Dim):
            return _size_text(x, values, call)
        if isinstance(x, torch.dtype):
            return str(x)
        if isinstance(x, float) and (x != x or x in (float("inf"), float("-inf"))):
            return f'float("{x}")'
        if isinstance(x, tuple | list):
            inside = ", ".join(map(text, x))
            return f"[{inside}]" if isinstance(x, list) else f"({inside}{',' if len(x) == 1 else ''})"
        if isinstance(x, slice):
            ends = [text(e) if e is not None else "" for e in (x.start, x.stop)]
            return ":".join(ends) + (f":{text(x.step)}" if x.step not in (None, 1) else "")
        if x is Ellipsis:
            return "..."
        if x is None or isinstance(x, bool | int | float | str):
            return repr(x)
        raise ImportModuleError(f"{call.place}: {name} takes a {type(x).__name__}, which cannot be drawn.")

    if any(v.origin == "samples" for v in values_in((args, kwargs))):
        raise ImportModuleError(f"{call.place}: the number of a sample is computed with, which cannot be drawn.")
    path, args = _path(call, name, args)
    kwargs = {n: v for n, v in kwargs.items() if not _ignored(n, v)}
    pieces = [text(a) for a in args if not isinstance(a, torch.device)]
    if path == "Tensor.[]":
        index = args[1] if isinstance(args[1], tuple) else (args[1],)
        pieces = [pieces[0], *map(text, index)]
    pieces += [f"{n}={text(v)}" for n, v in kwargs.items()]
    results = values_in(call.results)
    if not results:
        raise ImportModuleError(f"{call.place}: {name} returns no tensor, which cannot be drawn.")
    names = ["output"] if isinstance(call.results, Value) else [f"part{i}" for i in range(1, len(results) + 1)]
    receives = "; ".join(f"{n}: ({', '.join(map(str, v.shape))}) {v.dtype}" for v, n in values.items())
    returns = "; ".join(f"{n}: ({', '.join(map(str, v.shape))}) {v.dtype}" for n, v in zip(names, results, strict=True))
    params = {"path": path, "arguments": ", ".join(pieces), "receives": receives, "returns": returns}
    spec = registry()["Opaque"].fitted(params)
    if not spec.inputs or not spec.outputs:
        raise ImportModuleError(f"{call.place}: {name} has no block, and cannot be written as a call: {path}({params['arguments']}).")
    inputs = {n: (v,) for v, n in values.items()}
    return Match(spec, {**spec.defaults, **params}, inputs, dict(zip(names, results, strict=True)), call.place, reason=reason)


def _ignored(name: str, value: Any) -> bool:
    return isinstance(value, torch.device) or value is None or name in ("memory_format", "inplace", "out", "_stacklevel", "device")


def _path(call: Call, name: str, args: Any) -> tuple[str, Any]:
    """The dotted name under which a call is written, and its arguments."""
    function = call.function
    if name == "getitem":
        return "Tensor.[]", args
    module = getattr(function, "__module__", None) or ""
    reversed_ = re.fullmatch(r"r(sub|pow|div|truediv)", name)
    if reversed_:
        plain = {"truediv": "div"}.get(reversed_[1], reversed_[1])
        return f"torch.{plain}", (args[1], args[0])
    plain = canonical(name)
    for owner, holder in (("torch", torch), ("F", nn.functional)):
        if function is getattr(holder, name, None):
            return f"{owner}.{name}", args
    for owner in ("fft", "linalg", "special"):
        if function is getattr(getattr(torch, owner), name.removeprefix(f"{owner}_"), None):
            return f"torch.{owner}.{name.removeprefix(f'{owner}_')}", args
    if hasattr(torch, plain) and callable(getattr(torch, plain)) and plain != "to":
        return f"torch.{plain}", args
    if hasattr(torch.Tensor, plain):
        return f"Tensor.{plain}", args
    raise ImportModuleError(f"{call.place}: {module}.{name} cannot be written into a document.")


def _size_text(size: Dim, values: dict[Value, str], call: Call) -> str:
    """A size that follows from the batch, by the size of a tensor that arrives."""
    like = next((v for v in values if N in v.shape), None) or batch_source(call)
    if like is not None:
        name = values.setdefault(like, "x" if not values else f"x{len(values) + 1}")
        factor, rest = _linear(size)
        times = f"{factor} * " if factor != 1 else ""
        plus = f" + {rest}" if rest > 0 else f" - {-rest}" if rest else ""
        return f"{times}{name}.size({like.shape.index(N)}){plus}"
    raise ImportModuleError(f"{call.place}: a size follows from the batch, but no tensor arrives that has it.")


def batch_source(call: Call) -> Value | None:
    """A tensor near a call that has the batch as a dimension."""
    around = values_in((call.args, call.kwargs))
    scope: Scope | None = call.inside
    while scope is not None:
        around += values_in(scope.given)
        scope = scope.parent
    return next((v for v in around if N in v.shape and v.origin in ("call", "input")), None)


def _linear(size: Size) -> tuple[int, int]:
    """K and c of k·N + c."""
    if not isinstance(size, Dim):
        return 0, size
    at_one, at_two = size.at({"N": 1}), size.at({"N": 2})
    assert isinstance(at_one, int) and isinstance(at_two, int)
    return at_two - at_one, 2 * at_one - at_two

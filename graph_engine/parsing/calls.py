"""A call in a text → the node that stands for it, by the block's own `Call` read the other way round.

Nothing here knows a block: arguments are read by declarations, and what leaves a node is what the block's shape rule says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from graph_engine.errors import ParamError, SourceError
from graph_engine.parsing.drafts import Content, Draft, End, Held, Layer, Made, Tensor, Torch
from graph_engine.parsing.index import canonical, functions, held
from graph_engine.spec.block import BlockSpec, Inferred, Site
from graph_engine.spec.call import Names
from graph_engine.spec.faults import Fault
from graph_engine.spec.foreign import Unanswered
from graph_engine.spec.params import DtypeParam, FloatParam, IntsParam, Param, ShapeParam
from graph_engine.spec.tensor import Dim, TensorSpec


class Given(NamedTuple):
    """An argument of a call.

    Attributes:
        value: what it is.
        origin: the argument of the class around it that it is; with a star in front, one of its items.
    """

    value: Any
    origin: str | None = None


class Refused(Exception):  # noqa: N818 (an answer, not a failure)
    """A block does not stand for a call."""


class Asked(Dim):
    """A size that was asked of a tensor.

    Attributes:
        tensor: it.
    """

    __slots__ = ("tensor",)

    def __init__(self, size: Dim, tensor: Tensor):
        super().__init__(dict(size.terms))
        self.tensor = tensor


class Training:
    """``self.training``: true in training only."""


TRAINING = Training()

ALONE = {"device", "inplace", "memory_format", "non_blocking", "copy", "requires_grad", "generator", "_stacklevel"}
"""Arguments that change where or how torch computes, not what."""

NEUTRAL = {"dropout_p": 0, "alpha": 1, "groups": 1}
"""Arguments that no block has, with the value that says nothing."""

TRAINED = frozenset({"dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout", "rrelu"})
"""Functions that, unlike the layers, do not know whether the network is trained: they are told so by ``training``."""

OWN_DEFAULTS = {"flatten": {"start_dim": 0}}
"""Defaults of functions that are others than the layers'."""


SHORT = {"long": "int64", "int": "int32", "short": "int16", "float": "float32", "double": "float64", "half": "float16"}
"""Other names of dtypes."""


def constructed(spec: BlockSpec, args: Sequence[Given], kwargs: Mapping[str, Given], line: int) -> Layer:
    """The layer that a class makes.

    Raises:
        SourceError: it has no such argument, or cannot take its value.
    """
    names = [p.name for p in spec.constructed]
    if len(args) > len(names):
        raise SourceError(f"{spec.call.target} takes {len(names)} arguments, but is given {len(args)}.", line)
    given = dict(zip(names, args, strict=False))
    own = {theirs: ours for ours, theirs in spec.call.renamed.items()}
    for name, one in kwargs.items():
        ours = own.get(name, name)
        if ours in names:
            given[ours] = one
        elif name not in ALONE and not (name == "dtype" and one.value in (None, Torch("torch.float32"))):
            raise SourceError(f"{spec.call.target} has no argument {name} that can be drawn.", line)
    return Layer(spec, *_params(spec, given, line), line)


def _params(spec: BlockSpec, given: Mapping[str, Given], line: int) -> tuple[dict[str, Any], dict[str, str]]:
    params, origins = {}, {}
    for name, one in given.items():
        try:
            params[name] = _stored(spec.param(name), one.value)
        except (ParamError, Refused) as error:
            raise SourceError(f"{spec.call.target}: {error}", line) from None
        if one.origin is not None and not one.origin.startswith("*"):
            origins[name] = one.origin
    return params, origins


def _stored(param: Param, value: Any) -> Any:
    """A value as documents have it.

    Raises:
        ParamError: the parameter cannot be that.
        Refused: the value is nothing that a parameter can be.
    """
    if isinstance(value, Torch):
        name = value.path.rpartition(".")[2]
        value = SHORT.get(name, name) if isinstance(param, DtypeParam) or param.kind == "choice" else value
    if isinstance(value, Layer) and param.kind == "choice":
        value = value.spec.id.lower()
    if isinstance(value, list):
        value = tuple(value)
    if isinstance(value, Dim):
        raise Refused(f"{param.name} follows from {value}, which is not a fixed number.")
    if isinstance(value, Tensor | Layer | Torch):
        raise Refused(f"{param.name} must be {param.limits()}, not a {type(value).__name__.lower()}.")
    if isinstance(param, IntsParam) and not param.single and isinstance(value, int):
        value = (value,)
    if isinstance(value, bool) and isinstance(param, FloatParam | IntsParam):
        raise Refused(f"{param.name} must be {param.limits()}, not {value}.")
    return param.parse(value)


def made(target: str, args: Sequence[Given], kwargs: Mapping[str, Given]) -> Made:
    """A tensor of numbers, by the function that makes it, in the words of a block.

    Raises:
        Refused: no block is such a tensor.
    """
    name = target.rpartition(".")[2]
    dtype = {"dtype": kwargs["dtype"]} if "dtype" in kwargs else {}
    if name in _FILLED:
        sizes = args[0].value if len(args) == 1 and isinstance(args[0].value, tuple | list) else tuple(a.value for a in args)
        if not args and "size" in kwargs:
            sizes = kwargs["size"].value
        mean, std = _FILLED[name]
        return Made(f"torch.{name}", {"size": sizes, "mean": mean, "std": std, **{n: g.value for n, g in dtype.items()}}, {})
    if name == "arange" and len(args) == 2 and args[0].value == 0:
        args = args[1:]
    spec = next((s for specs in held().values() for s in specs if s.call.target == f"torch.{name}"), None)
    if spec is None:
        raise Refused(f"the numbers that {target} makes cannot be drawn.")
    given = dict(zip(map(str, spec.call.arguments), args, strict=False)) | {n: g for n, g in kwargs.items() if n not in ALONE}
    origins = {n: g.origin for n, g in given.items() if g.origin is not None and not g.origin.startswith("*")}
    return Made(spec.call.target, {n: g.value for n, g in given.items()}, origins)


_FILLED = {"zeros": (0.0, 0.0), "ones": (1.0, 0.0), "randn": (0.0, 1.0), "empty": (0.0, 0.02)}
"""Mean and standard deviation of the numbers that a function makes."""


def held_tensor(one: Made, line: int, *, learned: bool, saved: bool) -> Held:
    """The node for a tensor that the network holds.

    Args:
        one: how it is made.
        line: where.
        learned, saved: whether it is learned; whether it is saved with the weights, if not.

    Raises:
        SourceError: there is no block for it.
    """
    values = dict(one.params)
    target = one.target
    specs = [s for specs in held().values() for s in specs]
    filled = "mean" in values and target != "torch.normal"
    if learned:
        spec = next(s for s in specs if s.call.kind == "parameter")
    else:
        constant = "fill_value" if filled else ""
        spec_or_none = next((s for s in specs if s.call.kind == "buffer" and s.call.target == target and s.call.saved == saved), None)
        if spec_or_none is None and filled and values["std"] == 0:
            spec_or_none = next(s for s in specs if constant in s.defaults)
            values[constant] = values["mean"]
        if spec_or_none is None:
            spec_or_none = next((s for s in specs if s.call.kind == "buffer" and s.call.target == target and not s.call.saved), None)
        if spec_or_none is None:
            raise SourceError("the numbers of this tensor cannot be drawn: blocks are zeros, one number, or 0, 1, 2 and so on.", line)
        spec = spec_or_none
    values = {n: v for n, v in values.items() if n in spec.defaults}
    params, origins = _params(spec, {n: Given(v, one.origins.get(n)) for n, v in values.items()}, line)
    return Held(spec, params, origins, line)


def call_layer(
    content: Content, layer: Layer, args: Sequence[Given], kwargs: Mapping[str, Given], line: int, name: str
) -> tuple[Draft, Any]:
    """The node for a call of a layer, and what it returns.

    Raises:
        SourceError: the layer is called in a way that its block does not know.
    """
    order = [*layer.spec.call.arguments, *layer.spec.call.keywords]
    try:
        inputs, given = _bound(layer.spec, order, args, kwargs)
        passed, origins = _read(layer.spec, given)
        return _drafted(
            content, layer.spec, {**layer.params, **passed}, {**layer.origins, **origins}, inputs, line, name, layer=layer, lifted=False
        )
    except (Refused, ParamError) as error:
        raise SourceError(f"{layer.spec.call.target}: {error}", line) from None


def call_held(content: Content, layer: Held, line: int, name: str) -> tuple[Draft, Any]:
    """The node for a tensor that the network holds, and the tensor."""
    return _drafted(content, layer.spec, layer.params, layer.origins, {}, line, name, layer=layer, lifted=False)


def operate(content: Content, name: str, args: Sequence[Given], kwargs: Mapping[str, Given], line: int, parts: int) -> tuple[Draft, Any]:
    """The node for a function, method or operator, and what it returns.

    Args:
        content: where it goes.
        name: torch's.
        args, kwargs: with the tensor of a method in front.
        line: where it is called.
        parts: as how many values the result is taken apart; 0 where it is not.

    Raises:
        SourceError: no block stands for it.
    """
    reason = ""
    plain = canonical(name)
    for spec in functions().get(plain, ()):
        try:
            return _operation(content, spec, plain, args, kwargs, line, parts)
        except (Refused, ParamError) as error:
            reason = reason or f"{spec.title}: {error}"
    raise SourceError(reason or f"there is no block for {name}.", line)


def _operation(
    content: Content, spec: BlockSpec, name: str, args: Sequence[Given], kwargs: Mapping[str, Given], line: int, parts: int
) -> tuple[Draft, Any]:
    call = spec.call
    if call.kind == "operator":
        if call.arguments == ("input",):
            if not all(isinstance(a.value, Tensor) for a in args):
                raise Refused("it takes tensors only.")
            args = [Given([a.value for a in args])]
        inputs, given = _bound(spec, call.arguments, args, kwargs)
        return _drafted(content, spec, *_read(spec, given), inputs, line)
    lifted = call.kind == "module"
    order: list[str | Names] = [*call.arguments, *(call.keywords if not lifted else [p.name for p in spec.constructed])]
    if call.kind == "subscript":
        order.append(call.target)
    if name in TRAINED:
        order[len(call.arguments) + 1 :] = ["training"]
        where = len(call.arguments) + 1
        training = kwargs.get("training", args[where] if len(args) > where else Given(None))
        if training.value is not TRAINING:
            raise Refused(f"{name} is told training=self.training here, or is a layer.")
        kwargs = {n: g for n, g in kwargs.items() if n != "training"}
        args = args[:where]
    inputs, given = _bound(spec, order, args, kwargs, extra=[p.name for p in spec.constructed] if lifted else ())
    own = OWN_DEFAULTS.get(name, {})
    given = {**{n: Given(v) for n, v in own.items()}, **given}
    given |= {n: Given(parts) for n, place in call.sizes.items() if place == "results" and parts}
    first = next((ts[0] for ts in inputs.values() if ts), None)
    _parted(spec, given, first)
    return _drafted(content, spec, *_read(spec, given, inputs), inputs, line, lifted=lifted)


def _parted(spec: BlockSpec, given: dict[str, Given], first: Tensor | None) -> None:
    """One size for all parts becomes the sizes of the parts, where the block has these."""
    for name in spec.fitting.on if spec.fitting is not None else ():
        param, one = spec.param(name), given.get(name)
        if one is None or not isinstance(one.value, int) or not isinstance(param, IntsParam) or param.single:
            continue
        dim = given["dim"].value if "dim" in given else spec.defaults.get("dim", 0)
        size = first.spec.shape[dim] if first is not None and first.spec is not None else None
        if not isinstance(size, int):
            raise Refused(f"{name} is one number, but the size to be parted is not known.")
        given[name] = Given(tuple(min(one.value, size - at) for at in range(0, size, one.value)))


def _bound(
    spec: BlockSpec, order: Sequence[str | Names], args: Sequence[Given], kwargs: Mapping[str, Given], extra: Sequence[str] = ()
) -> tuple[dict[str, list[Tensor]], dict[str, Given]]:
    """Arguments told apart into what arrives at ports and what parameters are."""
    inputs: dict[str, list[Tensor]] = {}
    given: dict[str, Given] = {}

    def put(name: str | Names, one: Given) -> None:
        if isinstance(name, tuple):
            if one.value is None:
                return
            if not isinstance(one.value, tuple | list) or len(one.value) != len(name):
                raise Refused(f"it takes {', '.join(map(str, name))} together.")
            for part, value in zip(name, one.value, strict=True):
                put(part, Given(value))
            return
        own = name.removeprefix("*")
        if own in spec.defaults:
            given[own] = one
            return
        port = spec.input(own)
        if one.value is None and port.optional:
            return
        many = one.value if port.variadic and isinstance(one.value, tuple | list) else [one.value]
        if not all(isinstance(v, Tensor) for v in many):
            raise Refused(f"{own} is no tensor.")
        inputs[own] = list(many)

    rest = list(args)
    for place, name in enumerate(order):
        if not rest:
            break
        last = place == len(order) - 1 or (isinstance(name, str) and name.startswith("*"))
        if isinstance(name, str) and last and _gathers(spec, name, rest):
            origins = {one.origin for one in rest}
            origin = next(iter(origins)) if len(origins) == 1 else None
            put(name, Given(tuple(one.value for one in rest), origin.removeprefix("*") if origin and origin.startswith("*") else None))
            rest = []
        else:
            put(name, rest.pop(0))
    if rest:
        raise Refused(f"it takes {len(order)} arguments, but is given {len(args)}.")
    renamed = {theirs: ours for ours, theirs in spec.call.renamed.items()}
    known = {n.removeprefix("*"): n for n in _flat(order)} | {n: n for n in (*map(str, _flat(spec.call.keywords)), *extra)}
    for theirs, one in kwargs.items():
        ours = renamed.get(theirs, theirs)
        if ours in known and (ours in spec.defaults or ours in {p.name for p in spec.inputs}):
            put(known[ours], one)
        elif theirs in ("hx", "tensors") and (tupled := next((n for n in order[1:] if isinstance(n, tuple)), order[-1])):
            put(tupled, one)
        elif theirs not in ALONE and one.value is not None and one.value is not False and NEUTRAL.get(theirs, one) != one.value:
            raise Refused(f"the block does not know {theirs}.")
    return inputs, given


def _flat(names: Sequence[str | Names]) -> Iterator[str]:
    for name in names:
        if isinstance(name, tuple):
            yield from _flat(name)
        else:
            yield name


def _gathers(spec: BlockSpec, name: str, rest: Sequence[Given]) -> bool:
    """Whether what is left over of the arguments is one parameter or port together."""
    if len(rest) == 1 and isinstance(rest[0].value, tuple | list) and not (rest[0].origin or "").startswith("*"):
        return False
    if name.startswith("*"):
        return True
    return len(rest) > 1 and name in spec.defaults and isinstance(spec.param(name), IntsParam)


def _read(
    spec: BlockSpec, given: Mapping[str, Given], inputs: dict[str, list[Tensor]] | None = None
) -> tuple[dict[str, Any], dict[str, str]]:
    """Parameters in stored form; a size that was asked of another tensor than the first connects that one."""
    params: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for name, one in given.items():
        param = spec.param(name)
        value = _sizes(spec, one.value, inputs or {}) if isinstance(param, ShapeParam) else one.value
        params[name] = _stored(param, value)
        if one.origin is not None and not one.origin.startswith("*"):
            origins[name] = one.origin
    return params, origins


def _sizes(spec: BlockSpec, value: Any, inputs: dict[str, list[Tensor]]) -> Any:
    """A shape in which free sizes stand by name, or as what is left over."""
    first = next((ts[0] for ts in inputs.values() if ts), None)
    sizes = list(value) if isinstance(value, tuple | list) else [value]
    found: list[Any] = []
    for size in sizes:
        if not isinstance(size, Dim):
            found.append(size)
            continue
        named = re.fullmatch(r"[^\W\d]\w*", str(size)) is not None
        here = first is not None and first.spec is not None and size in first.spec.shape
        other = next((p for p in spec.inputs if p.optional and p.name not in spec.call.arguments), None)
        if named and here:
            found.append(str(size))
        elif named and other is not None and isinstance(size, Asked):
            inputs[other.name] = [size.tensor]
            found.append(str(size))
        else:
            found.append(-1)
    return tuple(found)


def _drafted(
    content: Content,
    spec: BlockSpec,
    params: dict[str, Any],
    origins: dict[str, str],
    inputs: dict[str, list[Tensor]],
    line: int,
    name: str = "",
    *,
    layer: Layer | None = None,
    lifted: bool = False,
) -> tuple[Draft, Any]:
    """Puts a node into a content.

    Args:
        content: where it goes.
        spec: its block.
        params, origins: as of a `Draft`.
        inputs: what arrives.
        line: where it is called.
        name: what it is called, if it has a name of its own.
        layer: what it computes with.
        lifted: it is a function, and the block a layer that does the same.
    """
    for tensors in inputs.values():
        for tensor in tensors:
            if tensor.content is not content:
                raise Refused("a tensor of another class is used here that does not arrive as an argument.")
    fitted = spec.fitted({**spec.defaults, **params})
    for port in fitted.inputs:
        if len(inputs.get(port.name, ())) < (0 if port.optional else spec.minimum_inputs if port.variadic else 1):
            raise Refused(f"{port.name} is missing.")
    found, agreeing = _inferred(fitted, params, inputs)
    if lifted and found is not None and found.weights:
        raise Refused("it has weights, so write it as a layer.")
    draft = Draft("", fitted, None, line)
    draft.params, draft.origins, draft.inferred, draft.layer = params, origins, agreeing, layer
    draft.sources = {port: [t.end for t in tensors] for port, tensors in inputs.items()}
    outputs = found.outputs if found is not None else (None,) * len(fitted.outputs)
    draft.outputs = dict(zip(fitted.output_names, outputs, strict=True))
    draft.name = content.named(name) if name else content.free(fitted.stem, numbered=True)
    content.nodes.append(draft)
    values = {**fitted.defaults, **params}
    off = {p.name for p in fitted.switched_outputs if p.is_off(values)}

    def result(names: str | Names) -> Any:
        if isinstance(names, tuple):
            return tuple(map(result, names))
        return None if names in off else Tensor(content, End(draft, names), draft.outputs[names])

    names = fitted.results_with(values)
    return draft, result(names[0] if len(names) == 1 else names)


def _inferred(spec: BlockSpec, params: Mapping[str, Any], inputs: Mapping[str, Sequence[Tensor]]) -> tuple[Inferred | None, frozenset[str]]:
    """What the shape rule says, and the parameters that follow from what arrives just as they are given."""
    specs: dict[str, Any] = {}
    for port in spec.inputs:
        arriving: list[TensorSpec] = []
        for tensor in inputs.get(port.name, ()):
            if tensor.spec is None:
                return None, frozenset()
            arriving.append(tensor.spec)
        specs[port.name] = tuple(arriving) if port.variadic else arriving[0] if arriving else None
    values = {**spec.defaults, **params}
    follows = {p.name: None for p in spec.params if p.inferred}
    for tried in ({**values, **follows}, values):
        try:
            found = spec.infer(Site(tried, specs))
        except (Fault, ArithmeticError, Unanswered):
            continue
        agreeing = frozenset(n for n, size in found.sizes.items() if n in follows and n in params and _alike(size, params[n]))
        return found, agreeing
    return None, frozenset()


def _alike(a: Any, b: Any) -> bool:
    """Whether two sizes are the same, one number or a tuple of one."""
    return bool(a == b or (a,) == b or a == (b,))

"""Random uses of any block, made from its declaration: parameters from their kinds and limits, inputs from what the ports say.

The help of a port names its layout, ``(N, T, features)``: one letter or word is one size throughout a case. So the generator needs no
branch per block, and a port whose help is wrong gives cases that torch refuses.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from graph_engine.spec.block import BlockSpec, Inferred, Site
from graph_engine.spec.faults import Fault
from graph_engine.spec.params import (
    BoolParam,
    ChoiceParam,
    DtypeParam,
    FloatParam,
    IntParam,
    IntsParam,
    LiteralParam,
    Param,
    PathParam,
    ShapeParam,
    TextParam,
)
from graph_engine.spec.ports import Port
from graph_engine.spec.signature import SignatureParam
from graph_engine.spec.tensor import ITEM_SIZES, Dim, N, Shape, Size, TensorSpec

FREE_NAMES = ("T", "H", "W")
"""Names of free sizes in cases."""

Arriving = TensorSpec | tuple[TensorSpec, ...] | None


class Case(NamedTuple):
    """One use of a block.

    Attributes:
        spec: the block.
        params: value of every declared parameter.
        inputs: what arrives at each port.
    """

    spec: BlockSpec
    params: Mapping[str, Any]
    inputs: Mapping[str, Arriving]

    def infer(self) -> Inferred:
        """What the block's rule finds.

        Raises:
            Fault: the rule refuses the case.
        """
        return self.spec.infer(Site(self.params, self.inputs))

    def tensors(self) -> list[TensorSpec]:
        """All that arrives, in order."""
        return [x for given in self.inputs.values() for x in (given if type(given) is tuple else (given,)) if x is not None]

    def __str__(self) -> str:
        defaults = self.spec.defaults
        params = ", ".join(f"{k}={v!r}" for k, v in self.params.items() if v != defaults[k])
        inputs = ", ".join(f"{k}: {v if v is None or isinstance(v, TensorSpec) else list(map(str, v))}" for k, v in self.inputs.items())
        return f"{self.spec.id}({params}) on {inputs}"


def random_case(spec: BlockSpec, rng: random.Random, *, free: bool = False, sound: bool = False) -> Case:
    """A random use of a block, right or wrong.

    Args:
        spec: the block.
        rng: the source of chance.
        free: some sizes may be names.
        sound: leave out what makes a case wrong on purpose; it may be wrong all the same.
    """
    case = _draw(spec, rng, free, sound)
    if rng.random() < 0.5:  # half of the cases are sought among many, so that a block that seldom fits is tried as well
        for _ in range(40):
            try:
                case.infer()
                break
            except Fault:
                case = _draw(spec, rng, free, sound)
    return _roomy(case if sound or rng.random() < 0.7 else spoiled(case, rng))


def _roomy(case: Case) -> Case:
    """The case with a greatest length that no free size exceeds: that one does is seen only when a network runs."""
    is_free = any(not isinstance(size, int) for x in case.tensors() for size in x.shape[1:])
    return case._replace(params={**case.params, "max_length": 64}) if is_free and "max_length" in case.params else case


def _draw(spec: BlockSpec, rng: random.Random, free: bool, sound: bool) -> Case:
    params = {p.name: random_value(p, rng) for p in spec.params}
    for param in spec.params:
        if param.required and not sound and rng.random() < 0.02:
            params[param.name] = None
    spec = spec.fitted(params)
    layouts = Layouts(spec, params, rng, free)
    inputs = {port.name: layouts.arriving(port) for port in spec.inputs}
    return Case(spec, _shaped(params, spec, inputs, rng), inputs)


def random_value(param: Param, rng: random.Random) -> Any:
    """A legal value of a parameter, small where it is a size."""
    if param.inferred and rng.random() < 0.85:
        return None
    large = isinstance(param, IntParam) and not param.required and param.default is not None and param.default > 64
    if not param.required and rng.random() < (0.02 if large else 0.35):
        return param.default
    if param.optional and not param.required and rng.random() < 0.3:
        return None
    return param.parse(_VALUES[type(param)](param, rng))


def _int(param: Param, rng: random.Random) -> int:
    assert isinstance(param, IntParam)
    low = -3 if param.minimum is None else param.minimum
    return rng.randint(low, low + 5 if param.maximum is None else min(param.maximum, low + 5))


def _float(param: Param, rng: random.Random) -> float:
    assert isinstance(param, FloatParam)
    low = -1.0 if param.minimum is None else param.minimum
    high = low + 1.0 if param.maximum is None else min(param.maximum, low + 1.0)
    return rng.choice([low, min(high, round(rng.uniform(low, high), 3)), high if param.maximum is None else param.maximum])


def _ints(param: Param, rng: random.Random) -> Any:
    assert isinstance(param, IntsParam)
    if param.words and rng.random() < 0.3:
        return rng.choice(param.words)
    if param.minimum is None and rng.random() < 0.7:  # numbers of dimensions
        return rng.sample(range(rank := rng.randint(1, 5)), rank)
    low = -2 if param.minimum is None else param.minimum
    if param.single and rng.random() < 0.5:
        return rng.randint(low, low + 3)
    items = [rng.randint(low, low + 3) for _ in range(param.length or rng.randint(*(param.lengths or (1, 3))[:1], 3))]
    return [None if param.holes and rng.random() < 0.3 else item for item in items]


def _shape(param: Param, rng: random.Random) -> Any:
    assert isinstance(param, ShapeParam)
    return [rng.choice([rng.randint(1, 6), rng.choice(FREE_NAMES)]) for _ in range(rng.randint(1, 3))]


TEXTS = (
    *("ij,jk->ik", "nij,njk->nik", "ni,nj->nij", "nij->nji", "nij,nj->", "nc,nc->n", "nij,nik,nk->j"),
    *(":, 1:", ":, :-1", "..., 1:-1", ":, ::2", "..., 1::2", ":, 0", "..., -1", ":, :, :2", "..., -2:", ":, -2:-1", "..., 0, :", "1:", ":"),
)
"""Texts that mean something to one block or another; a parameter takes those of its form."""

_VALUES: Mapping[type[Param], Callable[[Param, random.Random], Any]] = {
    IntParam: _int,
    FloatParam: _float,
    IntsParam: _ints,
    ShapeParam: _shape,
    BoolParam: lambda param, rng: rng.random() < 0.5,
    ChoiceParam: lambda param, rng: rng.choice(param.options),  # type: ignore[attr-defined]
    DtypeParam: lambda param, rng: rng.choice(param.options),  # type: ignore[attr-defined]
    PathParam: lambda param, rng: rng.choice(["own.Block", "torch.nn.ReLU"]),
    LiteralParam: lambda param, rng: rng.choice(["[1, 2]", "None", "relu"]),
    SignatureParam: lambda param, rng: rng.choice(
        [("(dim: int, rate: float = 0.5, sizes=())", "(x, mask=None)", "y", ""), ("(dim=3)", "(*parts, loud=False)", "(y, (h, c))", "")]
    ),
    TextParam: lambda param, rng: rng.choice([text for text in TEXTS if re.fullmatch(param.form, text)]),  # type: ignore[attr-defined]
}

_LAYOUT = re.compile(r"\(([^()]*)\)")


class Layouts:
    """Shapes for the ports of one case, read from their help; equal words are equal sizes."""

    def __init__(self, spec: BlockSpec, params: Mapping[str, Any], rng: random.Random, free: bool):
        self._spec, self._params, self._rng, self._free = spec, params, rng, free
        self._sizes: dict[str, Size | Shape] = {"N": N, "…": tuple(self._size() for _ in range(rng.randint(0, 2)))}

    def arriving(self, port: Port) -> Arriving:
        """Something for a port."""
        if port.optional and self._rng.random() < 0.6:
            return None
        x = TensorSpec(self._shape(port), self._dtype(port))
        if not port.variadic:
            return x
        return tuple(self._variant(x) for _ in range(self._spec.minimum_inputs + self._rng.randint(0, 1)))

    def _size(self) -> Size:
        if self._free and self._rng.random() < 0.3:
            return Dim.named(self._rng.choice(FREE_NAMES))
        return self._rng.randint(1, 8)

    def _shape(self, port: Port) -> Shape:
        layouts = [m for m in _LAYOUT.findall(port.help) if "," in m]
        if not layouts or port.help.startswith("Any shape"):
            return (N, *(self._size() for _ in range(self._rng.randint(0, 4))))
        shape: list[Size] = []
        for word in self._rng.choice(layouts).removesuffix(",").split(","):
            size = self._word(word.strip())
            shape += size if isinstance(size, tuple) else (size,)
        if "batch_first" in self._params and not self._params["batch_first"] and len(shape) == 3 and shape[0] is N:
            shape[:2] = shape[1], shape[0]
        return tuple(shape)

    def _word(self, word: str) -> Size | Shape:
        """The size that a word in a layout stands for: a parameter's value, a product, or any, but always the same."""
        if word not in self._sizes:
            known = self._params.get(word)
            if " · " in word:
                factors = [self._word(w) for w in word.split(" · ")]
                self._sizes[word] = factors[0] * factors[1]  # type: ignore[operator]
            elif word == "layers":
                self._sizes[word] = self._params["num_layers"] or 1
            elif word == "directions":
                self._sizes[word] = 2 if self._params["bidirectional"] else 1
            elif isinstance(known, int | tuple):
                self._sizes[word] = known
            else:
                self._sizes[word] = self._size()
        return self._sizes[word]

    def _dtype(self, port: Port) -> str:
        if port.help.startswith("Whole numbers"):
            return self._rng.choice(["int64", "int32"])
        return self._rng.choice(["bool", "float32"]) if ": true where" in port.help else "float32"

    def _variant(self, x: TensorSpec) -> TensorSpec:
        """As ``x``, but for a size, a dimension or the dtype."""
        rng = self._rng
        shape = list(x.shape)
        if len(shape) > 1 and rng.random() < 0.5:
            shape[rng.randrange(1, len(shape))] = rng.choice([1, 1, self._size()])
        if rng.random() < 0.1:
            del shape[0]
        return TensorSpec(tuple(shape), rng.choice(tuple(ITEM_SIZES)) if rng.random() < 0.3 else x.dtype)


def _shaped(params: dict[str, Any], spec: BlockSpec, inputs: Mapping[str, Arriving], rng: random.Random) -> dict[str, Any]:
    """The parameters, with those that name a new shape of the input made to fit it more often than chance would."""
    x = inputs.get("input")
    for param in spec.params:
        if isinstance(param, ShapeParam) and param.minimum == -1 and isinstance(x, TensorSpec) and rng.random() < 0.9:
            sizes = [1 if rng.random() < 0.1 else s for s in x.shape]
            while len(sizes) > 1 and rng.random() < 0.5:
                at = rng.randrange(len(sizes) - 1)
                if isinstance(sizes[at], int) and isinstance(sizes[at + 1], int):
                    sizes[at : at + 2] = [sizes[at] * sizes[at + 1]]
            if rng.random() < 0.5:
                sizes[rng.randrange(len(sizes))] = -1
            params[param.name] = param.parse([s if isinstance(s, int) else str(s) for s in sizes])
    return params


def spoiled(case: Case, rng: random.Random) -> Case:
    """The case with something about one input changed: a size, the number of dimensions, the dtype."""
    given: dict[str, Arriving] = dict(case.inputs)
    ports = [name for name, x in given.items() if x]
    if not ports:
        return case
    port = rng.choice(ports)
    xs = given[port]
    many: Sequence[TensorSpec] = xs if type(xs) is tuple else (xs,)  # type: ignore[assignment]
    at = rng.randrange(len(many))
    changed = [_spoiled(x, rng) if i == at else x for i, x in enumerate(many)]
    given[port] = tuple(changed) if type(xs) is tuple else changed[0]
    return case._replace(inputs=given)


def _spoiled(x: TensorSpec, rng: random.Random) -> TensorSpec:
    shape = list(x.shape)
    what = rng.choice(["size", "size", "longer", "shorter", "swapped", "dtype"])
    if what == "size" and shape:
        shape[rng.randrange(len(shape))] = rng.randint(1, 8)
    elif what == "longer":
        shape.insert(rng.randint(0, len(shape)), rng.randint(1, 4))
    elif what == "shorter" and len(shape) > 1:
        del shape[rng.randrange(len(shape))]
    elif what == "swapped" and len(shape) > 1:
        a, b = rng.sample(range(len(shape)), 2)
        shape[a], shape[b] = shape[b], shape[a]
    elif what == "dtype":
        return TensorSpec(x.shape, rng.choice(tuple(ITEM_SIZES)))
    return TensorSpec(tuple(shape), x.dtype)

"""A block: everything the program knows of one kind of node, in one declaration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from graph_engine.errors import ParamError, UnknownPortError, quoted
from graph_engine.spec.call import Call, Names
from graph_engine.spec.foreign import Answer, Answers, Question
from graph_engine.spec.params import Param
from graph_engine.spec.ports import Port
from graph_engine.spec.signature import OWN
from graph_engine.spec.tensor import Size, TensorSpec


class Inferred(NamedTuple):
    """What a shape rule finds out.

    Attributes:
        outputs: one `TensorSpec` for each output port, in order.
        sizes: inferred hyper-parameters, ``in_channels`` for instance.
        weights: shape of each learned tensor, by torch's name in the ``state_dict``; "" for a node that is one itself.
        buffers: the same for tensors that are saved but not learned.
        flops: floating-point operations of one forward pass of one sample, a multiply-add counted as two. As
            ``torch.utils.flop_counter`` does, it counts matrix products, convolutions and what is made of them, and nothing else.
    """

    outputs: tuple[TensorSpec, ...]
    sizes: Mapping[str, Any] = {}
    weights: Mapping[str, tuple[int, ...]] = {}
    buffers: Mapping[str, tuple[int, ...]] = {}
    flops: Size = 0


class Site:
    """What a shape rule sees of a node: its parameters and what arrives at its inputs.

    Attributes:
        params: value of every declared parameter; None where it is left out.
        inputs: for each port name the arriving `TensorSpec`, a tuple of them where the port is variadic, or None.
        answers: what is known of modules that are not the program's own.
    """

    __slots__ = ("answers", "inputs", "params")

    def __init__(self, params: Mapping[str, Any], inputs: Mapping[str, Any], answers: Answers | None = None):
        self.params = params
        self.inputs = inputs
        self.answers = answers

    def __getitem__(self, param: str) -> Any:
        return self.params[param]

    def input(self, port: str = "input") -> TensorSpec:
        """What arrives at a required port."""
        return self.inputs[port]

    def optional(self, port: str) -> TensorSpec | None:
        """What arrives at an optional port, or None."""
        return self.inputs.get(port)

    def many(self, port: str = "input") -> tuple[TensorSpec, ...]:
        """What arrives at a variadic port, in the order of its edges."""
        return self.inputs[port]

    def ask(self, question: Question) -> Answer:
        """What is known of a module that only running it can tell of.

        Raises:
            Unanswered: nothing yet.
        """
        return (self.answers if self.answers is not None else Answers())[question]


Rule = Callable[[Site], Inferred]


class Fitting(NamedTuple):
    """What of a declaration depends on the values of parameters: the ports, or parameters that follow from others.

    Attributes:
        on: names of the parameters on which it depends.
        fields: from their values, in that order, the attributes of the `BlockSpec` that are others than declared.
    """

    on: tuple[str, ...]
    fields: Callable[..., Mapping[str, Any]]


def unbounded(params: Mapping[str, Any]) -> tuple[float, float] | None:
    """The results may be any numbers."""
    return None


MANY_FITTED = 256
"""Fitted forms of one block that are kept: nodes with equal values share one."""


@dataclass(frozen=True, kw_only=True)
class BlockSpec:
    """A declared block.

    Attributes:
        id: torch's own name.
        category: heading in the palette; its colour is the theme's.
        summary: one sentence.
        inputs, outputs: ports in torch's order.
        params: hyper-parameters in torch's order.
        infer: the shape rule of the family.
        call: the torch operator and its arguments.
        initial: what the palette sets on a fresh node, so that it is useful at once; torch's defaults stay as they are.
        stem: what a fresh node is named after, before its number.
        keywords: other words that a search should find it by.
        minimum_inputs: how many edges a variadic input needs.
        label: what people call it, where that is not its id.
        fitting: how the declaration follows the values of parameters; None where it is the same for all nodes.
        plain: of a fitted form, the declaration that it was made of.
        foreign: the operator is code that does not come with the program: the parameter ``path`` names it, ``signature`` holds what
            is known of it.
        recorded: its ports, its call and the shapes of its results were recorded when a module was imported; nobody adds one by hand.
        bounds: from a node's parameters, the two values that its results come near to and never pass; None where there are none.
    """

    id: str
    category: str
    summary: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...] = (Port("output", "The result."),)
    params: tuple[Param, ...] = ()
    infer: Rule
    call: Call
    initial: Mapping[str, Any] = field(default_factory=dict)
    stem: str = ""
    keywords: tuple[str, ...] = ()
    minimum_inputs: int = 1
    label: str = ""
    fitting: Fitting | None = None
    plain: BlockSpec | None = field(default=None, repr=False, compare=False)
    foreign: bool = False
    recorded: bool = False
    bounds: Callable[[Mapping[str, Any]], tuple[float, float] | None] = unbounded

    def __post_init__(self) -> None:
        names = [p.name for p in (*self.inputs, *self.outputs)] + [p.name for p in self.params]
        if self.call.kind not in ("input", "output") and len(set(names)) != len(names):
            raise ValueError(f"{self.id}: two of its ports and parameters have one name")
        if not self.stem:
            object.__setattr__(self, "stem", _stem(self.label or self.id))
        for port in self.switched_outputs:
            self.param(port.needs)
        for name in self.initial:
            self.param(name).parse(self.initial[name])

    @property
    def title(self) -> str:
        """What people call the block."""
        return self.label or self.id

    def fitted(self, values: Mapping[str, Any]) -> BlockSpec:
        """The declaration that a node with those parameters has; the same object for equal ones.

        Args:
            values: parameters by name, not necessarily in stored form; defaults hold for those that are missing.

        Raises:
            ParamError: one on which the declaration depends is outside its limits.
        """
        plain = self.plain or self
        if plain.fitting is None:
            return plain
        return plain._fit(*[plain.param(n).parse(values[n]) if n in values else plain.defaults[n] for n in plain.fitting.on])

    @cached_property
    def _fit(self) -> Callable[..., BlockSpec]:
        fields = self.fitting.fields if self.fitting is not None else dict
        return lru_cache(maxsize=MANY_FITTED)(lambda *values: replace(self, plain=self, **fields(*values)))

    @cached_property
    def defaults(self) -> Mapping[str, Any]:
        """Default of each parameter; None where it has none or is inferred."""
        return {p.name: None if p.required else p.default for p in self.params}

    @cached_property
    def _params(self) -> Mapping[str, Param]:
        return {p.name: p for p in self.params}

    @cached_property
    def _ports(self) -> tuple[Mapping[str, Port], Mapping[str, Port]]:
        return {p.name: p for p in self.inputs}, {p.name: p for p in self.outputs}

    @cached_property
    def results(self) -> Names:
        """Names of the outputs, nested as the operator returns them."""
        return self.call.returns or tuple(p.name for p in self.outputs)

    def results_with(self, params: Mapping[str, Any]) -> Names:
        """As `results`, as far as the operator returns them with those parameters."""
        if not self.call.shrinks:
            return self.results
        off = {p.name for p in self.switched_outputs if p.is_off(params)}
        return tuple(name for name in self.results if name not in off)

    @cached_property
    def constructed(self) -> tuple[Param, ...]:
        """The parameters that a layer is constructed with; the others are passed when it is called."""
        own = OWN if self.foreign else ()
        return tuple(p for p in self.params if p.name not in self.call.keywords and p.name not in own)

    @cached_property
    def main_input(self) -> Port | None:
        """The input that is meant where none is named: the first that is needed, else the first; None without any."""
        return min(self.inputs, key=lambda p: p.optional, default=None)

    @cached_property
    def output_names(self) -> tuple[str, ...]:
        """Names of the outputs."""
        return tuple(p.name for p in self.outputs)

    @cached_property
    def switched_outputs(self) -> tuple[Port, ...]:
        """The outputs that a parameter can switch off."""
        return tuple(p for p in self.outputs if p.needs)

    @cached_property
    def reference(self) -> str:
        """Address of torch's own page on the operator; empty where it has none."""
        target = self.call.target
        if self.call.is_held:
            return ""
        dotted = {"nn.": "torch.", "torch.": "", "F.": "torch.nn.functional."}
        for prefix, full in dotted.items():
            if target.startswith(prefix):
                name = full + target.removeprefix("F.")
                return f"https://docs.pytorch.org/docs/stable/generated/{name}.html"
        return f"https://docs.pytorch.org/docs/stable/generated/torch.Tensor.{target}.html" if self.call.kind == "method" else ""

    def param(self, name: str) -> Param:
        """The declaration of a parameter.

        Raises:
            ParamError: the block has none of that name.
        """
        try:
            return self._params[name]
        except KeyError:
            known = ", ".join(self._params) or "none"
            raise ParamError(f"{self.id} has no parameter {quoted(name)}; it has {known}.") from None

    def input(self, name: str) -> Port:
        """The declaration of an input.

        Raises:
            UnknownPortError: the block has none of that name.
        """
        return self._port(0, name)

    def output(self, name: str) -> Port:
        """As `input`, for an output."""
        return self._port(1, name)

    def _port(self, side: int, name: str) -> Port:
        try:
            return self._ports[side][name]
        except KeyError:
            known = ", ".join(self._ports[side]) or "none"
            raise UnknownPortError(f"{self.id} has no {('input', 'output')[side]} {quoted(name)}; it has {known}.") from None

    def read_params(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """``values`` checked against the declarations and in stored form.

        Raises:
            ParamError: one does not exist, or is outside its limits.
        """
        return {name: self.param(name).parse(value) for name, value in values.items()}


def _stem(id: str) -> str:
    """``Conv2d`` → ``conv``, ``MaxPool2d`` → ``max_pool``, ``LSTM`` → ``lstm``."""
    text = id.removesuffix("1d").removesuffix("2d").removesuffix("3d")
    out = ""
    for i, c in enumerate(text):
        after_small = i and text[i - 1].islower()
        starts_word = i and c.isupper() and i + 1 < len(text) and text[i + 1].islower() and text[i - 1].isupper()
        out += ("_" if c.isupper() and (after_small or starts_word) else "") + c.lower()
    return out

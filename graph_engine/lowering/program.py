"""What a program is made of.

It holds, in the order in which a person would write them, the calls that lead to the outputs and nothing else, with every
hyper-parameter settled. It knows nothing of variables or text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from graph_engine.spec.block import BlockSpec
from graph_engine.spec.params import Param
from graph_engine.spec.tensor import TensorSpec


class Ref(NamedTuple):
    """A tensor: the output of a node."""

    node: str
    port: str


class Turn(NamedTuple):
    """Repetitions of a group that are alike.

    Attributes:
        unit: their class.
        values: what it is constructed with, by argument.
        times: how many there are.
    """

    unit: Unit
    values: Mapping[str, Any]
    times: int


class Step(NamedTuple):
    """One node, ready to be written.

    Attributes:
        node: its id.
        name: its name.
        layer: name of the node whose layer it calls: its own, unless it shares another's weights.
        constructs: whether the layer is constructed for this step; the others that share it come later.
        spec: its block.
        params: value of every hyper-parameter, inferred ones included.
        inputs: for each port the tensors that arrive; empty where it is not connected.
        arriving: `TensorSpec` of each of those.
        outputs: `TensorSpec` of each output port.
        turns: of a group, its repetitions; those next to each other differ.
        tied: of a group, whether all repetitions use the same weights.
    """

    node: str
    name: str
    layer: str
    constructs: bool
    spec: BlockSpec
    params: Mapping[str, Any]
    inputs: Mapping[str, tuple[Ref, ...]]
    arriving: Mapping[str, tuple[TensorSpec, ...]]
    outputs: Mapping[str, TensorSpec]
    turns: tuple[Turn, ...] = ()
    tied: bool = False

    @property
    def times(self) -> int:
        """How many times a group is repeated."""
        return sum(turn.times for turn in self.turns)


class Program(NamedTuple):
    """A network, or the content of a group, as a sequence of calls.

    Attributes:
        name: of the document or the group.
        description: of it.
        inputs: the arguments, in the order in which they were added.
        steps: the calls, each behind what it needs.
        outputs: the results, in the order in which they were added.
        last_use: for each tensor the index of the last step that needs it; ``len(steps)`` for a result.
        units: the classes of all groups, each behind those that it uses; only a network's program has them.
    """

    name: str
    description: str
    inputs: tuple[Step, ...]
    steps: tuple[Step, ...]
    outputs: tuple[Step, ...]
    last_use: Mapping[Ref, int]
    units: tuple[Unit, ...] = ()


class Slot(NamedTuple):
    """A place in a program where a value stands.

    Attributes:
        node: id of the node.
        turn: of a group, which of its `Step.turns`; else -1.
        name: of the parameter, or the argument of the group's class.
    """

    node: str
    turn: int
    name: str


class Argument(NamedTuple):
    """What the class of a group is constructed with.

    Attributes:
        name: what it is called.
        param: what kind of value it is.
        source: the exposed parameter (a name) or the place (a `Slot`) that says its value.
        values: the values that it has in the network.
        default: of an exposed parameter, its value inside; else None.
        has_default: whether there is one.
    """

    name: str
    param: Param
    source: str | Slot
    values: tuple[Any, ...]
    default: Any = None
    has_default: bool = False


class Written(NamedTuple):
    """A value that follows from an argument: ``factor * argument // divisor``."""

    argument: str
    factor: int = 1
    divisor: int = 1

    def text(self) -> str:
        """As Python text."""
        times = f"{self.factor} * " if self.factor > 1 else ""
        over = f" // {self.divisor}" if self.divisor > 1 else ""
        return f"{times}{self.argument}{over}"


class Unit(NamedTuple):
    """The content of a group as a class.

    Attributes:
        definition: id of the group.
        variant: which of the classes that the uses of the group need; most need one.
        program: the content, as the first use has it.
        arguments: what the class is constructed with.
        written: the places that take their value from an argument.
        shapes: text of the shapes that differ from use to use; None where no argument tells them.
        uses: how many different uses there are.
    """

    definition: str
    variant: int
    program: Program
    arguments: tuple[Argument, ...]
    written: Mapping[Slot, Written]
    shapes: Mapping[Ref, str | None]
    uses: int

"""How a faulty node could be mended by what surrounds it: other blocks in front of it, another block in its place.

A shape rule proposes repairs of its own parameters; the functions here add those that need other blocks. All of them are only proposals:
`certain` tries each on what arrives and keeps those with which the fault goes away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from graph_engine.analysis.fixes import alike, shared_params
from graph_engine.blocks import registry
from graph_engine.errors import ParamError
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import Edge, Node
from graph_engine.spec.block import Site
from graph_engine.spec.faults import Fault, Fix, Insert
from graph_engine.spec.rules import each
from graph_engine.spec.tensor import Dim, Shape, TensorSpec


class Faulty(NamedTuple):
    """A node at fault.

    Attributes:
        graph: the graph.
        node: the node.
        inputs: what arrives, by port.
        fault: what its shape rule said.
    """

    graph: CoreGraph
    node: Node
    inputs: Mapping[str, Any]
    fault: Fault

    @property
    def port(self) -> str:
        """The port at fault; the first where the fault names none."""
        return self.fault.port or self.node.spec.inputs[0].name

    def edges(self) -> Sequence[Edge]:
        """The edges at the port."""
        return self.graph.inputs(self.node.id, self.port)

    def arriving(self) -> tuple[TensorSpec, ...]:
        """What the edges at the port carry."""
        given = self.inputs[self.port]
        return given if self.node.spec.input(self.port).variadic else (given,)


Remedy = Callable[[Faulty], Iterator[Fix]]

MOST = 3
"""So many repairs are offered at most."""

REMEDIES: dict[str, list[Remedy]] = {}
"""Those that propose repairs, by code of the fault."""


def remedy(*codes: str) -> Callable[[Remedy], Remedy]:
    """Declares a function that proposes repairs for faults of some codes."""

    def declare(function: Remedy) -> Remedy:
        for code in codes:
            REMEDIES.setdefault(code, []).append(function)
        return function

    return declare


def fixes(graph: CoreGraph, node: Node, inputs: Mapping[str, Any], fault: Fault) -> tuple[Fix, ...]:
    """The repairs with which a fault is certain to go away: those that leave none first, then those that lay bare another one."""
    at = Faulty(graph, node, inputs, fault)
    proposed = [f for r in REMEDIES.get(fault.code, ()) for f in r(at)]
    proposed += fault.fixes
    left = [(fix, _left(at, fix)) for fix in {fix.title: fix for fix in proposed}.values()]
    whole = [fix for fix, problem in left if problem is None]
    partly = [fix for fix, problem in left if problem is not None and (problem.code, problem.port) != (fault.code, fault.port)]
    return tuple((whole or partly)[:MOST])


def _left(at: Faulty, fix: Fix) -> Fault | None:
    """What would still be wrong with the node after a repair."""
    if fix.node is not None:
        return None
    spec = registry()[fix.replace] if fix.replace else at.node.spec
    params, inputs = dict(at.node.params), dict(at.inputs)
    try:
        if fix.replace:
            params = {**spec.defaults, **spec.read_params(shared_params(at.node.spec, params, spec))}
        params |= spec.read_params(fix.params)
        if fix.insert:
            x = _through(fix.insert, at.arriving()[fix.edge])
            passing = {e.id for e in alike(at.graph, at.edges()[fix.edge])}
            for port in at.node.spec.inputs:
                edges = at.graph.inputs(at.node.id, port.name)
                if port.variadic:
                    inputs[port.name] = tuple(x if e.id in passing else i for e, i in zip(edges, inputs[port.name], strict=True))
                elif edges and edges[0].id in passing:
                    inputs[port.name] = x
        spec.infer(Site(params, inputs))
    except Fault as problem:
        return problem
    except ParamError:  # a size that the block does not allow: no repair
        return at.fault
    return None


def _through(blocks: Sequence[Insert], x: TensorSpec) -> TensorSpec:
    """What leaves a row of blocks."""
    for block, params in blocks:
        spec = registry()[block].fitted(params)
        site = Site({**spec.defaults, **spec.read_params(params)}, {spec.inputs[0].name: x})
        x = spec.infer(site).outputs[0]
    return x


def _permuted(x: TensorSpec, start: int, end: int) -> Insert:
    """Takes one dimension to another place."""
    order = list(range(len(x.shape)))
    order.insert(end, order.pop(start))
    return Insert("Permute", {"dims": order})


def _reshaped(shape: Sequence[Any]) -> Insert:
    return Insert("Reshape", {"shape": [str(s) if isinstance(s, Dim) else s for s in shape]})


def _nameable(shape: Shape) -> bool:
    """Whether a Reshape can be told such a shape."""
    return all(isinstance(s, int) or str(s).isidentifier() for s in shape)


@remedy("param.missing")
def as_on_a_fresh_node(at: Faulty) -> Iterator[Fix]:
    """A required parameter gets what the palette gives it."""
    name = str(at.fault.values["param"])
    if name in at.node.spec.initial:
        yield Fix(f"Set {name} to {at.node.spec.initial[name]}", {name: at.node.spec.initial[name]})


@remedy("shape.in-channels", "shape.num-features", "shape.in-features", "shape.input-size")
def dimension_stands_elsewhere(at: Faulty) -> Iterator[Fix]:
    """The size that was set is that of another dimension: the layout is another one."""
    if "value" not in at.fault.values:  # nothing was set: the weights arrive
        return
    [x], given, value = at.arriving(), at.fault.values["given"], at.fault.values["value"]
    places = [i for i, s in enumerate(x.shape) if s == given]
    end = 1 if at.fault.code in ("shape.in-channels", "shape.num-features") else len(x.shape) - 1
    if len(places) == 1 and x.shape[end] == value:
        insert = _permuted(x, places[0], end)
        yield Fix(f"Insert Permute to bring the {given} {'channels' if end == 1 else 'features'} to dimension {end}", insert=(insert,))


@remedy("shape.free-size")
def free_length_stands_in_the_way(at: Faulty) -> Iterator[Fix]:
    """(N, T, features) where (N, features, T) is expected, or the other way round."""
    x = at.arriving()[0]
    if len(x.shape) == 3:
        yield Fix("Insert Permute to swap dimensions 1 and 2", insert=(_permuted(x, 1, 2),))


@remedy("shape.kernel-too-large")
def channels_came_last(at: Faulty) -> Iterator[Fix]:
    """A picture or a series with its few channels behind, as other libraries have it."""
    x = at.arriving()[0]
    if len(x.shape) > 2 and x.shape[-1] in (1, 2, 3, 4) and x.shape[1] not in (1, 2, 3, 4):
        yield Fix("Insert Permute to bring the channels to dimension 1", insert=(_permuted(x, len(x.shape) - 1, 1),))


@remedy("shape.rank")
def another_number_of_dimensions(at: Faulty) -> Iterator[Fix]:
    """Tokens need vectors; a dimension of size 1 is added or taken away; a block has a sibling for other numbers of dimensions."""
    x, layout = at.arriving()[0], str(at.fault.values["layout"])
    shape, rank = x.shape, len(x.shape)
    wanted = layout.count(",") + 1
    yield from _embedded(at, x)
    if rank == 4 and layout.startswith("(N, T") and shape[1] != 1:
        reads = Insert("Permute", {"dims": (0, 3, 1, 2)}), Insert("Flatten", {"start_dim": 2})
        yield Fix("Insert Permute and Flatten to read it column by column", insert=reads)
    if rank == wanted + 1 and 1 in shape[1:] and _nameable(shape):
        place = shape.index(1, 1)
        yield Fix(f"Insert Reshape to drop dimension {place}", insert=(_reshaped((*shape[:place], *shape[place + 1 :])),))
    if rank == wanted - 1 and rank > 1 and layout.startswith("(N, C") and " or " not in layout and _nameable(shape):
        yield Fix("Insert Reshape to add a dimension of one channel", insert=(_reshaped((shape[0], 1, *shape[1:])),))
    block = at.node.block
    sibling = f"{block[:-2]}{max(1, rank - 2)}d"
    if block[-2:] in ("1d", "2d", "3d") and sibling in registry():
        yield Fix(f"Replace it by {sibling}", replace=sibling)


def _embedded(at: Faulty, x: TensorSpec) -> Iterator[Fix]:
    """An Embedding for token numbers, with vectors as long as the node says that they are."""
    if x.dtype in ("int64", "int32") and len(x.shape) == 2:
        table = dict(registry()["Embedding"].initial)
        widths = [v for p in at.node.spec.params if p.inferred and isinstance(v := at.node.params[p.name], int)]
        for width in (*widths, table["embedding_dim"]):
            yield Fix(
                "Insert Embedding to turn token numbers into vectors", insert=(Insert("Embedding", table | {"embedding_dim": width}),)
            )


@remedy("dtype.mismatch")
def numbers_of_another_kind(at: Faulty) -> Iterator[Fix]:
    """Token numbers are embedded; an Input is declared as what it should be."""
    x, expected = at.arriving()[0], str(at.fault.values.get("expected", ""))
    if "float32" in expected:
        yield from _embedded(at, x)
    source = at.graph[at.edges()[0].source]
    decided_outside = (
        source.spec.call.kind == "input" and at.graph.holder(source.id) is not at.graph.root
    )  # an Input of a group gives what its uses receive
    if expected and not source.spec.inputs and "dtype" in source.params and not decided_outside:
        dtype = expected.split(" or ")[0]
        yield Fix(f"Set the dtype of the {source.block} to {dtype}", {"dtype": dtype}, node=source.id)


@remedy("shape.broadcast")
def branches_differ(at: Faulty) -> Iterator[Fix]:
    """A residual branch is projected to the shape of the other one; a vector per channel is spread over the picture."""
    xs = at.arriving()
    pairs = [(i, j) for i in range(len(xs) - 1, -1, -1) for j in range(len(xs)) if xs[i].shape != xs[j].shape]
    for i, j in pairs:
        yield from _resized(at, xs[i].shape, xs[j].shape, i)
    for i, j in pairs:
        x, goal = xs[i].shape, xs[j].shape
        if len(x) < len(goal) and x[:2] == goal[:2] and len(x) == 2 and _nameable(x):
            yield Fix(f"Insert Reshape to spread input {i + 1} over {len(goal) - 2} more dimensions", edge=i,
                      insert=(_reshaped((*x, *(1,) * (len(goal) - 2))),))  # fmt: skip
        if len(x) == len(goal):
            yield from _aligned(x, goal, i)
    for i, j in pairs:
        if at.node.block == "Add" and len(xs[i].shape) == len(xs[j].shape):
            yield from _projected(xs[i].shape, xs[j].shape, i)


def _resized(at: Faulty, x: Shape, goal: Shape, edge: int) -> Iterator[Fix]:
    """The layer that feeds the edge gets another width."""
    source = at.graph[at.edges()[edge].source]
    for name, place in (("out_features", -1), ("embedding_dim", -1), ("out_channels", 1)):
        if name in source.params and source.id not in at.graph.groups and len(x) == len(goal) and isinstance(goal[place], int):
            place %= len(x)
            if (*x[:place], goal[place], *x[place + 1 :]) == goal:
                yield Fix(f"Set {name} of input {edge + 1} to {goal[place]}", {name: goal[place]}, node=source.id)


def _aligned(x: Shape, goal: Shape, edge: int) -> Iterator[Fix]:
    if len(x) == 3 and (x[0], x[2], x[1]) == goal:
        yield Fix(
            f"Insert Permute to swap dimensions 1 and 2 of input {edge + 1}", edge=edge, insert=(Insert("Permute", {"dims": (0, 2, 1)}),)
        )


def _projected(x: Shape, goal: Shape, edge: int) -> Iterator[Fix]:
    """A learned projection, with a stride where the goal is smaller."""
    rank, where = len(x), f"Project input {edge + 1}"
    if rank in (2, 3) and x[:-1] == goal[:-1] and isinstance(goal[-1], int):
        yield Fix(f"{where} to {goal[-1]} features with a Linear", edge=edge, insert=(Insert("Linear", {"out_features": goal[-1]}),))
    elif rank in (3, 4) and isinstance(goal[1], int):
        steps = [
            1 if a == b else -(-a // b) if isinstance(a, int) and isinstance(b, int) else 0 for a, b in zip(x[2:], goal[2:], strict=True)
        ]
        if all(steps):
            stride = {"stride": steps[0] if len(set(steps)) == 1 else tuple(steps)} if set(steps) != {1} else {}
            conv = Insert(f"Conv{rank - 2}d", {"out_channels": goal[1], "kernel_size": 1, **stride})
            size = "×".join(["1"] * (rank - 2))
            yield Fix(f"{where} to {goal[1]} channels with a {size} {conv.block}", edge=edge, insert=(conv,))


@remedy("shape.concat")
def ends_do_not_meet(at: Faulty) -> Iterator[Fix]:
    """Another dimension to join along, another layout, or a smaller picture."""
    xs, dim = at.arriving(), at.node.params["dim"]
    first = xs[0].shape
    if all(len(x.shape) == len(first) for x in xs):
        differing = {i for x in xs for i, (a, b) in enumerate(zip(first, x.shape, strict=True)) if a != b}
        if len(differing) == 1:
            [only] = differing
            yield Fix(f"Join along dimension {only}", {"dim": only})
        for i, x in enumerate(xs):
            if x.shape != first and Counter(x.shape) == Counter(first):
                yield from _aligned(x.shape, first, i)
    for i, x in enumerate(xs):
        if len(x.shape) > 2 and any(len(other.shape) == 2 for other in xs):
            yield Fix(f"Insert Flatten at input {i + 1}", edge=i, insert=(Insert("Flatten"),))
    least = min((x.shape for x in xs), key=lambda s: [v if isinstance(v, int) else 0 for v in s[2:]])
    for i, x in enumerate(xs):
        if len(x.shape) == len(least) == 4 and dim in (1, -3) and x.shape[2:] != least[2:]:
            size = least[2:]
            if all(isinstance(a, int) and isinstance(b, int) and a % b == 0 for a, b in zip(x.shape[2:], size, strict=True)):
                yield Fix(
                    f"Pool input {i + 1} to {size[0]}×{size[1]}", edge=i, insert=(Insert("AdaptiveAvgPool2d", {"output_size": size}),)
                )


@remedy("shape.no-such-dim")
def a_dimension_that_is_there(at: Faulty) -> Iterator[Fix]:
    """The last dimension, or another one behind the batch."""
    name = str(at.fault.values["param"])
    if isinstance(at.node.params.get(name), int):
        for dim in (-1, *range(1, max(len(x.shape) for x in at.arriving()))):
            yield Fix(f"Set {name} to {dim}", {name: dim})


@remedy("shape.mask", "shape.attention", "shape.state")
def batch_and_time_are_mixed_up(at: Faulty) -> Iterator[Fix]:
    """What goes with a sequence does not fit it, because its batch is read as time."""
    if at.node.params.get("batch_first") is False:
        yield Fix("Turn batch_first on", {"batch_first": True})


@remedy("shape.matmul")
def one_matrix_lies_on_its_side(at: Faulty) -> Iterator[Fix]:
    """The last two dimensions of a factor are swapped."""
    x = at.inputs[at.port]
    if len(x.shape) > 1:
        yield Fix(f"Insert Permute to transpose {at.port}", insert=(_permuted(x, len(x.shape) - 2, len(x.shape) - 1),))


@remedy("shape.kernel-too-large")
def window_without_gaps(at: Faulty) -> Iterator[Fix]:
    """The window fits where its elements lie side by side, where the input is padded on all sides, or where it is smaller."""
    params, [x] = at.node.params, at.arriving()
    n = len(x.shape) - 2
    kernel, dilation = each(params["kernel_size"], n), each(params.get("dilation", 1), n)
    if any(d > 1 for d in dilation):
        yield Fix("Set dilation to 1", {"dilation": 1})
    if params.get("padding_mode") == "zeros":
        spans = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
        padding = max(span // 2 for span in spans)
        yield Fix(f"Set padding to {padding}", {"padding": padding})
    else:
        fits = tuple(min(k, s) if isinstance(s, int) else k for k, s in zip(kernel, x.shape[2:], strict=True))
        value = fits[0] if len(set(fits)) == 1 else fits
        yield Fix(f"Set kernel_size to {value}", {"kernel_size": value})

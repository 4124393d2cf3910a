"""The ways from a text to a graph, and the shapes of what arrives where the text does not tell them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from graph_engine.errors import DocumentError, SourceError
from graph_engine.graph.graph import CoreGraph
from graph_engine.parsing.assemble import assemble
from graph_engine.parsing.drafts import Content, Draft, Layer, Part, Row
from graph_engine.parsing.following import Follower
from graph_engine.parsing.forms import Forms
from graph_engine.parsing.text import Text, documented
from graph_engine.spec.tensor import N, TensorSpec, as_size, shape_text


class Parsed(NamedTuple):
    """What was made of a text.

    Attributes:
        name: of the network.
        description: of it.
        lines: for each node, by id, the lines that it comes from, the one where it is called last.
        notes: what of the text has no place in a graph, and which shapes were found for inputs of which it tells none, by line.
    """

    name: str
    description: str
    lines: Mapping[str, tuple[int, ...]]
    notes: Mapping[int, str]


def networks(text: str) -> list[str]:
    """The classes in a text that may be meant, the likeliest first.

    Raises:
        SourceError: it is no Python.
    """
    return Text(text).networks


def read_text(path: Path) -> str:
    """The text of a Python file.

    Raises:
        DocumentError: it cannot be read, or is no text.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DocumentError(f"{path.name} is no Python: it is not UTF-8 text.") from None
    except OSError as error:
        raise DocumentError(f"{path} cannot be read: {error.strerror or error}.") from None


def from_source(graph: CoreGraph, text: str, name: str | None = None, known: Mapping[str, TensorSpec] | None = None) -> Parsed:
    """Fills an empty graph from Python text, without running it.

    Args:
        graph: the graph.
        text: classes of modules, or an expression that makes one: an ``nn.Sequential``, a list of layers.
        name: of the class; left out, the last one that no other uses.
        known: what arrives at arguments of which the text does not tell it.

    Raises:
        SourceError: it cannot be told as a graph; the message names the line.
    """
    parsed = Text(text)
    found = parsed.networks
    if name is not None and name not in parsed.classes:
        raise SourceError(f"there is no class {name}; there is {', '.join(found) or 'none'}.", 1)
    chosen = name or (found[0] if found else None)
    if chosen is None:
        return _expression(graph, parsed)
    title, said = documented(parsed.classes[chosen], "network")
    told = dict(known or {}) | {n: TensorSpec(tuple(map(as_size, t.shape)), t.dtype) for n, t in said.inputs.items() if t.shape is not None}

    def follow(shapes: Mapping[str, TensorSpec]) -> tuple[Content, Follower]:
        follower = Follower(parsed)
        instance = follower.construct(chosen, parsed.made(chosen))
        return follower.network(instance, shapes), follower

    first = Follower(parsed)
    taken = first.taken(first.construct(chosen, parsed.made(chosen)))
    told = {n: spec for n, spec in told.items() if n in taken}
    unknown = [n for n in taken if n not in told]
    content, follower = _fitting(follow, first, told, unknown)
    lines = assemble(graph, Forms(_shaped(content)))
    notes = {**follower.notes, **_found(content, unknown, parsed.classes[chosen].lineno)}
    return Parsed(parsed.name or title, said.description, lines, dict(sorted(notes.items())))


def _found(content: Content, unknown: Sequence[str], line: int) -> dict[int, str]:
    """Tells which shapes were found for inputs."""
    found = [(d.name, spec) for d in content.inputs if d.name in unknown and (spec := d.outputs["output"]) is not None]
    if not found:
        return {}
    shapes = ", ".join(f"{name} {shape_text(spec.shape)}{'' if spec.dtype == 'float32' else f' {spec.dtype}'}" for name, spec in found)
    return {line: f"the text does not tell what arrives; this fits: {shapes}."}


def _expression(graph: CoreGraph, text: Text) -> Parsed:
    """A container or a row of layers that is no class."""
    for statement in reversed(text.tree.body):
        value = statement.value if isinstance(statement, ast.Expr | ast.Assign) else None
        if value is None:
            continue
        first = Follower(text)
        parts = _parts_of(first.evaluate(value))
        if parts is None:
            continue

        def follow(shapes: Mapping[str, TensorSpec], node: ast.expr = value) -> tuple[Content, Follower]:
            follower = Follower(text)
            return follower.row(_parts_of(follower.evaluate(node)) or [], shapes["x"]), follower

        content, follower = _fitting(follow, first, {}, ["x"])
        lines = assemble(graph, Forms(_shaped(content)))
        return Parsed("network", "", lines, {**follower.notes, **_found(content, ["x"], statement.lineno)})
    raise SourceError("there is no class of torch.nn.Module here, and no nn.Sequential or list of layers.", 1)


def _parts_of(value: Any) -> list[Part] | None:
    """The modules of a container or of a list; None where it is something else."""
    if isinstance(value, Row):
        value = list(value.items.values())
    if isinstance(value, Part) and not isinstance(value, Row):
        value = [value]
    return list(value) if isinstance(value, tuple | list) and value and all(isinstance(v, Part) for v in value) else None


def _shaped(content: Content) -> Content:
    """Writes what arrives into the inputs."""
    for draft in content.inputs:
        spec = draft.outputs["output"]
        assert spec is not None
        draft.params = {"shape": tuple(s if isinstance(s, int) else str(s) for s in spec.shape[1:]), "dtype": spec.dtype}
    return content


Follow = Callable[[Mapping[str, TensorSpec]], tuple[Content, Follower]]


def _fitting(follow: Follow, first: Follower, told: Mapping[str, TensorSpec], unknown: Sequence[str]) -> tuple[Content, Follower]:
    """Follows a text with what arrives as it is told, or, where it is not, with the first shapes with which most fits.

    Raises:
        SourceError: the text cannot be followed with any of them.
    """
    shapes: dict[str, TensorSpec] = dict(told)
    if not unknown:
        return follow(shapes)
    best: tuple[int, Content, Follower] | None = None
    failure: SourceError | None = None
    for tried in _candidates(first, shapes, unknown):
        try:
            content, follower = follow(tried)
        except SourceError as error:
            failure = failure if failure is not None and failure.line > error.line else error
            continue
        faults = _faults(content)
        if best is None or faults < best[0]:
            best = (faults, content, follower)
        if not faults:
            break
    if best is None:
        assert failure is not None
        raise failure
    return best[1], best[2]


def _faults(content: Content) -> int:
    """How many nodes do not fit what arrives at them."""
    return sum(_faults(d.content) if d.content is not None else _is_faulty(d) for d in content.nodes)


def _is_faulty(draft: Draft) -> bool:
    if any(spec is None for spec in draft.outputs.values()):
        return True
    assert draft.spec is not None
    given = {p.name for p in draft.spec.params if p.inferred and draft.params.get(p.name) is not None}
    return not given <= draft.inferred


def _candidates(first: Follower, told: Mapping[str, TensorSpec], unknown: Sequence[str]) -> Iterator[dict[str, TensorSpec]]:
    """Shapes to try: the same for all that is not told, then another for one of them."""
    options = list(dict.fromkeys(_options(_numbers_in(first.layers))))
    for option in options:
        yield {**told, **dict.fromkeys(unknown, option)}
    for name in unknown if len(unknown) > 1 else ():
        for option in options:
            for other in options[: MOST_TRIED // len(options)]:
                yield {**told, **dict.fromkeys(unknown, other), name: option}


MOST_TRIED = 400
"""Shapes that are tried for each input at most, where there are several."""

SIDES = (224, 32, 28, 64, 8, 16, 128, 256, 96, 48, 299)
"""Sides of pictures that are tried where a free size does not serve."""

LENGTHS = (16, 32, 64, 128, 256, 512, 8)
"""The same of sequences."""


def _options(numbers: Sequence[int]) -> Iterator[TensorSpec]:
    """What may arrive: a free size for each dimension but the one that a layer names, then numbers where these do not serve."""
    length, *plane = map(as_size, ("T", "H", "W"))
    for number in numbers:
        yield TensorSpec((N, number))
        yield TensorSpec((N, length, number))
        yield TensorSpec((N, number, *plane))
        yield TensorSpec((N, number, length))
    yield TensorSpec((N, length), "int64")
    for side in SIDES:
        for number in numbers[:3]:
            yield TensorSpec((N, number, side, side))
    for steps in LENGTHS:
        yield TensorSpec((N, steps), "int64")
        yield from (TensorSpec((N, steps, number)) for number in numbers[:2])
    yield TensorSpec((N,))


def _numbers_in(layers: Sequence[Layer]) -> list[int]:
    """The sizes that layers say they take, in the order in which they are constructed."""
    found = [v for one in layers for p in one.spec.params if p.inferred and isinstance(v := one.params.get(p.name), int)]
    return list(dict.fromkeys([*found[:6], 3, 1]))

"""What is different between two documents: plain data that the terminal prints, the canvas shows and the list of runs tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from graph_engine.analysis.matching import match_nodes, what
from graph_engine.graph.definition import Definition
from graph_engine.graph.graph import CoreGraph
from graph_engine.graph.node import GroupSpec, Node
from graph_engine.settings.schema import SECTIONS
from graph_engine.spec.tensor import TensorSpec, shape_text

if TYPE_CHECKING:
    from graph_engine.analysis.checked import CheckedGraph

Kind = Literal["added", "removed", "changed", "moved"]

KINDS: tuple[Kind, ...] = ("added", "removed", "changed", "moved")


@dataclass(frozen=True)
class NodeChange:
    """What became of a node.

    Attributes:
        kind: ``moved`` where it is elsewhere on the canvas and nothing else.
        group: name of the group that holds it; empty for the document's own graph.
        definition: id of that group in the document that holds the node; None for the document's own graph.
        before, after: the node in each document; None where it is not there.
        details: what of it changed, as old and new words by name: ``name``, ``block``, ``mode``, parameters, inputs and what feeds them.
        shape: old and new shape of its first output, where they are known and differ.
    """

    kind: Kind
    group: str
    definition: str | None
    before: Node | None
    after: Node | None
    details: Mapping[str, tuple[str, str]]
    shape: tuple[str, str] | None = None

    @property
    def node(self) -> Node:
        """The node as it is now, or was."""
        node = self.after or self.before
        assert node is not None
        return node

    @property
    def words(self) -> str:
        """The change in one line: ``conv1 (Conv2d): kernel_size 3 → 5``."""
        head = f"{self.group} › {self.node.name}" if self.group else self.node.name
        told = [f"{name} {old} → {new}" for name, (old, new) in self.details.items()]
        if self.kind == "added" or self.kind == "removed":
            return f"{head} ({_title(self.node)}) {self.kind}"
        return f"{head} ({_title(self.node)}): {', '.join(told)}" if told else f"{head} ({_title(self.node)}) moved"


@dataclass(frozen=True)
class Difference:
    """All that is different.

    Attributes:
        nodes: in the order of `KINDS`, each as the graphs have them.
        follows: how many further nodes give another shape because of these.
        settings: data and training settings by their dotted name, old and new.
        parameters: numbers of weights, old and new; None where a document cannot be checked.
    """

    nodes: tuple[NodeChange, ...]
    follows: int
    settings: Mapping[str, tuple[str, str]]
    parameters: tuple[int, int]

    @property
    def is_empty(self) -> bool:
        return not self.nodes and not self.settings

    def of(self, kind: Kind) -> tuple[NodeChange, ...]:
        """The changes of one kind."""
        return tuple(change for change in self.nodes if change.kind == kind)

    def to_plain(self) -> dict[str, Any]:
        """As JSON has it."""
        nodes = [
            {
                "kind": change.kind,
                "group": change.group,
                "before": change.before.name if change.before is not None else None,
                "after": change.after.name if change.after is not None else None,
                "block": _title(change.node),
                "details": {name: list(pair) for name, pair in change.details.items()},
                "shape": list(change.shape) if change.shape is not None else None,
            }
            for change in self.nodes
        ]
        settings = {name: list(pair) for name, pair in self.settings.items()}
        return {"nodes": nodes, "follows": self.follows, "settings": settings, "parameters": list(self.parameters)}


def difference(before: CoreGraph, after: CoreGraph, checked: CheckedGraph, checked_after: CheckedGraph) -> Difference:
    """What is different between two documents.

    Args:
        before, after: the documents' own graphs.
        checked, checked_after: what the check found of each.
    """
    found: list[NodeChange] = []
    follows = 0
    for one, other in _pairs(before, after):
        here, follow = _changes(one, other, checked if one is before else None, checked_after if other is after else None)
        found += here
        follows += follow
    old, new = flat(before.settings.to_plain()), flat(after.settings.to_plain())
    settings = {name: (word(old.get(name)), word(new.get(name))) for name in {**old, **new} if old.get(name) != new.get(name)}
    ordered = sorted(found, key=lambda change: KINDS.index(change.kind))
    return Difference(tuple(ordered), follows, settings, (checked.parameters, checked_after.parameters))


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Settings by their dotted names, without those of their sections."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        inner = not prefix or prefix in SECTIONS
        if isinstance(value, Mapping):
            found |= flat(value, name if inner else f"{prefix}.{name}")
        else:
            found[name if inner else f"{prefix}.{name}"] = value
    return found


def word(value: Any) -> str:
    """A value in a word."""
    if value is None:
        return "–"
    if isinstance(value, (tuple, list)):
        return "×".join(map(word, value)) or "none"
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _pairs(before: CoreGraph, after: CoreGraph) -> Iterator[tuple[CoreGraph, CoreGraph]]:
    """The graphs of two documents that are the same: their own, and the content of groups by id or by name."""
    yield before, after
    others, taken = after.definitions, set[str]()
    names = {definition.name: definition for definition in others.values()}
    for id, definition in before.definitions.items():
        other = others.get(id) if id in others and others[id].name == definition.name else names.get(definition.name, others.get(id))
        if other is not None and other.id not in taken:
            taken.add(other.id)
            yield definition, other


def _changes(
    before: CoreGraph, after: CoreGraph, checked: CheckedGraph | None, checked_after: CheckedGraph | None
) -> tuple[list[NodeChange], int]:
    """The changes of one graph, and how many other nodes give another shape."""
    pairs = match_nodes(before, after)
    back = {other: id for id, other in pairs.items()}
    group, follows = after.name if isinstance(after, Definition) else "", 0
    old_id, new_id = (graph.id if isinstance(graph, Definition) else None for graph in (before, after))
    found: list[NodeChange] = []
    for node in after:
        if node.id not in back:
            found.append(NodeChange("added", group, new_id, None, node, {}))
            continue
        old = before[back[node.id]]
        details = dict(_details(before, old, after, node, pairs))
        shapes = _shape(checked, old), _shape(checked_after, node)
        shape = (str(shapes[0]), str(shapes[1])) if all(shapes) and shapes[0] != shapes[1] else None
        if details:
            found.append(NodeChange("changed", group, new_id, old, node, details, shape))
        elif node.position != old.position:
            found.append(NodeChange("moved", group, new_id, old, node, {}, shape))
        elif shape is not None:
            follows += 1
    found += [NodeChange("removed", group, old_id, node, None, {}) for node in before if node.id not in pairs]
    return found, follows


def _details(before: CoreGraph, old: Node, after: CoreGraph, new: Node, pairs: Mapping[str, str]) -> Iterator[tuple[str, tuple[str, str]]]:
    if old.name != new.name:
        yield "name", (old.name, new.name)
    if what(old) != what(new):
        yield "block", (_title(old), _title(new))
    if old.mode != new.mode:
        yield "mode", (old.mode, new.mode)
    for name in {**old.params, **new.params}:
        if what(old) == what(new) and old.params.get(name) != new.params.get(name):
            yield name, (word(old.params.get(name)), word(new.params.get(name)))
    owners = [graph[graph.owner(node.id)].name for graph, node in ((before, old), (after, new))]
    if pairs.get(before.owner(old.id)) != after.owner(new.id):
        yield (
            "weights",
            ("its own" if owners[0] == old.name else f"of {owners[0]}", "its own" if owners[1] == new.name else f"of {owners[1]}"),
        )
    ports = dict.fromkeys(port.name for node in (old, new) for port in node.spec.inputs)
    for port in ports:
        feeding = [pairs.get(edge.source, f"-{edge.source}") + edge.source_port for edge in before.inputs(old.id, port)]
        fed = [edge.source + edge.source_port for edge in after.inputs(new.id, port)]
        if feeding != fed:
            yield f"{port} from", (_sources(before, old.id, port), _sources(after, new.id, port))


def _sources(graph: CoreGraph, node: str, port: str) -> str:
    return " and ".join(graph[edge.source].name for edge in graph.inputs(node, port)) or "nothing"


def _shape(checked: CheckedGraph | None, node: Node) -> str:
    found = checked.nodes.get(node.id) if checked is not None else None
    tensors = [tensor for tensor in found.outputs.values() if isinstance(tensor, TensorSpec)] if found is not None else []
    return shape_text(tensors[0].shape) if tensors else ""


def _title(node: Node) -> str:
    return node.spec.name if isinstance(node.spec, GroupSpec) else node.block

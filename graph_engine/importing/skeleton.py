"""A checkpoint alone → the skeleton of a network: layers by the names and shapes of its tensors, in the order in which they stand.

What flows through them, shapes do not tell: strides, activations, skips, the order beyond that of the names. That is said, and left to
whoever knows the network. Nothing in the file is executed.
"""

from __future__ import annotations

import pickle
import re
import warnings
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from graph_engine.analysis.layout import layered
from graph_engine.blocks import registry
from graph_engine.errors import ImportModuleError
from graph_engine.graph.commands import AddMany
from graph_engine.graph.definition import Definition, free_title, new_definition_id
from graph_engine.graph.graph import CoreGraph, new_node
from graph_engine.graph.node import Node
from graph_engine.importing.plan import identifier

WRAPPERS = ("state_dict", "model_state_dict", "model", "module", "network", "net", "ema", "params")
"""What checkpoints call the part that holds the tensors."""

EMBEDDED = 4
"""A table without a bias that is so many times longer than wide is taken for an embedding."""

UNKNOWN = (
    "Strides, padding, activations, pooling, dropout and how results are joined are not in a checkpoint: they are left to you, as is the "
    "order where it is another than that of the names."
)


class Layer(NamedTuple):
    """A layer to be.

    Attributes:
        block: id of its block.
        params: its parameters, as far as shapes tell them.
    """

    block: str
    params: Mapping[str, Any]


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """The tensors in a file, by name. Of what PyTorch saved, only plain values and tensors are read.

    Raises:
        ImportModuleError: it is not there, holds something else, or would have to run code.
    """
    if not path.is_file():
        raise ImportModuleError(f"There is no file {path}.")
    if path.suffix.lower() == ".safetensors":
        try:
            return load_file(path)
        except (OSError, SafetensorError) as error:
            raise ImportModuleError(f"{path.name} cannot be read as a checkpoint: {error}.") from error
    try:
        with warnings.catch_warnings(action="ignore"):
            found = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ImportModuleError(
            f"{path.name} holds more than tensors, which only running its code could read: save model.state_dict() alone, or import the "
            "module itself."
        ) from error
    except (RuntimeError, OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise ImportModuleError(f"{path.name} cannot be read as a checkpoint: {' '.join(str(error).split())[:200]}") from error
    for _ in range(3):
        inner = next((found[name] for name in WRAPPERS if isinstance(found, Mapping) and isinstance(found.get(name), Mapping)), None)
        if inner is None:
            break
        found = inner
    tensors = {str(name): x for name, x in found.items() if isinstance(x, Tensor)} if isinstance(found, Mapping) else {}
    if not tensors:
        raise ImportModuleError(f"{path.name} holds no tensors by name.")
    return {name.removeprefix("module.").removeprefix("_orig_mod."): x for name, x in tensors.items()}


class Level:
    """A module to be: a layer, or what holds others.

    Attributes:
        layer: of a layer what it is.
        children: what it holds, by name, in order.
    """

    def __init__(self) -> None:
        self.layer: Layer | None = None
        self.children: dict[str, Level] = {}

    def at(self, path: str) -> Level:
        """The level at a dotted path, made where there is none."""
        level = self
        for part in path.split(".") if path else ():
            level = level.children.setdefault(part, Level())
        return level

    @property
    def form(self) -> Any:
        """What alike levels have in common."""
        own = (self.layer.block, tuple(self.layer.params.items())) if self.layer is not None else ()
        return (own, tuple((name, child.form) for name, child in self.children.items()))

    @property
    def is_row(self) -> bool:
        """Whether it only holds parts of one form, by number."""
        forms = {child.form for child in self.children.values()}
        numbered = all(name.isdecimal() for name in self.children)
        return len(self.children) > 1 and numbered and len(forms) == 1 and all(c.children for c in self.children.values())


def levels(tensors: Mapping[str, Tensor]) -> Level:
    """The modules that have such tensors."""
    by_holder: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        holder, _, own = name.rpartition(".")
        by_holder.setdefault(holder, {})[own] = tensor
    top, inside, dims = Level(), set[str](), 2
    for path, given in by_holder.items():
        if path in inside:
            continue
        if "in_proj_weight" in given:
            inside.add(f"{path}.out_proj")
        layer = _layer(given, dims)
        if layer is None:
            for name, tensor in given.items():
                if tensor.is_floating_point():
                    held = {"size": tuple(tensor.shape)}
                    top.at(f"{path}.{name}".strip(".")).layer = Layer("Parameter", held)
            continue
        if layer.block.startswith("Conv") or layer.block == "Linear":
            dims = int(layer.block[-2]) if layer.block.startswith("Conv") else 1
        top.at(path or "layer").layer = layer
    return top


def _layer(own: Mapping[str, Tensor], dims: int) -> Layer | None:
    """The layer whose tensors have these names and shapes, behind one that works on so many dimensions; None where no layer has them."""
    weight, bias = own.get("weight"), own.get("bias")
    shape = tuple(weight.shape) if weight is not None else ()
    if "in_proj_weight" in own:
        dim = own["in_proj_weight"].shape[1]
        heads = next(h for h in (dim // 64, 8, 4, 2, 1) if h and dim % h == 0)
        return Layer("MultiheadAttention", {"embed_dim": dim, "num_heads": heads, "batch_first": True, "bias": "in_proj_bias" in own})
    if "weight_ih_l0" in own:
        return Layer(*_recurrent(own))
    if "running_mean" in own:
        return Layer(f"BatchNorm{dims}d", {"num_features": own["running_mean"].shape[0], "affine": weight is not None})
    if weight is None:
        return None
    if len(shape) == 1:
        if shape[0] == 1 and bias is None:
            return Layer("PReLU", {})
        return Layer("LayerNorm", {"normalized_shape": shape, "bias": bias is not None})
    if len(shape) == 2:
        if bias is None and shape[0] > EMBEDDED * shape[1]:
            return Layer("Embedding", {"num_embeddings": shape[0], "embedding_dim": shape[1]})
        return Layer("Linear", {"in_features": shape[1], "out_features": shape[0], "bias": bias is not None})
    if len(shape) in (3, 4, 5):
        n = len(shape) - 2
        turned = bias is not None and bias.shape[0] != shape[0] and bias.shape[0] == shape[1]
        kernel = shape[2:] if len(set(shape[2:])) > 1 else shape[2]
        sizes = (shape[0], shape[1]) if turned else (shape[1], shape[0])
        params = {"in_channels": sizes[0], "out_channels": sizes[1], "kernel_size": kernel, "bias": bias is not None}
        groups = shape[0] if not turned and shape[1] == 1 and shape[0] > 1 else 1
        if groups > 1:
            params |= {"in_channels": groups, "groups": groups}
        if not turned and all(k % 2 for k in shape[2:]):
            params["padding"] = tuple(k // 2 for k in shape[2:]) if len(set(shape[2:])) > 1 else shape[2] // 2
        return Layer(f"ConvTranspose{n}d" if turned else f"Conv{n}d", params)
    return None


def _recurrent(own: Mapping[str, Tensor]) -> tuple[str, dict[str, Any]]:
    rows, size = own["weight_ih_l0"].shape
    hidden = own["weight_hh_l0"].shape[1]
    block = {4: "LSTM", 3: "GRU"}.get(rows // own["weight_hh_l0"].shape[1], "RNN")
    count = sum(1 for name in own if re.fullmatch(r"weight_ih_l\d+", name))
    both = "weight_ih_l0_reverse" in own
    params = {"input_size": size, "hidden_size": hidden, "num_layers": count, "bidirectional": both, "batch_first": True}
    return block, {**params, "bias": "bias_ih_l0" in own}


def propose(graph: CoreGraph, path: Path) -> tuple[dict[str, Tensor], list[str]]:
    """Fills an empty graph with the skeleton of the network whose tensors a file holds.

    Args:
        graph: it.
        path: the checkpoint.

    Returns:
        The tensors by the names that they have in the graph, and what is to be told of it.

    Raises:
        ImportModuleError: the file cannot be read, or holds no layers.
    """
    tensors = read_checkpoint(path)
    top = levels(tensors)
    if not top.children:
        raise ImportModuleError(f"{path.name} holds no tensors that a network could learn.")
    with graph.edit():
        names = _Drawing(graph).fill(graph, top, _input(top))
    weights: dict[str, Tensor] = {}
    for new, old in names:
        weights |= {new + name[len(old) :]: x for name, x in tensors.items() if name == old or name.startswith(f"{old}.")}
    kept = {id(x) for x in weights.values()}
    lost = [name for name, x in tensors.items() if id(x) not in kept and x.is_floating_point()]
    notes = [UNKNOWN]
    if lost:
        notes.append(f"{len(lost)} tensors found no layer, such as {lost[0]}.")
    if _any(top, "Parameter"):
        notes.append("Tensors that no layer has stand as Parameter nodes, which are not connected.")
    if _any(top, "MultiheadAttention"):
        notes.append("How many heads an attention has, its tensors do not tell: 64 features each are proposed.")
    return weights, notes


def _any(level: Level, block: str) -> bool:
    return (level.layer is not None and level.layer.block == block) or any(_any(child, block) for child in level.children.values())


def _first(level: Level) -> Layer | None:
    if level.layer is not None:
        return level.layer if level.layer.block != "Parameter" else None
    return next((found for child in level.children.values() if (found := _first(child)) is not None), None)


def _input(top: Level) -> dict[str, Any]:
    """The parameters of an Input that the first layer takes."""
    first = _first(top)
    if first is None or first.block == "Embedding":
        return {"shape": (16,), "dtype": "int64"}
    if first.block.startswith("Conv"):
        side = {"1": 256, "2": 224, "3": 32}[first.block[-2]]
        return {"shape": (first.params["in_channels"], *[side] * int(first.block[-2]))}
    size = first.params.get("in_features") or first.params.get("input_size") or first.params.get("embed_dim")
    return {"shape": (size,) if first.block == "Linear" else (16, size) if size else (16,)}


Names = list[tuple[str, str]]
"""For layers the name in the generated class, and in the checkpoint."""


class _Drawing:
    def __init__(self, root: CoreGraph):
        self._root = root
        self._made: dict[Any, tuple[Definition, Names]] = {}
        self._taken: list[str] = []

    def fill(self, graph: CoreGraph, level: Level, arriving: Mapping[str, Any]) -> Names:
        """Puts what a level holds into a graph, one behind the other."""
        nodes: list[Node] = [self._node(graph, registry()["Input"], "x", arriving, ())]
        edges: list[tuple[str, str, str, str]] = []
        names: Names = []
        last = nodes[0]
        for name, child in level.children.items():
            node, inside = self._child(graph, name, child, nodes)
            nodes.append(node)
            names += [(node.name + new, name + old) for new, old in inside]
            if not node.spec.inputs:
                continue
            ports = node.spec.inputs[:3] if node.block == "MultiheadAttention" else node.spec.inputs[:1]
            edges += [(last.id, last.spec.outputs[0].name, node.id, port.name) for port in ports]
            last = node
        end = self._node(graph, registry()["Output"], "output", {}, nodes)
        nodes.append(end)
        edges.append((last.id, last.spec.outputs[0].name, end.id, "input"))
        AddMany(nodes, edges, {}, text="Import").do(graph)
        for id, position in layered(graph).items():
            graph._set_position(id, position)
        return names

    def _child(self, graph: CoreGraph, name: str, child: Level, nodes: list[Node]) -> tuple[Node, Names]:
        if child.layer is not None and not child.children:
            return self._node(graph, registry()[child.layer.block], name, child.layer.params, nodes), [("", "")]
        row = list(child.children) if child.is_row else []
        definition, inside = self._definition(name, child.children[row[0]] if row else child)
        node = self._node(graph, definition.spec, name, {"repeat": len(row)} if row else {}, nodes)
        if not row:
            return node, [(f".{new}", f".{old}") for new, old in inside]
        return node, [(f".{i}.{new}", f".{turn}.{old}") for i, turn in enumerate(row) for new, old in inside]

    def _definition(self, name: str, level: Level) -> tuple[Definition, Names]:
        known = self._made.get(level.form)
        if known is None:
            words = [w for w in re.split(r"[\W_]+", name) if w and not w.isdigit()] or ["part"]
            title = free_title(self._root, "".join(w.capitalize() for w in words))
            id = new_definition_id(self._root, self._taken)
            self._taken.append(id)
            definition = Definition(self._root, id, title)
            names = self.fill(definition, level, {})
            _ = definition.shown
            self._root._insert_definition(definition)
            known = self._made[level.form] = definition, names
        return known

    def _node(self, graph: CoreGraph, spec: Any, name: str, params: Mapping[str, Any], beside: Iterable[Node]) -> Node:
        stem = identifier(f"{spec.stem}{name}" if name.isdigit() else name)
        return new_node(graph, spec, graph.free_name(stem, {n.name for n in beside}), params, (0.0, 0.0))

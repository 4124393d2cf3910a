"""An ONNX file as a module that is imported like any other. Reading one runs no code of its own; it needs the package ``onnx``."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from graph_engine.errors import ImportModuleError
from graph_engine.importing.onnx_operators import DTYPES, OPERATORS, reshape
from graph_engine.importing.programs import CONTAINERS, Interpreted, Level, Operation, Ref, Reference, shape_text

LEARNED: Mapping[str, tuple[str, ...]] = {
    "Conv": ("", "weight", "bias"),
    "ConvTranspose": ("", "weight", "bias"),
    "Gemm": ("", "weight", "bias"),
    "BatchNormalization": ("", "weight", "bias", "running_mean", "running_var"),
    "LayerNormalization": ("", "weight", "bias"),
    "InstanceNormalization": ("", "weight", "bias"),
    "GroupNormalization": ("", "weight", "bias"),
    "PRelu": ("", "weight"),
    "MatMul": ("", "", "bias"),
    "Gather": ("weight",),
}
"""For operators what torch calls the tensors at their inputs; none for what flows."""

KEPT = ("running_mean", "running_var")
"""Those that are not learned."""

LARGEST_CONSTANT = 1
"""Floating-point tensors with more numbers, which no such operator takes, are learned as well."""


def open_onnx(path: Path) -> Interpreted:
    """The network in an ONNX file.

    Raises:
        ImportModuleError: it cannot be read, the package ``onnx`` is missing, or operators have no counterpart; each is named.
    """
    try:
        import onnx
    except ImportError:
        raise ImportModuleError("Reading ONNX files needs the Python package onnx: run “pip install onnx”.") from None
    if not path.is_file():
        raise ImportModuleError(f"There is no file {path}.")
    try:
        model = onnx.load(path)
        onnx.checker.check_model(model)
    except Exception as error:  # what protobuf and onnx raise has no class in common
        words = " ".join(str(error).split())[:200]
        raise ImportModuleError(f"{path.name} cannot be read as an ONNX file: {words}") from error
    made = _Reading(model).module()
    made.reference = _reference(path, made)
    return made


class _Reading:
    def __init__(self, model: Any):
        from onnx.numpy_helper import to_array

        self._graph = model.graph
        self._to_array = to_array
        self._tensors = {t.name: torch.from_numpy(to_array(t).copy()) for t in model.graph.initializer}
        self._uses = Counter(name for node in model.graph.node for name in node.input)
        self._names: dict[str, str] = {}
        self._weights: dict[str, Tensor] = {}
        self._buffers: dict[str, Tensor] = {}
        self._constants: dict[str, Tensor] = {}
        self._batch = 0
        self._joined = dict(self._biases())

    def module(self) -> Interpreted:
        unknown = Counter(n.op_type for n in self._graph.node if n.op_type not in OPERATORS and n.op_type != "Constant")
        if unknown:
            told = ", ".join(f"{count} × {name}" for name, count in unknown.most_common())
            raise ImportModuleError(f"These operators of the file have no counterpart here: {told}.")
        inputs = [i for i in self._graph.input if i.name not in self._tensors]
        dims: list[Any] = list(inputs[0].type.tensor_type.shape.dim) if inputs else []
        self._batch = dims[0].dim_value if dims else 0
        self._settle()
        joined = {add.output[0] for _, add in self._joined.values()}
        nodes = [node for node in self._graph.node if node.output[0] not in joined]
        operations = [*self._constant_operations(), *map(self._operation, nodes)]
        outputs = [Ref(self._names.get(o.name, o.name)) for o in self._graph.output]
        made = Interpreted(
            [i.name for i in inputs], operations, outputs[0] if len(outputs) == 1 else tuple(outputs), self._weights, self._buffers
        )
        for name, one in zip(made.inputs, inputs, strict=True):
            sizes = [d.dim_value or (2 if not place else 16) for place, d in enumerate(one.type.tensor_type.shape.dim)]
            made.expects[name] = shape_text(torch.zeros(sizes, dtype=DTYPES[one.type.tensor_type.elem_type]))
        return made

    def _biases(self) -> Iterator[tuple[str, tuple[str, Any]]]:
        """For each product of matrices to which a bias is added, and nothing else done, the bias and the sum."""
        products = {n.output[0]: n for n in self._graph.node if n.op_type == "MatMul" and self._is_weight(n.input[1])}
        for node in self._graph.node:
            for one, other in (node.input, reversed(node.input)) if node.op_type == "Add" else ():
                bias = self._tensors.get(other)
                if one in products and self._uses[one] == 1 and bias is not None and bias.dim() == 1 and self._uses[other] == 1:
                    yield one, (other, node)

    def _is_weight(self, name: str) -> bool:
        """Whether a tensor is one that only one product of matrices takes."""
        return name in self._tensors and self._tensors[name].dim() == 2 and self._uses[name] == 1

    def _settle(self) -> None:
        """What each tensor of the file is: learned, kept or constant; and what it is called."""
        for node in self._graph.node:
            names = LEARNED.get(node.op_type, ())
            levels = list(_levels(node))
            bias, _ = self._joined.get(node.output[0], ("", None))
            for place, name in enumerate((*node.input, bias) if bias else node.input):
                tensor = self._tensors.get(name)
                if tensor is None or name in self._names:
                    continue
                own = names[place] if place < len(names) else ""
                if node.op_type == "Gather" and (tensor.dim() != 2 or not tensor.is_floating_point()):
                    own = ""
                if node.op_type == "MatMul" and place == 1 and self._is_weight(name):
                    self._tensors[name], own = tensor.transpose(0, 1).contiguous(), "weight"
                if not own and (tensor.numel() <= LARGEST_CONSTANT or not tensor.is_floating_point() or _is_made_up(name)):
                    self._constants[name] = tensor
                    continue
                told = ".".join([levels[-1].path, own]) if levels and own and "::" in name else name
                told = self._free(re.sub(r"[^\w.]", "_", told).strip("._") or "tensor")
                self._names[name] = told
                (self._buffers if own in KEPT else self._weights)[told] = self._tensors[name]

    def _free(self, name: str) -> str:
        taken = {*self._weights, *self._buffers}
        return name if name not in taken else next(f"{name}{n}" for n in range(2, len(taken) + 3) if f"{name}{n}" not in taken)

    def _constant_operations(self) -> Iterator[Operation]:
        for name, tensor in self._constants.items():
            yield Operation(tensor.clone, (), {}, name, "Constant")

    def _operation(self, node: Any) -> Operation:
        label, levels = f"{node.op_type} {node.name or node.output[0]}", tuple(_levels(node))
        attributes = {a.name: self._attribute(a) for a in node.attribute}
        if node.op_type == "Constant":
            value = next(iter(attributes.values()))
            tensor = value if isinstance(value, Tensor) else torch.tensor(value)
            return Operation(tensor.clone, (), {}, node.output[0], label, levels)
        function = OPERATORS[node.op_type]
        if node.op_type == "MatMul" and self._names.get(node.input[1]) in self._weights:
            function = torch.nn.functional.linear
        if node.op_type == "Reshape":
            function = partial(reshape, batch=self._batch)
        args = tuple(Ref(self._names.get(name, name)) if name else None for name in node.input)
        if node.op_type == "Split" and "split" not in attributes and len(args) < 2:
            attributes["num_outputs"] = len(node.output)
        results: Any = tuple(name or None for name in node.output)
        if node.output[0] in self._joined:
            bias, total = self._joined[node.output[0]]
            args, results = (*args, Ref(self._names[bias])), tuple(total.output)
        return Operation(function, args, attributes, results[0] if node.op_type != "Split" else results, label, levels)

    def _attribute(self, attribute: Any) -> Any:
        from onnx import AttributeProto
        from onnx.helper import get_attribute_value

        value = get_attribute_value(attribute)
        if attribute.type == AttributeProto.TENSOR:
            return torch.from_numpy(self._to_array(value).copy())
        if isinstance(value, bytes):
            return value.decode()
        return list(value) if attribute.type in (AttributeProto.INTS, AttributeProto.FLOATS) else value


def _is_made_up(name: str) -> bool:
    """Whether an exporter has made a tensor, rather than found it in a module."""
    return name.startswith(("val_", "const", "_val", "/", "onnx::")) or name.isdecimal()


def _levels(node: Any) -> Iterator[Level]:
    """The modules in which an operator is called, as the exporter of PyTorch tells them: in metadata, or in the operator's name."""
    metadata = {p.key: p.value for p in node.metadata_props}
    scopes = metadata.get("pkg.torch.onnx.name_scopes")
    kinds = metadata.get("pkg.torch.onnx.class_hierarchy")
    if scopes and kinds:
        for path, kind in zip(ast.literal_eval(scopes)[:-1], ast.literal_eval(kinds)[:-1], strict=False):
            name = str(kind).rpartition(".")[2]
            if path and name not in CONTAINERS[1:]:
                yield Level(str(path), name)
        return
    parts = node.name.strip("/").split("/")[:-1] if node.name.startswith("/") else []
    path = last = ""
    for place, part in enumerate(parts):
        nested = last and part.startswith(f"{last}.")
        path = path[: len(path) - len(last)] + part if nested else f"{path}.{part}" if path else part
        last = part
        if place + 1 < len(parts) and parts[place + 1].startswith(f"{part}."):
            continue  # it only holds others
        words = [w for w in re.split(r"[._]", path) if w and not w.isdigit()]
        yield Level(re.sub(r"[^\w.]", "_", path), (words[-1] if words else "part").capitalize())


def _reference(path: Path, made: Interpreted) -> Reference | None:
    """What onnxruntime makes of the file, where it is installed."""
    try:
        import onnxruntime
    except ImportError:
        return None
    from graph_engine.importing.source import examples

    inputs = examples([f"{name}={shape}" for name, shape in made.expects.items()])
    assert isinstance(inputs, dict)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        fixed = session.get_inputs()[0].shape[0]
        if isinstance(fixed, int):
            inputs = {name: x[torch.arange(fixed) % 2] for name, x in inputs.items()}
        given = {one.name: x.numpy() for one, x in zip(session.get_inputs(), inputs.values(), strict=True)}
        return Reference("onnxruntime", inputs, tuple(torch.from_numpy(x) for x in session.run(None, given)))
    except Exception:  # onnxruntime has classes of its own for what it cannot run; the import does not need it
        return None

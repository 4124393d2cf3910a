"""What names and attributes stand for while a text is followed."""

from __future__ import annotations

import ast
from typing import Any

from graph_engine.errors import SourceError
from graph_engine.parsing import constants
from graph_engine.parsing.calls import (
    TRAINING,
    Asked,
    Given,
)
from graph_engine.parsing.drafts import (
    Function,
    Held,
    Instance,
    Layer,
    Made,
    Method,
    Row,
    Tensor,
    Torch,
)
from graph_engine.parsing.walking import Frame, Walk
from graph_engine.spec.tensor import Dim, Size


class Names(Walk):
    """What names and attributes stand for while a text is followed."""

    def named(self, node: ast.Name, frame: Frame) -> Any:
        known, value = frame.find(node.id)
        if known:
            return value
        text = self.text
        if node.id in text.layers:
            return Torch(text.layers[node.id])
        if node.id in text.classes:
            return text.classes[node.id]
        if node.id in text.functions:
            return Function(text.functions[node.id], None, self.globals)
        if node.id in text.values:
            value = self.value(text.values[node.id], self.globals)
            self.globals.names[node.id] = value
            return value
        if node.id in text.names:
            return Torch(text.names[node.id])
        if node.id in constants.FUNCTIONS:
            return constants.FUNCTIONS[node.id]
        if node.id in ("print", "isinstance", "setattr", "getattr", "hasattr"):
            return Torch(node.id)
        raise SourceError(f"{node.id} is not known here.", node.lineno)

    def attribute(self, owner: Any, name: str, node: ast.expr, frame: Frame) -> Any:
        owner = self.use(owner, frame, node.lineno)
        if isinstance(owner, Torch):
            if owner.path == "math":
                found = constants.maths(name)
                return found if found is not None else Torch(f"math.{name}")
            return Torch(f"{owner.path}.{name}")
        if isinstance(owner, Instance):
            return self.of_instance(owner, name, node)
        if isinstance(owner, Row) and name in owner.items:
            return owner.items[name]
        if isinstance(owner, ast.ClassDef):
            return self.of_class(owner, name, node)
        if isinstance(owner, Tensor):
            if name in ("shape", "dtype", "ndim", "device"):
                return self.asked(owner, name, node)
            if name in ("T", "mT"):
                return self.operation(name, [Given(owner)], {}, frame, node)
            return Method(owner, name)
        if isinstance(owner, Held | Made) and name in ("shape", "dtype"):
            return tuple(owner.params["size"]) if name == "shape" else Torch(f"torch.{owner.params.get('dtype', 'float32')}")
        if isinstance(owner, Layer) and name in owner.params:
            return owner.params[name]
        if isinstance(owner, Layer) and name in owner.spec.defaults:
            return owner.spec.defaults[name]
        return Method(owner, name)

    def of_instance(self, owner: Instance, name: str, node: ast.expr) -> Any:
        if name in owner.attributes:
            return owner.attributes[name]
        if name == "training":
            return TRAINING
        method = self.method(owner.cls, name)
        if method is not None:
            found = Function(method, owner, None)
            is_property = any(isinstance(d, ast.Name) and d.id == "property" for d in method.decorator_list)
            return self.run_function(found, [], {}, node.lineno, None) if is_property else found
        if self.class_value(owner.cls, name) is None and owner.is_module:
            return Method(owner, name)
        return self.of_class(owner.cls, name, node)

    def of_class(self, cls: ast.ClassDef, name: str, node: ast.expr) -> Any:
        found = self.class_value(cls, name)
        if found is None:
            raise SourceError(f"{cls.name} has no {name}.", node.lineno)
        return self.value(found, self.globals)

    def class_value(self, cls: ast.ClassDef, name: str) -> ast.expr | None:
        """What an attribute of a class is set to in its body."""
        for one in cls.body:
            if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and one.target.id == name:
                return one.value
            if isinstance(one, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in one.targets):
                return one.value
        return None

    def method(self, cls: ast.ClassDef, name: str) -> ast.FunctionDef | None:
        for node in cls.body:
            if isinstance(node, ast.FunctionDef) and node.name == name:
                return node
        for base in cls.bases:
            if isinstance(base, ast.Name) and base.id in self.text.classes and self.text.classes[base.id] is not cls:
                found = self.method(self.text.classes[base.id], name)
                if found is not None:
                    return found
        return None

    def asked(self, tensor: Tensor, name: str, node: ast.expr) -> Any:
        if name == "device":
            return None
        if tensor.spec is None:
            raise SourceError("the shape of this tensor is not known, because something before it does not fit.", node.lineno)
        if name == "dtype":
            return Torch(f"torch.{tensor.spec.dtype}")
        if name == "ndim":
            return len(tensor.spec.shape)
        return tuple(_sized(size, tensor) for size in tensor.spec.shape)

    def origin(self, node: ast.expr, frame: Frame) -> str | None:
        """The argument of the class of ``self`` that an expression is, and nothing else."""
        if isinstance(node, ast.Name):
            return frame.origin(node.id)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            return frame.instance.origins.get(node.attr) if frame.instance is not None else None
        return None


def _sized(size: Size, tensor: Tensor) -> Size:
    return Asked(size, tensor) if isinstance(size, Dim) else size

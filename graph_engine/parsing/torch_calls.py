"""Calls in a text: of classes and functions of torch, of methods, of what Python itself has."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from graph_engine.errors import SourceError
from graph_engine.parsing import constants
from graph_engine.parsing.calls import (
    Given,
    Refused,
    constructed,
    held_tensor,
    made,
    operate,
)
from graph_engine.parsing.drafts import (
    Function,
    Held,
    Instance,
    Layer,
    Made,
    Method,
    Part,
    Row,
    Tensor,
    Torch,
)
from graph_engine.parsing.index import helpers, layers
from graph_engine.parsing.rewriting import rewritten
from graph_engine.parsing.walking import Frame, Walk


class Calls(Walk):
    """Calls in a text: of classes and functions of torch, of methods, of what Python itself has."""

    def arguments(self, node: ast.Call, frame: Frame) -> tuple[list[Given], dict[str, Given]]:
        args: list[Given] = []
        for one in node.args:
            if isinstance(one, ast.Starred):
                origin = self.origin(one.value, frame)
                args += [Given(v, f"*{origin}" if origin else None) for v in self.items(self.value(one.value, frame), one.value)]
            else:
                args.append(Given(self.value(one, frame), self.origin(one, frame)))
        kwargs: dict[str, Given] = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                kwargs |= {str(k): Given(v) for k, v in dict(self.value(keyword.value, frame)).items()}
            else:
                kwargs[keyword.arg] = Given(self.value(keyword.value, frame), self.origin(keyword.value, frame))
        return args, kwargs

    def call(self, node: ast.Call, frame: Frame) -> Any:
        parts, self.parts = self.parts, 0
        match node.func:
            case ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr=name):
                return self.above(name, node, frame)
        function = self.evaluated(node.func, frame)
        if isinstance(function, Torch) and function.path.startswith("torch.nn.init."):
            self.note(node.lineno, "how weights begin is not drawn: they begin as torch makes them.")
            return None
        args, kwargs = self.arguments(node, frame)
        self.parts = parts
        if isinstance(function, Torch):
            return self.call_torch(function.path, args, kwargs, frame, node)
        if isinstance(function, ast.ClassDef):
            return self.made(function, args, kwargs, node)
        if isinstance(function, Part):
            return self.call_part(function, args, kwargs, frame, node.lineno)
        if isinstance(function, Function):
            return self.run_function(function, args, kwargs, node.lineno, frame)
        if isinstance(function, Method):
            return self.call_method(function.owner, function.name, args, kwargs, frame, node)
        if callable(function):
            return self.call_plain(function, args, kwargs, node)
        raise SourceError("what is called here is not known.", node.lineno)

    def call_plain(self, function: Any, args: Sequence[Given], kwargs: Mapping[str, Given], node: ast.Call) -> Any:
        values = [list(a.value.items.values()) if isinstance(a.value, Row) else a.value for a in args]
        if any(isinstance(v, Tensor) for v in values):
            raise SourceError("Python's own functions on tensors cannot be drawn.", node.lineno)
        found = function(*values, **{n: g.value for n, g in kwargs.items()})
        if isinstance(found, range) and len(found) > constants.MOST:
            raise SourceError("this goes on for too long to be drawn.", node.lineno)
        return found

    def call_torch(self, path: str, args: list[Given], kwargs: dict[str, Given], frame: Frame, node: ast.Call) -> Any:
        """A call of something that the text does not define."""
        line = node.lineno
        short = path.replace("torch.nn.functional.", "F.").replace("torch.nn.", "nn.") if path.startswith("torch.nn.") else path
        if short in layers():
            return self.layer(short, args, kwargs, line)
        if short in ("nn.Sequential", "nn.ModuleList", "nn.ModuleDict"):
            return self.container(short.removeprefix("nn."), args, node)
        if short == "nn.Parameter":
            return self.parameter(args, kwargs, line)
        name = path.rpartition(".")[2]
        if path == "print":
            return None
        if path == "collections.OrderedDict":
            return dict(*(g.value for g in args), **{n: g.value for n, g in kwargs.items()})
        if path in ("setattr", "getattr", "hasattr", "isinstance"):
            return self.reflected(path, args, frame, node)
        if name in helpers() and args and isinstance(args[0].value, Layer):
            return self.call_part(args[0].value, args[1:], kwargs, frame, line)
        if not path.startswith("torch.") or (path.startswith("torch.nn.") and not short.startswith("F.")):
            what = short if path.startswith("torch.") else path
            raise SourceError(f"{what} is not known: only what the text itself defines and what blocks stand for can be drawn.", line)
        values = [g.value for g in (*args, *kwargs.values())]
        if any(isinstance(v, Tensor) for value in values for v in (value if isinstance(value, list | tuple) else [value])):
            return self.operation(name, args, kwargs, frame, node)
        try:
            return made(path, args, kwargs)
        except Refused as error:
            raise SourceError(str(error), line) from None

    def layer(self, target: str, args: list[Given], kwargs: dict[str, Given], line: int) -> Layer:
        spec = layers()[target]
        if not spec.call.inner:
            self.layers.append(constructed(spec, args, kwargs, line))
            return self.layers[-1]
        own = spec.call.outer
        inner = args[0].value if args else next((g.value for n, g in kwargs.items() if n not in own), None)
        if not isinstance(inner, Layer) or inner.spec.call.target != spec.call.inner:
            raise SourceError(f"{target} takes an {spec.call.inner}.", line)
        outer = dict(zip(own, args[1:], strict=False)) | {n: g for n, g in kwargs.items() if n in own}
        rest = {n: g for n, g in kwargs.items() if n not in own and g.value is not inner and g.value is not None}
        made_outer = constructed(spec, [], {**outer, **rest}, line)
        return Layer(spec, {**inner.params, **made_outer.params}, {**inner.origins, **made_outer.origins}, line)

    def container(self, kind: str, args: Sequence[Given], node: ast.Call) -> Row:
        values = [a.value for a in args]
        if len(values) == 1 and isinstance(values[0], dict):
            items: dict[Any, Any] = dict(values[0])
        elif kind == "Sequential":
            items = dict(enumerate(values))
        else:
            items = dict(enumerate(self.items(values[0], node) if values else []))
        for key, item in items.items():
            if not isinstance(item, Part):
                raise SourceError(f"{key} of this nn.{kind} is no module.", node.lineno)
        return Row(kind, items, node, node.lineno)

    def parameter(self, args: Sequence[Given], kwargs: Mapping[str, Given], line: int) -> Held:
        value = args[0].value if args else kwargs["data"].value if "data" in kwargs else None
        if not isinstance(value, Made):
            raise SourceError("what this nn.Parameter begins as cannot be drawn.", line)
        if value.target == "torch.empty":
            self.note(line, "what this parameter begins as is not said here: it begins as small random numbers.")
        learns = kwargs.get("requires_grad", Given(True)).value
        return held_tensor(value, line, learned=bool(learns), saved=True)

    def reflected(self, path: str, args: Sequence[Given], frame: Frame, node: ast.Call) -> Any:
        values = [a.value for a in args]
        if path == "isinstance":
            raise SourceError("a question after the class of something cannot be drawn.", node.lineno)
        owner, name = values[0], values[1]
        if not isinstance(owner, Instance) or not isinstance(name, str):
            raise SourceError(f"this {path} cannot be drawn.", node.lineno)
        if path == "setattr":
            self.set_attribute(owner, name, values[2], frame, ast.copy_location(ast.Pass(), node), None)
            return None
        known = name in owner.attributes
        return known if path == "hasattr" else owner.attributes[name] if known else values[2]

    def call_method(self, owner: Any, name: str, args: list[Given], kwargs: dict[str, Given], frame: Frame, node: ast.Call) -> Any:
        line = node.lineno
        if isinstance(owner, Tensor):
            if name in ("size", "dim"):
                shape = self.asked(owner, "shape", node)
                where = args[0].value if args else kwargs["dim"].value if "dim" in kwargs else None
                return len(shape) if name == "dim" else shape if where is None else shape[where]
            if name in ("contiguous", "clone", "cuda", "cpu"):
                return owner
            if name == "to" and all(g.value is None for g in args) and not kwargs:
                return owner
            return self.operation(name, [Given(owner), *args], kwargs, frame, node)
        if isinstance(owner, Instance) and name in ("register_buffer", "register_parameter", "add_module", "register_module"):
            return self.register(owner, name, args, kwargs, frame, node)
        if isinstance(owner, Instance) and name in ("apply", "requires_grad_", "train", "eval"):
            self.note(line, "how weights begin is not drawn: they begin as torch makes them.")
            return None
        if isinstance(owner, Row):
            return self.of_row(owner, name, args, node)
        if isinstance(owner, Made) and name in ("float", "contiguous", "clone"):
            return owner
        if isinstance(owner, list | dict | str | tuple) and name in _PLAIN_METHODS:
            return getattr(owner, name)(*(g.value for g in args), **{n: g.value for n, g in kwargs.items()})
        if isinstance(owner, Torch):
            return self.call_torch(f"{owner.path}.{name}", args, kwargs, frame, node)
        if isinstance(owner, Instance):
            near = get_close_matches(name, owner.attributes, 1)
            raise SourceError(f"{owner.cls.name} has no {name}{f'; {near[0]} is what it has' if near else ''}.", line)
        raise SourceError(f"{name} cannot be drawn here.", line)

    def of_row(self, row: Row, name: str, args: Sequence[Given], node: ast.Call) -> Any:
        values = [a.value for a in args]
        if name == "append":
            row.items[len(row.items)] = values[0]
        elif name == "extend":
            for item in self.items(values[0], node):
                row.items[len(row.items)] = item
        elif name == "add_module":
            row.items[values[0]] = values[1]
        elif name in ("items", "keys", "values"):
            return list(getattr(row.items, name)())
        else:
            raise SourceError(f"{name} of an nn.{row.kind} cannot be drawn.", node.lineno)
        if row.name:
            row.entitle(row.name)
        return None

    def register(self, owner: Instance, name: str, args: list[Given], kwargs: dict[str, Given], frame: Frame, node: ast.Call) -> None:
        values = [a.value for a in args] + [kwargs[n].value for n in ("tensor", "param", "module") if n in kwargs]
        label = values[0] if values and isinstance(values[0], str) else ""
        value = values[1] if len(values) > 1 else None
        if name == "register_buffer":
            saved = args[2].value if len(args) > 2 else kwargs["persistent"].value if "persistent" in kwargs else True
            if value is not None:
                if not isinstance(value, Made):
                    raise SourceError(f"the numbers of the buffer {label} cannot be drawn.", node.lineno)
                value = held_tensor(value, node.lineno, learned=False, saved=bool(saved))
        if not label:
            raise SourceError(f"this {name} has no name that can be read.", node.lineno)
        self.set_attribute(owner, label, value, frame, ast.copy_location(ast.Pass(), node), None)

    def operation(self, name: str, args: Sequence[Given], kwargs: Mapping[str, Given], frame: Frame, node: ast.expr | ast.stmt) -> Any:
        """A function, method or operator on tensors."""
        if frame.content is None:
            raise SourceError("tensors are computed with outside of forward, which cannot be drawn.", node.lineno)
        parts, self.parts = self.parts, 0
        content, line = frame.content, node.lineno

        def one(name: str, args: Sequence[Given], kwargs: Mapping[str, Given]) -> Any:
            return operate(content, name, args, kwargs, line, parts)[1]

        return rewritten(name, args, kwargs, one, line)


_PLAIN_METHODS = frozenset({"append", "extend", "insert", "pop", "get", "items", "keys", "values", "index", "count", "lower", "upper",
                            "copy", "format", "split", "startswith", "endswith", "join", "update", "reverse"})  # fmt: skip

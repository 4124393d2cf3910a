"""Objects of the classes in a text, and its functions: constructed and run as Python would."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from graph_engine.errors import SourceError
from graph_engine.parsing.calls import (
    Given,
)
from graph_engine.parsing.drafts import (
    Function,
    Instance,
    Layer,
    Part,
    Row,
    Tensor,
)
from graph_engine.parsing.walking import DEEPEST, Frame, Return, Walk


class Objects(Walk):
    """Objects of the classes in a text, and its functions: constructed and run as Python would."""

    def made(self, cls: ast.ClassDef, args: Sequence[Given], kwargs: Mapping[str, Given], where: ast.AST) -> Instance:
        line = getattr(where, "lineno", cls.lineno)
        instance = Instance(cls, line)
        instance.is_module = self.text.is_module(cls)
        init = self.method(cls, "__init__")
        if init is None:
            self.fields(instance, args, kwargs, line)
            return instance
        frame = Frame(instance, None)
        self.bind(init, frame, [Given(instance), *args], kwargs, line, what=cls.name)
        instance.given = {n: v for n, v in frame.names.items() if v is not instance}
        instance.given_origins = dict(frame.origins)
        frame.origins = {name: name for name in instance.given}
        self.body(init, frame)
        return instance

    def fields(self, instance: Instance, args: Sequence[Given], kwargs: Mapping[str, Given], line: int) -> None:
        """The attributes of a class without ``__init__``, a dataclass for instance."""
        names = [n.target.id for n in instance.cls.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)]
        for node in instance.cls.body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
                instance.attributes[node.target.id] = self.value(node.value, self.globals)
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                instance.attributes[node.targets[0].id] = self.value(node.value, self.globals)
        given = dict(zip(names, args, strict=False)) | dict(kwargs)
        if len(args) > len(names):
            raise SourceError(f"{instance.cls.name} takes {len(names)} arguments, but is given {len(args)}.", line)
        instance.attributes |= {name: one.value for name, one in given.items()}
        missing = next((n for n in names if n not in instance.attributes), None)
        if missing is not None and not instance.is_module:
            raise SourceError(f"{instance.cls.name} needs {missing}; give it a default value, so that it can be drawn.", line)

    def bind(
        self, node: ast.FunctionDef | ast.Lambda, frame: Frame, args: Sequence[Given], kwargs: Mapping[str, Given], line: int, what: str
    ) -> None:
        """Gives the arguments of a function their values."""
        form = node.args
        names = [a.arg for a in (*form.posonlyargs, *form.args)]
        given = dict(zip(names, args, strict=False))
        if form.vararg is not None:
            given[form.vararg.arg] = Given(tuple(a.value for a in args[len(names) :]))
        elif len(args) > len(names):
            raise SourceError(f"{what} takes {len(names)} arguments, but is given {len(args)}.", line)
        known = {*names, *(a.arg for a in form.kwonlyargs)}
        for name, one in kwargs.items():
            if name not in known:
                if form.kwarg is None:
                    raise SourceError(f"{what} has no argument {name}.", line)
                continue
            given[name] = one
        if form.kwarg is not None:
            given[form.kwarg.arg] = Given({n: one.value for n, one in kwargs.items() if n not in known})
        defaults = dict(zip(reversed(names), reversed(form.defaults), strict=False))
        defaults |= {a.arg: d for a, d in zip(form.kwonlyargs, form.kw_defaults, strict=True) if d is not None}
        for name in [*names, *(a.arg for a in form.kwonlyargs)]:
            if name not in given:
                if name not in defaults:
                    record = self.record(form, name)
                    if record is None:
                        raise SourceError(f"{what} needs {name}; give it a default value, so that it can be drawn.", line)
                    given[name] = Given(record)
                else:
                    given[name] = Given(self.value(defaults[name], self.globals))
        frame.names |= {n: one.value for n, one in given.items()}
        frame.origins |= {n: one.origin for n, one in given.items() if one.origin is not None and not one.origin.startswith("*")}

    def record(self, form: ast.arguments, name: str) -> Instance | None:
        """What a settings object has by default, where the type of an argument says which class it is of."""
        note = next(a.annotation for a in (*form.posonlyargs, *form.args, *form.kwonlyargs) if a.arg == name)
        if not isinstance(note, ast.Name) or note.id not in self.text.classes or self.text.is_module(self.text.classes[note.id]):
            return None
        return self.made(self.text.classes[note.id], [], {}, note)

    @staticmethod
    def defaulted(node: ast.FunctionDef) -> set[str]:
        names = [a.arg for a in (*node.args.posonlyargs, *node.args.args)]
        some = names[len(names) - len(node.args.defaults) :] if node.args.defaults else []
        return {*some, *(a.arg for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if d is not None)}

    def default(self, node: ast.FunctionDef, name: str) -> Any:
        names = [a.arg for a in (*node.args.posonlyargs, *node.args.args)]
        given = dict(zip(reversed(names), reversed(node.args.defaults), strict=False))
        given |= {a.arg: d for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if d is not None}
        return self.value(given[name], self.globals)

    def run_function(self, function: Function, args: Sequence[Given], kwargs: Mapping[str, Given], line: int, frame: Frame | None) -> Any:
        """A function of the text, followed where it is called."""
        if self.depth > DEEPEST:
            raise SourceError("functions call each other too deeply.", line)
        node, owner = function.node, function.owner
        content = frame.content if frame is not None else None
        caller = frame.instance if frame is not None else None
        inner = Frame(owner or caller, content, function.frame)
        marks = node.decorator_list if isinstance(node, ast.FunctionDef) else []
        is_static = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in marks)
        given = [Given(owner), *args] if owner is not None and function.frame is None and not is_static else list(args)
        if owner is not None and frame is not None and owner is not caller and content is not None:
            raise SourceError("a method of another module than self is called, which cannot be drawn; call the module.", line)
        self.bind(node, inner, given, kwargs, line, what=getattr(node, "name", "this function"))
        if owner is None and frame is not None:
            inner.loops = list(frame.loops)
        self.depth += 1
        try:
            if isinstance(node, ast.Lambda):
                return self.value(node.body, inner)
            return self.body(node, inner)
        finally:
            self.depth -= 1

    def above(self, name: str, node: ast.Call, frame: Frame) -> Any:
        """A method of the class that the one of ``self`` inherits from, where the text has it."""
        assert frame.instance is not None
        for base in frame.instance.cls.bases:
            method = self.method(self.text.classes[base.id], name) if isinstance(base, ast.Name) and base.id in self.text.classes else None
            if method is not None:
                args, kwargs = self.arguments(node, frame)
                return self.run_function(Function(method, frame.instance, None), args, kwargs, node.lineno, frame)
        if name != "__init__":
            raise SourceError(f"{name} of another class is called, which is not in the text.", node.lineno)
        return None

    def body(self, node: ast.FunctionDef, frame: Frame) -> Any:
        try:
            self.run(node.body, frame)
        except Return as found:
            return found.value
        return None

    def set_attribute(self, owner: Any, name: str, value: Any, frame: Frame, node: ast.stmt, origin: str | None) -> None:
        if not isinstance(owner, Instance):
            raise SourceError(
                f"{name} of a layer is set here, which cannot be drawn; weights that two layers share are a Parameter that both take."
                if isinstance(owner, Layer)
                else f"{name} is set here, which cannot be drawn.",
                node.lineno,
            )
        if frame.content is not None and isinstance(value, Tensor):
            raise SourceError("forward keeps a tensor for later, which cannot be drawn.", node.lineno)
        owner.attributes[name] = value
        owner.origins.pop(name, None)
        if origin is not None and not origin.startswith("*"):
            owner.origins[name] = origin
        if isinstance(value, Row):
            value.entitle(name)
        elif isinstance(value, Part) and not value.name:
            value.name = name

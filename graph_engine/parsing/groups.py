"""Modules that are called: layers, containers, and those of the text, each a group with what its ``forward`` does inside."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graph_engine.blocks import registry
from graph_engine.errors import SourceError
from graph_engine.parsing.calls import (
    Given,
    call_held,
    call_layer,
    held_tensor,
)
from graph_engine.parsing.drafts import (
    Content,
    Draft,
    End,
    Held,
    Instance,
    Layer,
    Made,
    Part,
    Row,
    Tensor,
    identifier,
    snake,
)
from graph_engine.parsing.text import Documented, Told, documented
from graph_engine.parsing.walking import DEEPEST, Frame, Walk
from graph_engine.spec.tensor import TensorSpec


class Groups(Walk):
    """Modules that are called: layers, containers, and those of the text, each a group with what its ``forward`` does inside."""

    def content(self, instance: Instance, word: str) -> tuple[Content, Frame, list[str]]:
        title, said = documented(instance.cls, word)
        content = Content(instance.cls, title, said, instance.cls.lineno)
        init = self.method(instance.cls, "__init__")
        if init is not None:
            content.arguments = tuple(a.arg for a in (*init.args.posonlyargs, *init.args.args, *init.args.kwonlyargs))[1:]
            content.defaults = {name: instance.given[name] for name in content.arguments if name in self.defaulted(init)}
            content.defaults = {n: self.default(init, n) for n in content.defaults}
        content.keep({identifier(p.name) for p in _parts(instance.attributes.values())})
        frame = Frame(instance, content)
        frame.names["self"] = instance
        return content, frame, self.taken(instance)

    def forward(self, instance: Instance) -> ast.FunctionDef:
        found = self.method(instance.cls, "forward")
        if found is None:
            raise SourceError(f"{instance.cls.name} has no forward.", instance.cls.lineno)
        if found.args.vararg is not None or found.args.kwarg is not None:
            raise SourceError("forward takes any number of arguments (*), which cannot be drawn; name each of them.", found.lineno)
        return found

    def taken(self, instance: Instance) -> list[str]:
        """The arguments of ``forward`` that a network is given: those without a default."""
        arguments = self.forward(instance).args
        names = [a.arg for a in (*arguments.posonlyargs, *arguments.args)][1:]
        return names[: len(names) - len(arguments.defaults)] if arguments.defaults else names

    def argument(self, content: Content, frame: Frame, name: str, spec: TensorSpec | None) -> Tensor:
        block = registry()["Input"]
        draft = Draft(content.free(name), block, None, content.line)
        draft.outputs = {"output": spec}
        content.inputs.append(draft)
        value = Tensor(content, End(draft, "output"), spec)
        frame.names[name] = value
        return value

    def outputs(self, content: Content, result: Any, told: Sequence[Told]) -> Any:
        """Makes an output of each tensor that is returned; what is returned, with the outputs in their places."""
        found: list[Tensor] = []

        def collect(value: Any, name: str) -> None:
            if isinstance(value, Tensor):
                found.append(value)
                names.append(name)
            elif isinstance(value, tuple | list):
                for one in value:
                    collect(one, "")
            elif isinstance(value, dict):
                for key, one in value.items():
                    collect(one, str(key))
            elif value is not None:
                raise SourceError(f"{content.title} returns something that is no tensor, which cannot be drawn.", content.line)

        names: list[str] = []
        collect(result, "")
        if not found:
            raise SourceError(f"{content.title} returns no tensor.", content.line)
        rows = list(told) if len(told) == len(found) else [None] * len(found)
        for i, (tensor, name, row) in enumerate(zip(found, names, rows, strict=True)):
            if tensor.content is not content:
                raise SourceError(f"{content.title} returns a tensor that was not computed in it.", content.line)
            is_term = row is not None and row.factor is not None
            spec = registry()["LossTerm" if is_term else "Output"]
            stem = (row.name if row is not None else "") or name or ("output" if not i else f"output{i + 1}")
            draft = Draft(content.free(stem), spec, None, content.line)
            draft.params = {"factor": row.factor} if row is not None and is_term else {}
            draft.sources = {"input": [tensor.end]}
            draft.outputs = {"": tensor.spec}
            content.outputs.append(draft)
        return result

    def call_part(
        self, part: Any, args: Sequence[Given], kwargs: Mapping[str, Given], frame: Frame, line: int, name: str = "", row: Any = None
    ) -> Any:
        """What a module returns that is called in a ``forward``."""
        content = frame.content
        if content is None:
            raise SourceError("a module is called outside of forward, where its result cannot be drawn.", line)
        home = frame.instance or content
        if part.home not in (None, home):
            raise SourceError(f"{part.name or 'this module'} is called in two classes; what shares weights must be called in one.", line)
        part.home = home
        again = any(d.layer is part for d in content.nodes)
        chosen = name or ("" if again else part.name)
        if isinstance(part, Held):
            raise SourceError(f"{part.name} is a tensor, which cannot be called.", line)
        if isinstance(part, Layer):
            draft, result = call_layer(content, part, args, kwargs, line, chosen)
            if not draft.outputs:
                raise SourceError(f"{part.name} gives nothing.", line)
        elif isinstance(part, Row):
            if part.kind != "Sequential":
                raise SourceError(f"a {part.kind} cannot be called; call what is in it.", line)
            return self.sequential(part, args, kwargs, frame, line, chosen)
        else:
            draft, result = self.group(part, args, kwargs, frame, line, chosen or content.free(snake(part.cls.name), numbered=True))
        draft.row = row if row is not None else (("loop", *frame.loops[-1]) if frame.loops else None)
        return result

    def sequential(self, row: Row, args: Sequence[Given], kwargs: Mapping[str, Given], frame: Frame, line: int, name: str) -> Any:
        """Modules in a row: of one class, repetitions of a group; else a group of their own."""
        assert frame.content is not None
        items = list(row.items.values())
        if kwargs or len(args) != 1:
            raise SourceError("an nn.Sequential takes one tensor.", line)
        if not items:
            return args[0].value
        alike = {item.cls if isinstance(item, Instance) else None for item in items}
        if items and len(alike) == 1 and None not in alike:
            value = args[0].value
            for i, item in enumerate(items):
                value = self.call_part(item, [Given(value)], {}, frame, line, row=("row", id(row), i))
                frame.content.nodes[-1].row_name = name
            return value
        if not isinstance(args[0].value, Tensor):
            raise SourceError("an nn.Sequential takes one tensor.", line)
        content = Content(row.place or row, title_of(row), Documented(), row.line)
        inner = Frame(None, content)
        value = self.argument(content, inner, "x", args[0].value.spec)
        for key, item in row.items.items():
            stem = item.spec.stem if isinstance(item, Layer) else snake(title_of(item))
            named = f"{stem}{key}" if isinstance(key, int) else key
            value = self.call_part(item, [Given(value)], {}, inner, getattr(item, "line", line), name=named)
        self.outputs(content, value, ())
        draft, result = self.entered(content, frame, [args[0].value], value, line, name or frame.content.free(snake(content.title)))
        draft.layer = row
        return result

    def group(
        self, instance: Instance, args: Sequence[Given], kwargs: Mapping[str, Given], frame: Frame, line: int, name: str
    ) -> tuple[Draft, Any]:
        """The node for a call of a module of the text, and what it returns."""
        if self.depth > DEEPEST:
            raise SourceError("modules lie in modules too deeply.", line)
        forward = self.forward(instance)
        content, inner, _ = self.content(instance, "group")
        bound = Frame(instance, content)
        self.bind(forward, bound, [Given(instance), *args], kwargs, line, what=instance.cls.name)
        arriving: list[Tensor] = []

        def enter(value: Any, stem: str) -> Any:
            if isinstance(value, Tensor):
                arriving.append(value)
                return self.argument(content, inner, stem, value.spec)
            if isinstance(value, tuple | list):
                return type(value)(enter(v, f"{stem}_{i + 1}") for i, v in enumerate(value))
            return value

        names = [a.arg for a in (*forward.args.posonlyargs, *forward.args.args, *forward.args.kwonlyargs)][1:]
        entered = {n: enter(bound.names[n], n) for n in names}
        inner.names |= entered
        self.depth += 1
        result = self.body(forward, inner)
        self.depth -= 1
        self.outputs(content, result, content.documented.outputs)
        draft, outside = self.entered(content, frame, arriving, result, line, name)
        draft.layer = instance
        draft.params = dict(instance.given)
        draft.origins = dict(instance.given_origins)
        return draft, outside

    def entered(self, content: Content, frame: Frame, arriving: Sequence[Tensor], result: Any, line: int, name: str) -> tuple[Draft, Any]:
        """The node of a group, and what it returns outside."""
        assert frame.content is not None
        draft = Draft(frame.content.named(name), None, content, line)
        for port, tensor in zip(content.inputs, arriving, strict=True):
            if tensor.content is not frame.content:
                raise SourceError("a tensor of another class is used here that does not arrive as an argument.", line)
            draft.sources[port.name] = [tensor.end]
        frame.content.nodes.append(draft)
        ends = iter(content.outputs)

        def leave(value: Any) -> Any:
            if isinstance(value, Tensor):
                port = next(ends)
                draft.outputs[port.name] = value.spec
                return Tensor(frame.content, End(draft, port.name), value.spec)  # type: ignore[arg-type]
            if isinstance(value, tuple | list):
                return type(value)(map(leave, value))
            return {k: leave(v) for k, v in value.items()} if isinstance(value, dict) else value

        return draft, leave(result)

    def use(self, value: Any, frame: Frame, line: int) -> Any:
        """What a name stands for where it is used: of a tensor that the network holds, the node that gives it."""
        if isinstance(value, Made) and frame.content is not None:
            value = held_tensor(value, line, learned=False, saved=False)
        if not isinstance(value, Held) or frame.content is None:
            return value
        for draft in frame.content.nodes:
            if draft.layer is value:
                return Tensor(frame.content, End(draft, "output"), draft.outputs["output"])
        if value.home not in (None, frame.instance):
            raise SourceError(f"{value.name} is used in two classes; give it to the other as an argument.", line)
        value.home = frame.instance
        return call_held(frame.content, value, line, value.name)[1]


def title_of(part: Any) -> str:
    """What the group of a container is called: as where it stands."""
    if isinstance(part, Instance):
        return part.cls.name
    words = [w for w in part.name.split("_") if not w.isdigit()]
    last = (words[-1] if words else "").rstrip("0123456789") or "Part"
    return last[0].upper() + last[1:]


def _parts(values: Any) -> Iterator[Part]:
    for value in values:
        if isinstance(value, Part):
            yield value
        if isinstance(value, Row):
            yield from _parts(value.items.values())

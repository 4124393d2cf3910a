"""What is known of a class that is not the program's own, as text that a document can hold: read once by importing it, parsed here without.

A signature is Python's own notation, parsed with ``ast`` and never executed. From it follow ports, parameters and the call of a node.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from graph_engine.errors import ParamError
from graph_engine.spec.call import Call, Names
from graph_engine.spec.params import (
    REQUIRED,
    BoolParam,
    ChoiceParam,
    FloatParam,
    IntParam,
    IntsParam,
    LiteralParam,
    Param,
    PythonText,
    TextParam,
)
from graph_engine.spec.ports import Port

LONGEST = 20_000
"""Characters of one part of a signature at most."""

OWN = ("path", "signature")
"""Parameters that such a node has besides those of its class."""


class Signature(NamedTuple):
    """The signature of a class.

    Attributes:
        init: of the constructor, without ``self``: ``(dim: int, heads: int = 8, *, act=...)``; ``...`` is a default that is no plain value.
        forward: of ``forward``, in the same way: ``(x, mask=None, *, scale: float = 1.0)``.
        returns: names of what it returns: ``output``, ``(output, (hidden, cell))``; ``_`` for what is always None.
        summary: one sentence on what it is.
    """

    init: str
    forward: str
    returns: str = "output"
    summary: str = ""


@dataclass(frozen=True, kw_only=True)
class SignatureParam(Param):
    """A `Signature`."""

    kind = "signature"

    def read(self, value: Any) -> Signature:
        if not isinstance(value, Sequence) or len(value) != len(Signature._fields) or not all(isinstance(v, str) for v in value):
            raise self.refuse(value)
        signature = Signature(*value)
        try:
            _described("a.b", signature)
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            raise self.refuse(value) from None
        return signature

    def limits(self) -> str:
        return "four texts: the signatures of __init__ and forward, the names of the results, a summary"


class Described(NamedTuple):
    """A signature as a declaration.

    Attributes:
        inputs, outputs: the ports.
        init: parameters that the module is constructed with.
        call: how it is called; its keywords hold the parameters that are passed then.
        passed: those parameters.
    """

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    init: tuple[Param, ...]
    passed: tuple[Param, ...]
    call: Call


class _Argument(NamedTuple):
    name: str
    annotation: str
    default: Any  # REQUIRED, Ellipsis, or the value
    how: str  # "position", "keyword", "rest"


def described(path: str, signature: Signature) -> Described:
    """Ports, parameters and call of the class at ``path``."""
    return _described(path, signature)


@lru_cache(maxsize=256)
def _described(path: str, signature: Signature) -> Described:
    name = path.rpartition(".")[2]
    taken, renamed = set(OWN), dict[str, str]()

    def free(own: str) -> str:
        here = own
        while here in taken:
            here += "_"
        taken.add(here)
        if here != own:
            renamed[here] = own
        return here

    arguments = list(_arguments(signature.forward))
    inputs, passed = [], list[Param]()
    positional, keywords = [], list[str]()
    for argument in arguments:
        param = _param(argument, f"Passed to {name} when it is called.") if _is_value(argument) else None
        here = free(argument.name)
        if param is not None:
            passed.append(_named(param, here))
            keywords.append(here)
        elif argument.how == "rest":
            inputs.append(Port(here, f"Any number of tensors that {name} takes.", variadic=True))
            positional.append(f"*{here}")
        else:
            optional = argument.default is not REQUIRED
            inputs.append(Port(here, f"What {name} takes as {argument.name}.", optional=optional))
            (keywords if optional or argument.how == "keyword" else positional).append(here)
    made = [a for a in _arguments(signature.init) if a.how != "rest"]
    init = [_named(_param(a, f"Given to {name} when it is made."), free(a.name)) for a in made]
    in_place = [a.default is REQUIRED and a.how == "position" for a in made]
    returns = parse_names(signature.returns)
    outputs = tuple(
        Port(free(n), f"What {name} returns." if n == returns else f"A part of what {name} returns: {n}.") for n in flat(returns)
    )
    given = iter(outputs)
    names = _mapped(returns, given)
    call = Call(
        "module",
        path,
        tuple(positional),
        tuple(keywords),
        () if isinstance(names, str) else names,
        positional=[*in_place, False].index(False),
        imported=True,
        renamed=renamed,
    )
    return Described(tuple(inputs), outputs, tuple(init), tuple(passed), call)


def parse_names(text: str) -> str | Names:
    """Names of results: ``output``, ``(output, (hidden, cell))``.

    Raises:
        ValueError, SyntaxError: the text is of another form.
    """
    if len(text) > LONGEST:
        raise ValueError(text[:40])

    def read(node: ast.expr) -> str | Names:
        if isinstance(node, ast.Name):
            return node.id
        if isinstance(node, ast.Tuple) and len(node.elts) > 1:
            return tuple(read(e) for e in node.elts)
        raise ValueError(text)

    names = read(ast.parse(text, mode="eval").body)
    known = list(flat(names))
    if len(set(known)) != len(known) or names == "_":
        raise ValueError(text)
    return names


def names_text(names: str | Names) -> str:
    """What `parse_names` reads."""
    return names if isinstance(names, str) else f"({', '.join(map(names_text, names))})"


def flat(names: str | Names) -> Iterator[str]:
    """The names one after the other, without what is always None."""
    if isinstance(names, str):
        if names != "_":
            yield names
    else:
        for name in names:
            yield from flat(name)


def arity(names: str | Names) -> Any:
    """The form of nested names without the names."""
    return names == "_" if isinstance(names, str) else tuple(arity(n) for n in names)


def value_of(stored: Any) -> Any:
    """The Python value of a parameter."""
    return ast.literal_eval(stored) if isinstance(stored, PythonText) else stored


def given(params: Iterable[Param], values: Mapping[str, Any], renamed: Mapping[str, str]) -> str:
    """The parameters that differ from their defaults, as the Python text of a dictionary of arguments."""
    changed = [p for p in params if values[p.name] != (None if p.required else p.default)]
    return repr({renamed.get(p.name, p.name): value_of(values[p.name]) for p in changed})


def _mapped(names: str | Names, ports: Iterator[Port]) -> str | Names:
    if isinstance(names, str):
        return names if names == "_" else next(ports).name
    return tuple(_mapped(n, ports) for n in names)


def _arguments(text: str) -> list[_Argument]:
    """The arguments of a signature, without ``**keywords``."""
    if len(text) > LONGEST:
        raise ValueError(text[:40])
    body = ast.parse(f"def f{text}: pass").body
    if len(body) != 1 or not isinstance(body[0], ast.FunctionDef) or len(body[0].body) != 1:
        raise ValueError(text)
    given = body[0].args
    places = [*given.posonlyargs, *given.args]
    defaults: list[ast.expr | None] = [None] * (len(places) - len(given.defaults)) + list(given.defaults)
    found = [_argument(a, d, "position") for a, d in zip(places, defaults, strict=True)]
    if given.vararg is not None and all(a.default is REQUIRED for a in found):
        found.append(_argument(given.vararg, None, "rest"))
    found += [_argument(a, d, "keyword") for a, d in zip(given.kwonlyargs, given.kw_defaults, strict=True)]
    if len({a.name for a in found}) != len(found):
        raise ValueError(text)
    return found


def _argument(argument: ast.arg, default: ast.expr | None, how: str) -> _Argument:
    annotation = ast.unparse(argument.annotation) if argument.annotation is not None else ""
    return _Argument(argument.arg, annotation, REQUIRED if default is None else ast.literal_eval(default), how)


def _is_value(argument: _Argument) -> bool:
    """Whether an argument of ``forward`` is a plain value rather than a tensor."""
    plain = argument.annotation.removesuffix(" | None") in _KINDS or argument.annotation.startswith("Literal[")
    return argument.how != "rest" and (plain or isinstance(argument.default, (bool, int, float, str)))


_KINDS: Mapping[str, type[Param]] = {"int": IntParam, "float": FloatParam, "bool": BoolParam, "str": TextParam, "int | tuple": IntsParam}
_KINDS_OF_DEFAULTS: Mapping[type, type[Param]] = {bool: BoolParam, float: FloatParam, str: TextParam}


def _param(argument: _Argument, help: str) -> Param:
    """The parameter for an argument: its kind follows from the annotation, or from the default."""
    annotation = argument.annotation.removesuffix(" | None")
    optional = annotation != argument.annotation or argument.default is None or argument.default is ...
    default = None if argument.default is ... else argument.default
    common: dict[str, Any] = {"name": argument.name, "help": help, "default": default, "optional": optional}
    kind = _KINDS.get(annotation) or (_KINDS_OF_DEFAULTS.get(type(default)) if not annotation else None)
    if annotation.startswith("Literal["):
        options = ast.literal_eval(annotation.removeprefix("Literal").replace("[", "(", 1)[:-1] + ",)")
        if all(isinstance(o, str) for o in options):
            kind, common = ChoiceParam, {**common, "options": options}
    if kind is not None:
        try:
            param = kind(**common)
            if default is REQUIRED or param.parse(default) == default:
                return param
        except ParamError:
            pass  # the default is not of the type that the annotation names: any value is taken
    plain = {k: v for k, v in common.items() if k != "options"}
    return LiteralParam(**{**plain, "default": default if default is REQUIRED or default is None else PythonText(repr(default))})


def _named(param: Param, name: str) -> Param:
    return param if param.name == name else type(param)(**{**vars(param), "name": name})

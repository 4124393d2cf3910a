"""The process that answers questions about foreign code: ``python -m graph_engine.foreign.answering``.

Requests arrive on stdin and replies leave on stdout, as lines of JSON (`graph_engine.foreign.questions`); a reply has the ``id`` of its
request. What the code prints goes to stderr. Whoever asks ends the process when it takes too long: code that hangs, crashes or fills
the memory hurts nobody else. The end of stdin ends it at once, even in the middle of a run.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import math
import os
import queue
import re
import sys
import threading
import types
import typing
import warnings
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from enum import Enum
from itertools import count
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from graph_engine.foreign import datasets


class Refusal(Exception):  # noqa: N818 (it is an answer, not a failure of the program)
    """What is asked cannot be; one sentence."""


def found(path: str) -> Callable[..., nn.Module]:
    """The class or function at a dotted name. This runs the code of its module."""
    module, _, name = path.rpartition(".")
    if path.partition(".")[0] in sys.stdlib_module_names:  # a document must not call what Python itself can do
        raise Refusal(f"{path} is part of Python, which has no torch.nn.Module.")
    try:
        holder = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{module}.".startswith(f"{error.name}."):
            raise Refusal(f"There is no Python module {error.name}: install it, or put its file beside the document.") from None
        raise Refusal(f"{module} needs the Python package {error.name}, which is not installed.") from None
    except (Exception, SystemExit) as error:
        raise Refusal(f"{module} cannot be imported: {_words(error)}") from None
    made = getattr(holder, name, None)
    if made is None:
        near = get_close_matches(name, vars(holder), n=1)
        raise Refusal(f"{module} has nothing called {name}." + (f" Did you mean {near[0]}?" if near else ""))
    if not callable(made) or (inspect.isclass(made) and not issubclass(made, nn.Module)):
        raise Refusal(f"{path} is neither a torch.nn.Module class nor a function that makes one.")
    return made


def read(path: str) -> list[str]:
    """The four parts of the `graph_engine.spec.signature.Signature` of a class, or of a function that makes a module."""
    made = found(path)
    cls = made if inspect.isclass(made) else _result_of(path, made)
    forward = getattr(cls, "forward", None)
    if forward is None or getattr(forward, "__name__", "") == "_forward_unimplemented":
        raise Refusal(f"{path} has no forward of its own, so it cannot be called.")
    function = made.__init__ if inspect.isclass(made) else made
    arguments = _parameters(function, skip_self=inspect.isclass(made))
    init = [p for p in arguments if p.kind is not p.VAR_POSITIONAL and p.name not in ("device", "dtype")]
    inputs = _parameters(forward, skip_self=True)
    return [_text(init), _text(inputs), _returned(forward), _summary(made)]


def _summary(made: Any) -> str:
    """The first sentence of its own documentation."""
    own = vars(made).get("__doc__") if inspect.isclass(made) else made.__doc__
    first = re.sub(r"\s+", " ", inspect.cleandoc(own or "").partition("\n\n")[0]).replace("`", "")
    sentence = re.match(r".*?[.!?](?= |$)", first)
    return (sentence.group() if sentence else first)[:200] if first.isprintable() else ""


def _result_of(path: str, made: Callable[..., nn.Module]) -> type:
    """The class of what a function makes: as it says, or else as it makes without arguments."""
    said = _annotations(made).get("return")
    if inspect.isclass(said) and issubclass(said, nn.Module) and said is not nn.Module:
        return said
    try:
        with torch.device("meta"):
            module = made()
    except Exception as error:
        raise Refusal(f"{path} does not say which class it makes, and cannot be called without arguments: {_words(error)}") from None
    if not isinstance(module, nn.Module):
        raise Refusal(f"{path} makes a {type(module).__name__}, not a torch.nn.Module.")
    return type(module)


def _annotations(function: Any) -> dict[str, Any]:
    try:
        return inspect.get_annotations(function, eval_str=True)
    except Exception:  # names that are not there when it runs: then the defaults have to do
        return {}


def _parameters(function: Any, *, skip_self: bool) -> list[inspect.Parameter]:
    known = _annotations(inspect.unwrap(function))
    parameters = list(inspect.signature(function).parameters.values())[1 if skip_self else 0 :]
    return [p.replace(annotation=known.get(p.name, p.empty)) for p in parameters if p.kind is not p.VAR_KEYWORD]


def _text(parameters: list[inspect.Parameter]) -> str:
    parts, is_open = [], False
    for p in parameters:
        if p.kind is p.KEYWORD_ONLY and not is_open:
            parts.append("*")
        is_open |= p.kind in (p.KEYWORD_ONLY, p.VAR_POSITIONAL)
        kind = _kind(p.annotation)
        default = "" if p.default is p.empty else (" = " if kind else "=") + _literal(p.default)
        parts.append(("*" if p.kind is p.VAR_POSITIONAL else "") + p.name + (f": {kind}" if kind else "") + default)
    return f"({', '.join(parts)})"


def _kind(annotation: Any) -> str:
    """The annotations that the program knows, as text; others are left out."""
    if annotation in (int, float, bool, str):
        return str(annotation.__name__)
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal and all(isinstance(i, str) for i in inner):
        return f"Literal[{', '.join(map(repr, inner))}]"
    if origin in (typing.Union, types.UnionType):
        plain = [a for a in inner if a is not type(None)]
        kinds = [_kind(a) or ("tuple" if typing.get_origin(a) is tuple else "") for a in plain]
        known = kinds[0] if len(kinds) == 1 else "int | tuple" if set(kinds) == {"int", "tuple"} else ""
        return (known + (" | None" if len(plain) < len(inner) else "")) if known and known != "tuple" else ""
    return ""


def _literal(value: Any) -> str:
    """A default as text; ``...`` where it is no plain value."""
    plain = type(value) in (bool, int, str, type(None), tuple, list, dict) or (type(value) is float and math.isfinite(value))
    if plain and not isinstance(value, Enum):
        try:
            if ast.literal_eval(repr(value)) == value:
                return repr(value)
        except (ValueError, SyntaxError):
            pass
    return "..."


def _returned(forward: Any) -> str:
    """Names of the results, as far as the annotation tells."""
    said = _annotations(inspect.unwrap(forward)).get("return")
    parts = typing.get_args(said) if typing.get_origin(said) is tuple else ()
    if len(parts) > 1 and all(p is Tensor for p in parts):
        return f"({', '.join(_names(parts, count(1), ''))})"
    return "output"


def run(path: str, init: str, call: str, passed: list[list[str]], scales: list[Any]) -> dict[str, Any]:
    """What a module makes of tensors of some shapes: on the meta device, and where it cannot work there, on the processor.

    Args:
        path: of the class.
        init, call: arguments, as the text of a dictionary.
        passed: for each tensor the keyword that it goes by, or "", and its dtype.
        scales: for each scale the runs, for each run the shapes; the first scale at which all runs succeed counts.
    """
    cls, keywords = found(path), ast.literal_eval(call)
    problem: Exception | None = None
    for device in ("meta", "cpu"):
        try:
            with torch.device(device):
                module = cls(**ast.literal_eval(init))
        except Exception as error:
            if device == "cpu":
                raise Refusal(f"{path.rpartition('.')[2]} cannot be made: {_words(error)}") from None
            continue
        if not isinstance(module, nn.Module):
            raise Refusal(f"{path} makes a {type(module).__name__}, not a torch.nn.Module.")
        for number, runs in enumerate(scales):
            try:
                return {"scale": number, **_all(module, runs, passed, keywords, device), **_tensors(module)}
            except Refusal:
                raise
            except Exception as error:
                problem = error
    raise Refusal(f"{path.rpartition('.')[2]} fails on what it receives: {_words(problem)}")


def _all(module: nn.Module, runs: Any, passed: list[list[str]], keywords: dict[str, Any], device: str) -> dict[str, Any]:
    results: list[Any] = []
    flops: list[int] = []
    forms: list[Any] = []
    module.eval()
    for shapes in [*runs, runs[0]]:
        module.train(len(results) == len(runs))  # once more, as training does it
        tensors = [_tensor(shape, dtype, device) for shape, (_, dtype) in zip(shapes, passed, strict=True)]
        places = [t for t, (by, _) in zip(tensors, passed, strict=True) if not by]
        named = {by: t for t, (by, _) in zip(tensors, passed, strict=True) if by}
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            result = module(*places, **named, **keywords)
        forms.append(_names(result, count(1), type(module).__name__, alone=True))
        results.append([[list(t.shape), str(t.dtype).removeprefix("torch.")] for t in _flat(result)])
        flops.append(counter.get_total_flops())
    if any(form != forms[0] for form in forms[:-1]):
        raise Refusal(f"{type(module).__name__} returns now more, now fewer tensors, depending on the size of what it receives.")
    if forms[-1] != forms[0] or results.pop() != results[0]:
        raise Refusal(f"{type(module).__name__} returns something else while it is trained than when it is evaluated.")
    if not forms[0] or forms[0] == "_":
        raise Refusal(f"{type(module).__name__} returns no tensor.")
    return {"returns": forms[0], "results": results, "flops": flops[:-1]}


def _tensor(shape: list[int], dtype: str, device: str) -> Tensor:
    kind = getattr(torch, dtype)
    if device == "cpu" and kind.is_floating_point:
        return torch.randn(shape).to(kind)
    return torch.zeros(shape, dtype=kind, device=device)


def _names(result: Any, numbers: Iterator[int], of: str, *, alone: bool = False) -> Any:
    """Names for the results of a class, nested as they are."""
    if isinstance(result, Tensor) or result is Tensor:
        return "output" if alone or (number := next(numbers)) == 1 else f"output{number}"
    if result is None:
        return "_"
    if isinstance(result, tuple | list) and len(result) > 1:
        fields = getattr(result, "_fields", None)
        names = [_names(part, numbers, of) for part in result]
        return [f if isinstance(n, str) and n != "_" else n for f, n in zip(fields, names, strict=True)] if fields else names
    if isinstance(result, tuple | list) and len(result) == 1:
        raise Refusal(f"{of} returns a tuple of one tensor: let it return the tensor itself.")
    raise Refusal(f"{of} returns a {type(result).__name__}: only tensors, and tuples of them, can be connected.")


def _flat(result: Any) -> Iterator[Tensor]:
    if isinstance(result, Tensor):
        yield result
    elif result is not None:
        for part in result:
            yield from _flat(part)


def _tensors(module: nn.Module) -> dict[str, Any]:
    weights = {name: list(p.shape) for name, p in module.named_parameters()}
    saved = {name: list(t.shape) for name, t in module.state_dict().items() if isinstance(t, Tensor)}
    return {"weights": weights, "buffers": {name: shape for name, shape in saved.items() if name not in weights}}


def _words(error: BaseException | None) -> str:
    """An error in one sentence."""
    text = re.sub(r"\s+", " ", str(error)).strip()
    text = text if len(text) < 300 else text[:297] + "…"
    name = type(error).__name__
    text = f"{name}: {text}" if text and not isinstance(error, (RuntimeError, TypeError, ValueError, Refusal)) else text or name
    return text if text.endswith((".", "!", "?", "…")) else text + "."


DO: Mapping[str, Callable[..., dict[str, Any]]] = {
    "read": lambda path: {"signature": read(path)},
    "run": run,
    "look": datasets.look,
}
"""What can be asked."""


def reply(request: dict[str, Any]) -> dict[str, Any]:
    """The reply to a request."""
    id, do, folder = request.pop("id"), request.pop("do"), request.pop("folder")
    if folder is not None and folder not in sys.path:
        sys.path.append(folder)  # behind the installed packages, which a file beside a document must not replace
    try:
        return {"id": id, **DO[do](**request)}
    except Refusal as refusal:
        return {"id": id, "refusal": str(refusal)}


def main() -> None:
    """Answers until stdin ends."""
    protocol = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what the code prints must not end up between the replies
    requests: queue.SimpleQueue[str] = queue.SimpleQueue()

    def listen() -> None:
        rest = b""
        while data := os.read(0, 65536):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                requests.put(line.decode())
        os._exit(0)

    threading.Thread(target=listen, name="requests", daemon=True).start()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    _all(nn.Linear(1, 1, device="meta"), [[[2, 1]]], [["", "float32"]], {}, "meta")  # what torch loads at first use takes long
    protocol.write(b'{"ready": true}\n')
    protocol.flush()
    while True:
        protocol.write(json.dumps(reply(json.loads(requests.get()))).encode() + b"\n")
        protocol.flush()


if __name__ == "__main__":
    main()

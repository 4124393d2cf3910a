"""Any module that Python can import: a file of the user's own beside the document, torchvision, timm."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from graph_engine.spec.block import BlockSpec, Fitting, Inferred, Site
from graph_engine.spec.call import Call
from graph_engine.spec.faults import Fault, Fix
from graph_engine.spec.foreign import Question
from graph_engine.spec.params import PathParam
from graph_engine.spec.rules import expect_given
from graph_engine.spec.signature import Described, Signature, SignatureParam, arity, described, flat, given, names_text, parse_names
from graph_engine.spec.tensor import TensorSpec

AGAIN = Fix("Try again", action="ask")


def unread(at: Site) -> Inferred:
    """Nothing is known of the class."""
    if at["path"] is None:
        text = "write into {param} which class it is: timm.layers.Mlp, or own_file.Block of a file beside the document."
        raise Fault("param.missing", text, param="path")
    raise Fault("module.unread", "nothing is known of {path} yet.", fixes=(Fix("Read it", action="ask"),), path=at["path"])


def run(path: str, signature: Signature, form: Described, at: Site) -> Inferred:
    """What running the module gives."""
    expect_given(at, *(p.name for p in (*form.init, *form.passed) if p.required))
    question = Question(
        path, given(form.init, at.params, form.call.renamed), _arriving(form, at), given(form.passed, at.params, form.call.renamed)
    )
    answer = at.ask(question)
    if answer.refusal:
        raise Fault("module.refused", "{reason}", fixes=(AGAIN,), reason=answer.refusal)
    if arity(answer.returns) != arity(parse_names(signature.returns)):
        count, has = len(tuple(flat(answer.returns))), len(form.outputs)
        returns = {"signature": signature._replace(returns=names_text(answer.returns))}
        raise Fault(
            "module.outputs",
            "{name} returns {count}, but the node has {has}.",
            fixes=(Fix(f"Give it {_count(count, 'output')}", returns),),
            name=question.name,
            count=_count(count, "tensor") + (" in another form" if count == has else ""),
            has=_count(has, "output"),
        )
    return Inferred(answer.outputs, {}, answer.weights, answer.buffers, answer.flops)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number != 1 else ''}"


def _arriving(form: Described, at: Site) -> tuple[tuple[str, TensorSpec], ...]:
    keywords, renamed = form.call.keywords, form.call.renamed
    found: list[tuple[str, TensorSpec]] = []
    for port in form.inputs:
        by = renamed.get(port.name, port.name) if port.name in keywords else ""
        x = at.inputs.get(port.name)
        if x is not None:
            found += [(by, one) for one in (x if port.variadic else (x,))]
    return tuple(found)


def _fields(path: str | None, signature: Signature | None) -> Mapping[str, Any]:
    """The declaration of a node for the class at ``path``."""
    if path is None or signature is None:
        return {"label": path.rpartition(".")[2]} if path is not None else {}
    form, name = described(path, signature), path.rpartition(".")[2]
    return {
        "label": name,
        "stem": "",
        "summary": signature.summary or f"{name}, from {path.rpartition('.')[0]}.",
        "inputs": form.inputs,
        "outputs": form.outputs,
        "params": (*_PARAMS, *form.init, *form.passed),
        "infer": partial(run, path, signature, form),
        "call": form.call,
    }


_PARAMS = (
    PathParam(name="path", visible="form", help="Where the class is imported from: a package, or a Python file beside the document."),
    SignatureParam(name="signature", default=None, visible="never", help="What is known of the class: its arguments and results."),
)

Module = BlockSpec(
    id="Module",
    category="Custom",
    summary="Any module of another package or of a file of your own, with the ports of its forward.",
    inputs=(),
    outputs=(),
    params=_PARAMS,
    infer=unread,
    fitting=Fitting(("path", "signature"), _fields),
    call=Call("module", "nn.Module", ()),
    keywords=("custom", "own", "class", "python", "import", "timm", "torchvision", "file"),
    foreign=True,
)

"""Recurrent layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graph_engine.spec.block import BlockSpec, Inferred, Rule, Site, unbounded
from graph_engine.spec.call import Call, Names
from graph_engine.spec.faults import Fault, Fix
from graph_engine.spec.params import BoolParam, ChoiceParam, FloatParam, IntParam, Param
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import expect_dtype, expect_given, expect_lengths, expect_number, expect_rank, settled
from graph_engine.spec.tensor import Shape, TensorSpec, per_sample, shape_text

CATEGORY = "Recurrent"


def recurrent(gates: int, *, cell: bool = False) -> Rule:
    """The rule of RNN, GRU and LSTM, from torch's documentation; ``gates`` is the number of matrices stacked in a weight."""

    def infer(at: Site) -> Inferred:
        expect_given(at, "hidden_size")
        x = at.input()
        expect_rank(x, (3,), "(N, T, features)")
        expect_dtype(x, ("float32",))
        features = settled(at, "input_size", expect_number(x.shape[2], "the number of features"), "features in its last dimension")
        hidden, layers, directions = at["hidden_size"], at["num_layers"], 2 if at["bidirectional"] else 1
        projected = at["proj_size"] if cell else 0
        if projected >= hidden:
            raise Fault(
                "param.proj-size",
                "proj_size is {projected}, but must be less than hidden_size, which is {hidden}.",
                fixes=(Fix("Set proj_size to 0", {"proj_size": 0}),),
                projected=projected,
                hidden=hidden,
            )
        out = projected or hidden
        batch, length = (x.shape[0], x.shape[1]) if at["batch_first"] else (x.shape[1], x.shape[0])
        states = {"h_0": (directions * layers, batch, out)} | ({"c_0": (directions * layers, batch, hidden)} if cell else {})
        expect_states(at, states)
        expect_lengths(at, batch)

        weights: dict[str, tuple[int, ...]] = {}
        steps, flops = per_sample((batch, length)), 0
        for layer in range(layers):
            width = features if layer == 0 else out * directions
            for suffix in ("", "_reverse")[:directions]:
                name = f"l{layer}{suffix}"
                weights[f"weight_ih_{name}"] = (gates * hidden, width)
                weights[f"weight_hh_{name}"] = (gates * hidden, out)
                if at["bias"]:
                    weights[f"bias_ih_{name}"] = weights[f"bias_hh_{name}"] = (gates * hidden,)
                if projected:
                    weights[f"weight_hr_{name}"] = (projected, hidden)
                flops += 2 * (gates * hidden * (width + out) + projected * hidden)
        outputs = [TensorSpec((*x.shape[:2], out * directions), x.dtype)]
        outputs += [TensorSpec(shape, x.dtype) for shape in states.values()]
        return Inferred(tuple(outputs), {"input_size": features}, weights, flops=flops * steps)

    return infer


def expect_states(at: Site, expected: Mapping[str, Shape]) -> None:
    """Raises a `Fault` unless the initial states are all connected, or none, and have the expected shapes."""
    given = {port: at.optional(port) for port in expected}
    missing = [port for port, spec in given.items() if spec is None]
    if missing and len(missing) < len(expected):
        raise Fault(
            "port.both-states",
            "{name} is not connected: it takes both initial states or neither.",
            port=missing[0],
            name=missing[0],
        )
    for port, spec in given.items():
        if spec is None:
            continue
        expect_dtype(spec, ("float32",), port)
        if spec.shape != expected[port]:
            raise Fault(
                "shape.state",
                "{name} must be {expected}, but is {received}.",
                port=port,
                name=port,
                expected=shape_text(expected[port]),
                received=shape_text(spec.shape),
            )


def _params(*middle: Param, last: tuple[Param, ...] = ()) -> tuple[Param, ...]:
    return (
        IntParam(name="input_size", inferred=True, minimum=1, help="Features of the input at each step."),
        IntParam(name="hidden_size", minimum=1, help="Features of the hidden state."),
        IntParam(name="num_layers", default=1, minimum=1, help="Layers on top of each other."),
        *middle,
        BoolParam(name="bias", default=True, advanced=True, help="Learn biases."),
        BoolParam(name="batch_first", default=False, help="Dimension 0 is the batch and dimension 1 the time, not the other way round."),
        FloatParam(name="dropout", default=0.0, minimum=0.0, maximum=1.0, help="Dropout between the layers; none behind the last."),
        BoolParam(name="bidirectional", default=False, help="Read the sequence in both directions."),
        *last,
    )


def _layer(
    id: str,
    summary: str,
    gates: int,
    params: tuple[Param, ...],
    *,
    cell: bool = False,
    keywords: tuple[str, ...],
    bounds: Callable[[Mapping[str, Any]], tuple[float, float] | None] = unbounded,
) -> BlockSpec:
    states: Names = ("h_0", "c_0") if cell else ("h_0",)
    finals: Names = ("h_n", "c_n") if cell else ("h_n",)
    state = "(layers · directions, N, hidden_size)"
    meaning = {"h": "hidden state", "c": "cell state"}
    return BlockSpec(
        id=id,
        category=CATEGORY,
        summary=summary,
        inputs=(
            Port("input", "(N, T, features)."),
            *(Port(str(s), f"Initial {meaning[str(s)[0]]}, {state}; zero where it is not connected.", optional=True) for s in states),
            Port("lengths", "Whole numbers (N,): the length of each sequence without its padding, which then is not read.", optional=True),
        ),
        outputs=(
            Port("output", "The hidden state at every step, (N, T, hidden_size · directions); with lengths, 0 where there is padding."),
            *(Port(str(s), f"The last {meaning[str(s)[0]]}, {state}; with lengths, of the last step that is no padding.") for s in finals),
        ),
        params=params,
        infer=recurrent(gates, cell=cell),
        call=Call(
            "module",
            f"nn.{id}",
            arguments=("input", states) if cell else ("input", "h_0"),
            keywords=("lengths",),
            returns=("output", finals) if cell else ("output", "h_n"),
            positional=2,
            through={"lengths": "modules.run_packed"},
        ),
        initial={"hidden_size": 128, "batch_first": True},
        stem=id.lower(),
        keywords=("recurrent", "sequence", "variable length", "packed", *keywords),
        bounds=bounds,
    )


RNN = _layer(
    "RNN",
    "Reads a sequence step by step, carrying a hidden state.",
    1,
    _params(ChoiceParam(name="nonlinearity", default="tanh", options=("tanh", "relu"), help="The activation of the hidden state.")),
    keywords=("elman", "vanilla"),
    bounds=lambda params: (-1, 1) if params["nonlinearity"] == "tanh" else None,
)
LSTM = _layer(
    "LSTM",
    "A recurrent layer with a gated cell that remembers over long spans.",
    4,
    _params(
        last=(
            IntParam(
                name="proj_size", default=0, minimum=0, advanced=True, help="Project the hidden state to this many features; 0 does not."
            ),
        )
    ),
    cell=True,
    keywords=("long short-term memory",),
)
GRU = _layer("GRU", "A recurrent layer with gates, simpler than an LSTM.", 3, _params(), keywords=("gated recurrent unit",))

"""Recurrent cells: one step of a recurrent layer."""

from __future__ import annotations

from graph_engine.blocks.recurrent import CATEGORY, expect_states
from graph_engine.spec.block import BlockSpec, Inferred, Rule, Site
from graph_engine.spec.call import Call, Names
from graph_engine.spec.params import BoolParam, ChoiceParam, IntParam, Param
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import expect_dtype, expect_given, expect_number, expect_rank, settled
from graph_engine.spec.tensor import TensorSpec, per_sample


def step(gates: int, states: tuple[str, ...]) -> Rule:
    """The rule of a recurrent cell; ``gates`` is the number of matrices stacked in a weight."""

    def infer(at: Site) -> Inferred:
        expect_given(at, "hidden_size")
        x = at.input()
        expect_rank(x, (2,), "(N, input_size)")
        expect_dtype(x, ("float32",))
        features = settled(at, "input_size", expect_number(x.shape[1], "the number of features"), "features")
        hidden = at["hidden_size"]
        state = TensorSpec((x.shape[0], hidden), x.dtype)
        expect_states(at, dict.fromkeys(states, state.shape))
        weights: dict[str, tuple[int, ...]] = {"weight_ih": (gates * hidden, features), "weight_hh": (gates * hidden, hidden)}
        if at["bias"]:
            weights["bias_ih"] = weights["bias_hh"] = (gates * hidden,)
        return Inferred(
            (state,) * len(states),
            {"input_size": features},
            weights,
            flops=2 * gates * hidden * (features + hidden) * per_sample(x.shape[:1]),
        )

    return infer


def _cell(id: str, summary: str, gates: int, *last: Param, cell: bool = False) -> BlockSpec:
    before: Names = ("h_0", "c_0") if cell else ("hx",)
    meaning = {"h": "hidden", "c": "cell"}
    return BlockSpec(
        id=id,
        category=CATEGORY,
        summary=summary,
        inputs=(
            Port("input", "(N, input_size)."),
            *(
                Port(str(s), f"(N, hidden_size): the {meaning[str(s)[0]]} state before; zero where it is not connected.", optional=True)
                for s in before
            ),
        ),
        outputs=(Port("h_1", "(N, hidden_size): the hidden state after."), Port("c_1", "(N, hidden_size): the cell state after."))
        if cell
        else (Port("output", "(N, hidden_size): the hidden state after."),),
        params=(
            IntParam(name="input_size", inferred=True, minimum=1, help="Features of the input."),
            IntParam(name="hidden_size", minimum=1, help="Features of the hidden state."),
            BoolParam(name="bias", default=True, advanced=True, help="Learn biases."),
            *last,
        ),
        infer=step(gates, tuple(map(str, before))),
        call=Call(
            "module",
            f"nn.{id}",
            arguments=("input", before) if cell else ("input", "hx"),
            returns=("h_1", "c_1") if cell else (),
            positional=2,
        ),
        initial={"hidden_size": 128},
        stem=f"{id.removesuffix('Cell').lower()}_cell",
        keywords=("recurrent", "step", "decoder"),
    )


RNNCell = _cell(
    "RNNCell",
    "One step of an RNN.",
    1,
    ChoiceParam(name="nonlinearity", default="tanh", options=("tanh", "relu"), help="The activation of the hidden state."),
)
LSTMCell = _cell("LSTMCell", "One step of an LSTM.", 4, cell=True)
GRUCell = _cell("GRUCell", "One step of a GRU.", 3)

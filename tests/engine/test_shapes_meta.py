"""Every shape rule against torch's own operator on the meta device, over random uses of each block, right and wrong ones.

The rule is right when it refuses exactly what torch refuses, and otherwise gives torch's shapes, dtypes and weights: with numbers, at two
batch sizes, and with free sizes, by putting numbers in their places. A long run::

    python -m tests.engine.test_shapes_meta --configurations 10000 [--block Conv2d] [--seed 7]
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import random
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping

import pytest
from torch.utils.flop_counter import FlopCounterMode

from graph_engine.blocks import registry
from graph_engine.spec.block import BlockSpec, Inferred
from graph_engine.spec.faults import Fault
from graph_engine.spec.tensor import TensorSpec, size_at
from tests.engine.cases import Case, random_case
from tests.engine.oracle import Answer, Operator, number

CONFIGURATIONS = 40
BLOCKS = [s for s in registry() if s.call.kind not in ("input", "output") and not (s.foreign or s.recorded)]

LARGE: tuple[Mapping[str, int], ...] = ({"N": 29, "T": 37, "H": 41, "W": 43}, {"N": 31, "T": 47, "H": 53, "W": 59})
"""Free sizes: primes, apart from each other and from every number in a case, so that nothing fits by coincidence; and large enough that
no window exceeds them, since a rule takes a free size to be as large as it must."""
SMALL: tuple[Mapping[str, int], ...] = ({"N": 2, "T": 3, "H": 4, "W": 5}, {"N": 3, "T": 6, "H": 7, "W": 2})
"""Free sizes that may be too small for torch; where they are not, the shapes must be right too."""

ANY = ""
MIXED = "the CPU mixes half precision with weights in single precision, other devices do not"
KERNELS = "the CPU has kernels for whole numbers, other devices have not"
HALF = "half precision has kernels on some devices only"
FLOATS = "what it is for are floating-point numbers; a few kernels take others, but give no gradient"
BROADCASTS = "torch broadcasts the one to the other, which hides a mistake"
STRICTER = {
    (ANY, "shape.rank"): "torch also takes a single sample, without a batch; here the first dimension of every tensor is a batch",
    (ANY, "shape.free-size"): "a size that changes from batch to batch has no closed form here, or would change the size of weights",
    (ANY, "param.no-such-number"): "torch cuts a number off to a whole one, which hides a mistake",
    **dict.fromkeys(
        ((family, "dtype.mismatch") for family in ("pooling", "power_average", "adaptive", "unpooling", "padding")),
        KERNELS,
    ),
    **dict.fromkeys(
        ((family, "dtype.mismatch") for family in ("batch_norm", "instance_norm", "group_norm", "layer_norm", "local_response")),
        MIXED,
    ),
    **dict.fromkeys(
        ((family, "dtype.mismatch") for family in ("resized", "scaled_dot_product", "rotated", "randomized")),
        HALF,
    ),
    **dict.fromkeys(
        (
            (family, "dtype.mismatch")
            for family in (
                "bounded",
                "threshold",
                "unfolded",
                "folded",
                "cosine",
                "pairwise",
                "positions",
                "learned_positions",
                "begun",
                "sampled",
                "diverged",
            )
        ),
        FLOATS,
    ),
    **dict.fromkeys(
        ((family, "dtype.mismatch") for family in ("multihead", "encoder", "decoder", "whole")),
        "a mask in another precision passes some of the ways through attention, and fails in others",
    ),
    **dict.fromkeys(
        ((family, "dtype.mismatch") for family in ("same", "channelwise")),
        "Dropout passes whole numbers where p is 0 or 1, and fails in training otherwise",
    ),
    **dict.fromkeys(
        ((family, "dtype.mismatch") for family in ("padded", "last_step", "pooled", "attended", "measured", "behind_the_end")),
        "features are floating-point numbers, tokens and lengths whole ones, masks truth values",
    ),
    ("recurrent", "dtype.mismatch"): "lengths are whole numbers",
    ("step", "dtype.mismatch"): "a cell state of another kind is converted without a word",
    ("masked", "dtype.mismatch"): "a number is put among whole numbers only where they can hold it",
    ("einsum", "dtype.mismatch"): "torch takes a mixture only where nothing is summed over",
    ("batch_norm", "shape.num-features"): "a number that contradicts the input is a mistake even where no tensor has that size",
    ("instance_norm", "shape.num-features"): "without affine torch only warns of a number that contradicts the input",
    ("transposed", "shape.padding-too-large"): "torch gives an empty tensor where only one of several dimensions vanishes",
    ("unpooling", "shape.padding-too-large"): "torch gives an empty tensor where only one of several dimensions vanishes",
    ("resized", "shape.vanishes"): "mode area gives an empty tensor, the others refuse",
    ("resized", "param.size-or-factor"): "torch overlooks a scale_factor of 0 beside a size",
    ("squeezed", "shape.squeeze"): "torch leaves a dimension that is larger as it is, which hides a mistake",
    ("pad", "shape.cropped-away"): "an empty tensor is of no use",
    ("sliced", "shape.empty-slice"): "an empty tensor is of no use",
    ("chunked", "shape.chunks"): "torch gives unequal parts, or fewer of them",
    ("gathered", "shape.gather"): "two free sizes may happen to fit",
    ("rotated", "shape.pairs"): "the last feature would fall away or come twice",
    ("scaled_dot_product", "shape.mask"): "torch takes a mask of one dimension on some ways through attention only",
    **dict.fromkeys(
        (
            ("scaled_dot_product", "shape.attention"),
            ("einsum", "shape.einsum-sizes"),
            ("learned_positions", "shape.max-length"),
            ("learned_positions", "shape.features"),
            ("last_step", "shape.lengths"),
            ("behind_the_end", "shape.lengths"),
            ("pooled", "shape.mask"),
            ("attended", "shape.mask"),
            ("sampled", "shape.sample"),
            ("diverged", "shape.sample"),
        ),
        BROADCASTS,
    ),
}
"""Refusals that torch does not share, by family of rules and code of the fault, each with its reason."""


def mismatch(case: Case) -> str | None:
    """What is wrong with the rule on this case, or None."""
    try:
        found: Inferred | Fault = case.infer()
    except Fault as fault:
        found = fault
    if isinstance(found, Fault):
        family = case.spec.infer.__qualname__.partition(".")[0]
        if (ANY, found.code) in STRICTER or (family, found.code) in STRICTER:
            return None
        for params in _completed(case):
            whole = case._replace(params=params)
            if all(isinstance(answer := _ask_on(device, whole, at), Answer) for at in LARGE for device in ("meta", "cpu")):
                return f"refused ({found}), but torch gives {answer}"
        return None
    settled = case._replace(params={**case.params, **found.sizes})
    for at in LARGE:
        answer = _ask(settled, at)
        if isinstance(answer, Exception):
            return f"accepted, but torch says: {answer}"
        if problem := _differs(settled, found, answer, at):
            return problem
    for at in SMALL if set(_names(case)) - {"N"} else ():
        answer = _ask(settled, at)
        if isinstance(answer, Answer) and (problem := _differs(settled, found, answer, at)):
            return problem
    return None


def _ask(case: Case, at: Mapping[str, int]) -> Answer | Exception:
    """Torch's answer. The meta device does not know which dtypes the kernels take, and misses a few checks: then the CPU is asked."""
    answer = _ask_on("meta", case, at)
    usual = all(x.dtype in ("float32", "int64") for x in case.tensors())
    lacking = isinstance(answer, Exception) and "meta" in str(answer)
    return answer if usual and not lacking else _ask_on("cpu", case, at)


def _ask_on(device: str, case: Case, at: Mapping[str, int]) -> Answer | Exception:
    try:
        return Operator(case, device).answer(at)
    except (RuntimeError, ValueError, TypeError, AssertionError, IndexError, NotImplementedError, ZeroDivisionError) as error:
        return error


def _completed(case: Case) -> Iterator[Mapping[str, object]]:
    """The parameters with the inferred ones set to whatever in the inputs could have been meant."""
    open_names = [p.name for p in case.spec.params if p.inferred and case.params[p.name] is None]
    sizes = sorted({s for x in case.tensors() for s in x.shape if isinstance(s, int)})
    for values in itertools.product(sizes, repeat=len(open_names)):
        yield {**case.params, **dict(zip(open_names, values, strict=True))}


def _differs(case: Case, found: Inferred, answer: Answer, at: Mapping[str, int]) -> str | None:
    for port, ours, theirs in zip(case.spec.outputs, found.outputs, answer.outputs, strict=True):
        if port.is_off(case.params):
            assert theirs is None, port.name
            continue
        here = TensorSpec(tuple(size_at(s, at) for s in ours.shape), ours.dtype)
        if here != theirs:
            return f"gives {ours}, at {dict(at)} {here}, but torch gives {theirs}"
    for what, ours, theirs in (("weights", found.weights, answer.weights), ("buffers", found.buffers, answer.buffers)):
        if dict(ours) != dict(theirs):
            return f"{what} are {dict(ours)}, but torch has {dict(theirs)}"
    return None


def _names(case: Case) -> Iterator[str]:
    for x in case.tensors():
        for size in x.shape:
            if not isinstance(size, int):
                yield from size.names()


def search(spec: BlockSpec, configurations: int, seed: int = 0) -> tuple[list[str], Counter[str]]:
    """Mismatches of a block's rule over random cases, and how the cases fell out."""
    rng = random.Random(seed ^ zlib.crc32(spec.id.encode()))
    problems, outcomes = [], Counter[str]()
    for i in range(configurations):
        case = random_case(spec, rng, free=i % 3 == 0)
        problem = mismatch(case)
        if problem is not None:
            problems.append(f"{case}\n    {problem}")
        try:
            case.infer()
            outcomes["ok"] += 1
        except Fault as fault:
            outcomes[fault.code] += 1
    return problems, outcomes


@pytest.mark.parametrize("spec", BLOCKS, ids=lambda s: s.id)
def test_rule_agrees_with_torch(spec: BlockSpec) -> None:
    problems, outcomes = search(spec, CONFIGURATIONS)
    assert not problems, "\n".join(problems[:5])
    assert outcomes["ok"] > CONFIGURATIONS / 10, f"the cases are nearly all wrong ones: {outcomes}"


@pytest.mark.parametrize("spec", BLOCKS, ids=lambda s: s.id)
def test_flops_are_those_of_torchs_counter(spec: BlockSpec) -> None:
    rng = random.Random(zlib.crc32(spec.id.encode()))
    at, counted = {"N": 1, "T": 5, "H": 6, "W": 7}, 0
    for i in range(10 * CONFIGURATIONS):
        case = random_case(spec, rng, free=i % 3 == 0, sound=True)
        with contextlib.suppress(Fault):
            found = case.infer()
            settled = case._replace(params={**case.params, **found.sizes})
            if isinstance(_ask_on("meta", settled, at), Answer):
                operator = Operator(settled)
                with FlopCounterMode(display=False) as counter:
                    operator.run(at)
                assert number(found.flops, at) == counter.get_total_flops(), settled
                counted += 1
        if counted == CONFIGURATIONS / 4:
            return
    pytest.fail(f"only {counted} cases ran")


def main() -> None:
    parser = argparse.ArgumentParser(description="Holds the shape rules against torch.")
    parser.add_argument("--configurations", type=int, default=10_000)
    parser.add_argument("--block", action="append", help="a block; all if left out")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for spec in BLOCKS:
        if not arguments.block or spec.id in arguments.block:
            problems, outcomes = search(spec, arguments.configurations, arguments.seed)
            print(f"{spec.id}: {len(problems)} mismatches in {sum(outcomes.values())}; {dict(outcomes.most_common())}", flush=True)
            for problem in problems[:8]:
                print("  " + problem)


if __name__ == "__main__":
    main()

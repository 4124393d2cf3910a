"""The operators of ONNX by the functions that people write in PyTorch. Inputs that are left out are None; attributes go by name.

Source: the operators' reference, https://onnx.ai/onnx/operators, opsets 11 and later.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 (everybody's name for it)
from torch import Tensor

DTYPES = {
    1: torch.float32, 2: torch.uint8, 3: torch.int8, 5: torch.int16, 6: torch.int32, 7: torch.int64, 9: torch.bool, 10: torch.float16,
    11: torch.float64, 16: torch.bfloat16,
}  # fmt: skip
"""ONNX's numbers for types."""


def ints(x: Any) -> list[int]:
    """Whole numbers in a tensor or an attribute."""
    return [int(v) for v in (x.flatten().tolist() if isinstance(x, Tensor) else [x] if isinstance(x, int) else x)]


def _padded(x: Tensor, pads: Sequence[int] | None, n: int, value: float = 0.0) -> tuple[Tensor, list[int]]:
    """Begins and ends of dimensions as torch has them: the same on both sides, or in front of the operator."""
    pads = list(pads or [0] * 2 * n)
    if pads[:n] == pads[n:]:
        return x, pads[:n]
    sides = [side for i in reversed(range(n)) for side in (pads[i], pads[n + i])]
    return F.pad(x, sides, "constant", value), [0] * n


def _same(x: Tensor, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int], how: str) -> list[int]:
    """Pads of ``auto_pad``."""
    begins, ends = [], []
    for size, k, s, d in zip(x.shape[2:], kernel, strides, dilations, strict=True):
        total = max((-(-size // s) - 1) * s + d * (k - 1) + 1 - size, 0)
        small, large = total // 2, total - total // 2
        begins.append(large if how == "SAME_LOWER" else small)
        ends.append(small if how == "SAME_LOWER" else large)
    return [*begins, *ends]


def _conv(x: Tensor, w: Tensor, b: Any = None, **a: Any) -> Tensor:
    n = x.dim() - 2
    strides, dilations = a.get("strides") or [1] * n, a.get("dilations") or [1] * n
    how = a.get("auto_pad", "NOTSET")
    pads = _same(x, w.shape[2:], strides, dilations, how) if how.startswith("SAME") else a.get("pads")
    x, padding = _padded(x, pads, n)
    return (F.conv1d, F.conv2d, F.conv3d)[n - 1](x, w, b, strides, padding, dilations, a.get("group", 1))


def _conv_transpose(x: Tensor, w: Tensor, b: Any = None, **a: Any) -> Tensor:
    n = x.dim() - 2
    pads = list(a.get("pads") or [0] * 2 * n)
    if pads[:n] != pads[n:] or a.get("output_shape") or a.get("auto_pad", "NOTSET") != "NOTSET":
        raise NotImplementedError("a ConvTranspose with pads that differ, or that follow from the output")
    back = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[n - 1]
    more = a.get("output_padding") or [0] * n
    return back(x, w, b, a.get("strides") or [1] * n, pads[:n], more, a.get("group", 1), a.get("dilations") or [1] * n)


def _gemm(x: Tensor, w: Tensor, b: Any = None, **a: Any) -> Tensor:
    x = x.transpose(0, 1) if a.get("transA") else x
    if a.get("alpha", 1.0) == 1.0 and a.get("beta", 1.0) == 1.0 and a.get("transB"):
        return F.linear(x, w, b)
    product = torch.matmul(x, w.transpose(0, 1) if a.get("transB") else w) * a.get("alpha", 1.0)
    return product if b is None else product + b * a.get("beta", 1.0)


def _pool(function: Sequence[Callable[..., Tensor]], value: float, **fixed: Any) -> Callable[..., Tensor]:
    def pool(x: Tensor, **a: Any) -> Tensor:
        n = x.dim() - 2
        strides, dilations = a.get("strides") or [1] * n, a.get("dilations") or [1] * n
        how = a.get("auto_pad", "NOTSET")
        pads = _same(x, a["kernel_shape"], strides, dilations, how) if how.startswith("SAME") else a.get("pads")
        x, padding = _padded(x, pads, n, value)
        more = {"dilation": dilations} if not fixed else {"count_include_pad": bool(a.get("count_include_pad", 0))}
        return function[n - 1](x, a["kernel_shape"], strides, padding, ceil_mode=bool(a.get("ceil_mode", 0)), **more)

    return pool


def _reduced(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def reduce(x: Tensor, axes: Any = None, **a: Any) -> Tensor:
        axes = axes if axes is not None else a.get("axes")
        if axes is None and a.get("noop_with_empty_axes"):
            return x
        dims = ints(axes) if axes is not None else list(range(x.dim()))
        return function(x, dims, bool(a.get("keepdims", 1)))

    return reduce


def _norm(x: Tensor, scale: Tensor, b: Any = None, **a: Any) -> Tensor:
    shape = list(x.shape[a.get("axis", -1) :]) if a.get("axis", -1) < 0 else list(x.shape[a["axis"] :])
    return F.layer_norm(x, shape, scale, b, a.get("epsilon", 1e-5))


def _slice(x: Tensor, starts: Any = None, ends: Any = None, axes: Any = None, steps: Any = None, **a: Any) -> Tensor:
    first, last = ints(starts if starts is not None else a["starts"]), ints(ends if ends is not None else a["ends"])
    places = axes if axes is not None else a.get("axes")
    dims = ints(places) if places is not None else list(range(len(first)))
    items: list[Any] = [slice(None)] * x.dim()
    for dim, begin, end, step in zip(dims, first, last, ints(steps) if steps is not None else [1] * len(first), strict=True):
        size = x.size(dim)
        if step < 0:
            raise NotImplementedError("a Slice that runs backwards")
        items[dim] = slice(begin or None, None if end >= size else end, step if step != 1 else None)
    return x[tuple(items)]


def _gather(x: Tensor, index: Tensor, **a: Any) -> Tensor:
    axis = a.get("axis", 0) % x.dim()
    if axis == 0 and x.dim() == 2 and x.is_floating_point() and index.dim():
        return F.embedding(index, x)
    if not index.dim():
        return x.select(axis, int(index))
    if index.dim() == 1:
        return torch.index_select(x, axis, index)
    items: Any = (slice(None),) * axis
    return x[(*items, index)]


def _gather_nd(x: Tensor, index: Tensor, **a: Any) -> Tensor:
    if a.get("batch_dims"):
        raise NotImplementedError("a GatherND with batch_dims")
    return x[index.unbind(-1)]


def reshape(x: Tensor, shape: Tensor, *, batch: int = 0, **a: Any) -> Tensor:
    """``Reshape``; in a file for one size of the batch, ``batch``, the first size is that of the batch that there is."""
    sizes = [x.size(i) if s == 0 and not a.get("allowzero") else s for i, s in enumerate(ints(shape))]
    if batch and -1 in sizes and sizes[0] == batch:
        sizes[0] = x.size(0)
    elif batch and -1 not in sizes and x.numel() != math.prod(sizes):
        sizes[0] = sizes[0] * x.numel() // math.prod(sizes)
    return x.reshape(sizes)


def _flatten(x: Tensor, **a: Any) -> Tensor:
    axis = a.get("axis", 1)
    return torch.flatten(x, 1) if axis == 1 else x.reshape([int(torch.tensor(x.shape[:axis]).prod()), -1])


def _squeeze(x: Tensor, axes: Any = None, **a: Any) -> Tensor:
    axes = axes if axes is not None else a.get("axes")
    for dim in sorted((d % x.dim() for d in ints(axes)), reverse=True) if axes is not None else ():
        x = x.squeeze(dim)
    return x if axes is not None else x.squeeze()


def _unsqueeze(x: Tensor, axes: Any = None, **a: Any) -> Tensor:
    found = ints(axes if axes is not None else a["axes"])
    for dim in sorted(d % (x.dim() + len(found)) for d in found):
        x = x.unsqueeze(dim)
    return x


def _expand(x: Tensor, shape: Tensor) -> Tensor:
    sizes = ints(shape)
    whole = torch.broadcast_shapes(x.shape, sizes)
    return x.expand(whole)


def _pad(x: Tensor, pads: Any = None, value: Any = None, axes: Any = None, **a: Any) -> Tensor:
    found = ints(pads if pads is not None else a["pads"])
    n = len(found) // 2
    dims = [d % x.dim() for d in ints(axes)] if axes is not None else list(range(x.dim() - n, x.dim()))
    by_dim = dict(zip(dims, zip(found[:n], found[n:], strict=True), strict=True))
    first = min((d for d, sides in by_dim.items() if any(sides)), default=x.dim())
    sides = [side for d in reversed(range(first, x.dim())) for side in by_dim.get(d, (0, 0))]
    mode = {"edge": "replicate", "wrap": "circular"}.get(a.get("mode", "constant"), a.get("mode", "constant"))
    number = float(value) if isinstance(value, Tensor) else a.get("value", 0.0)
    return F.pad(x, sides, mode, number) if mode == "constant" else F.pad(x, sides, mode)


def _split(x: Tensor, sizes: Any = None, **a: Any) -> tuple[Tensor, ...]:
    axis = a.get("axis", 0)
    given = sizes if sizes is not None else a.get("split")
    return tuple(torch.split(x, ints(given), axis)) if given is not None else tuple(torch.chunk(x, a["num_outputs"], axis))


def _clip(x: Tensor, low: Any = None, high: Any = None, **a: Any) -> Tensor:
    low = float(low) if isinstance(low, Tensor) else a.get("min")
    high = float(high) if isinstance(high, Tensor) else a.get("max")
    return torch.relu(x) if (low, high) == (0.0, None) else F.relu6(x) if (low, high) == (0.0, 6.0) else torch.clamp(x, low, high)


def _resize(x: Tensor, _roi: Any = None, scales: Any = None, sizes: Any = None, **a: Any) -> Tensor:
    mode = {"nearest": "nearest", "linear": ("linear", "bilinear", "trilinear")[x.dim() - 3], "cubic": "bicubic"}[a.get("mode", "nearest")]
    corners = a.get("coordinate_transformation_mode", "half_pixel") == "align_corners" if mode != "nearest" else None
    if sizes is not None:
        return F.interpolate(x, ints(sizes)[2:], None, mode, corners)
    factors = [float(s) for s in scales.tolist()][2:]
    return F.interpolate(x, None, factors, mode, corners)


def _softmax(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda x, **a: function(x, a.get("axis", -1))


def _extreme(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda x, **a: function(x, a.get("axis", 0), bool(a.get("keepdims", 1)))


def _each(function: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    def several(first: Tensor, *others: Tensor) -> Tensor:
        for other in others:
            first = function(first, other)
        return first

    return several


def _trilu(x: Tensor, k: Any = None, **a: Any) -> Tensor:
    return (torch.triu if a.get("upper", 1) else torch.tril)(x, int(k) if k is not None else 0)


def _batch_norm(x: Tensor, scale: Tensor, b: Tensor, mean: Tensor, var: Tensor, **a: Any) -> Tensor:
    return F.batch_norm(x, mean, var, scale, b, False, 1 - a.get("momentum", 0.9), a.get("epsilon", 1e-5))


def _constant_of_shape(shape: Tensor, **a: Any) -> Tensor:
    value = a.get("value", torch.zeros(1))
    return torch.full(ints(shape), value.item(), dtype=value.dtype)


def _range(start: Tensor, limit: Tensor, step: Tensor) -> Tensor:
    return torch.arange(start.item(), limit.item(), step.item(), dtype=start.dtype)


OPERATORS: Mapping[str, Callable[..., Any]] = {
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "Gemm": _gemm,
    "MatMul": torch.matmul,
    "BatchNormalization": _batch_norm,
    "LayerNormalization": _norm,
    "InstanceNormalization": lambda x, w, b, **a: F.instance_norm(x, None, None, w, b, True, 0.1, a.get("epsilon", 1e-5)),
    "GroupNormalization": lambda x, w, b, **a: F.group_norm(x, a["num_groups"], w, b, a.get("epsilon", 1e-5)),
    "LRN": lambda x, **a: F.local_response_norm(x, a["size"], a.get("alpha", 1e-4), a.get("beta", 0.75), a.get("bias", 1.0)),
    "MaxPool": _pool((F.max_pool1d, F.max_pool2d, F.max_pool3d), float("-inf")),
    "AveragePool": _pool((F.avg_pool1d, F.avg_pool2d, F.avg_pool3d), 0.0, average=True),
    "GlobalAveragePool": lambda x: (F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d)[x.dim() - 3](x, 1),
    "GlobalMaxPool": lambda x: (F.adaptive_max_pool1d, F.adaptive_max_pool2d, F.adaptive_max_pool3d)[x.dim() - 3](x, 1),
    "Relu": torch.relu,
    "LeakyRelu": lambda x, **a: F.leaky_relu(x, a.get("alpha", 0.01)),
    "PRelu": lambda x, w: F.prelu(x, w.flatten()),
    "Elu": lambda x, **a: F.elu(x, a.get("alpha", 1.0)),
    "Selu": lambda x, **_: F.selu(x),
    "Celu": lambda x, **a: F.celu(x, a.get("alpha", 1.0)),
    "Gelu": lambda x, **a: F.gelu(x, approximate=a.get("approximate", "none")),
    "Sigmoid": torch.sigmoid,
    "HardSigmoid": lambda x, **a: torch.clamp(x * a.get("alpha", 0.2) + a.get("beta", 0.5), 0.0, 1.0),
    "HardSwish": F.hardswish,
    "Tanh": torch.tanh,
    "Mish": F.mish,
    "Softplus": F.softplus,
    "Softsign": F.softsign,
    "Softmax": _softmax(torch.softmax),
    "LogSoftmax": _softmax(torch.log_softmax),
    "Clip": _clip,
    "Add": torch.add,
    "Sub": torch.sub,
    "Mul": torch.mul,
    "Div": lambda x, y: torch.div(x, y) if x.is_floating_point() else torch.div(x, y, rounding_mode="trunc"),
    "Pow": torch.pow,
    "Mod": lambda x, y, **a: torch.fmod(x, y) if a.get("fmod") else torch.remainder(x, y),
    "Min": _each(torch.minimum),
    "Max": _each(torch.maximum),
    "Sum": _each(torch.add),
    **{name: getattr(torch, name.lower()) for name in ("Sqrt", "Reciprocal", "Exp", "Log", "Abs", "Neg", "Floor", "Ceil", "Round", "Sign")},
    **{name: getattr(torch, name.lower()) for name in ("Sin", "Cos", "Tan", "Erf", "Sinh", "Cosh", "Atan", "Asin", "Acos", "IsNaN")},
    "ReduceMean": _reduced(lambda x, dims, keep: torch.mean(x, dim=dims, keepdim=keep)),
    "ReduceSum": _reduced(lambda x, dims, keep: torch.sum(x, dim=dims, keepdim=keep)),
    "ReduceMax": _reduced(lambda x, dims, keep: torch.amax(x, dim=dims, keepdim=keep)),
    "ReduceMin": _reduced(lambda x, dims, keep: torch.amin(x, dim=dims, keepdim=keep)),
    "ReduceL2": _reduced(lambda x, dims, keep: torch.sqrt(torch.sum(torch.pow(x, 2), dim=dims, keepdim=keep))),
    "Concat": lambda *x, **a: torch.cat(x, a["axis"]),
    "Split": _split,
    "Slice": _slice,
    "Gather": _gather,
    "GatherElements": lambda x, i, **a: torch.gather(x, a.get("axis", 0), i),
    "GatherND": _gather_nd,
    "Reshape": reshape,
    "Flatten": _flatten,
    "Transpose": lambda x, **a: x.permute(a.get("perm") or list(reversed(range(x.dim())))),
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Expand": _expand,
    "Tile": lambda x, times: x.repeat(ints(times)),
    "Pad": _pad,
    "Shape": lambda x, **a: torch.tensor(list(x.shape)[a.get("start", 0) : a.get("end")], dtype=torch.int64),
    "Size": lambda x: torch.tensor(x.numel()),
    "ConstantOfShape": _constant_of_shape,
    "Range": _range,
    "Cast": lambda x, **a: x.to(DTYPES[a["to"]]),
    "CastLike": lambda x, y, **_: x.to(y.dtype),
    "Identity": lambda x: x.contiguous(),
    "Dropout": lambda x, ratio=None, _train=None, **a: F.dropout(x, float(ratio) if ratio is not None else a.get("ratio", 0.5), False),
    "Where": torch.where,
    "Equal": torch.eq,
    "Greater": torch.gt,
    "Less": torch.lt,
    "GreaterOrEqual": torch.ge,
    "LessOrEqual": torch.le,
    "Not": torch.logical_not,
    "And": torch.logical_and,
    "Or": torch.logical_or,
    "Xor": torch.logical_xor,
    "ArgMax": _extreme(torch.argmax),
    "ArgMin": _extreme(torch.argmin),
    "CumSum": lambda x, axis, **_: torch.cumsum(x, int(axis)),
    "Resize": _resize,
    "DepthToSpace": lambda x, **a: F.pixel_shuffle(x, a["blocksize"]),
    "SpaceToDepth": lambda x, **a: F.pixel_unshuffle(x, a["blocksize"]),
    "Einsum": lambda *x, **a: torch.einsum(a["equation"], *x),
    "Trilu": _trilu,
}
"""The function for each operator of the standard domain."""

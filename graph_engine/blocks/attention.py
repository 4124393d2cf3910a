"""Attention."""

from __future__ import annotations

from graph_engine.spec.block import BlockSpec, Inferred, Site
from graph_engine.spec.call import Call
from graph_engine.spec.faults import Fault, Fix
from graph_engine.spec.params import BoolParam, FloatParam, IntParam
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import broadcast, expect_dtype, expect_given, expect_number, expect_rank, settled
from graph_engine.spec.tensor import Size, TensorSpec, per_sample, shape_text


def multihead(at: Site) -> Inferred:
    """The rule of MultiheadAttention, from torch's documentation."""
    expect_given(at, "num_heads")
    query, key, value = at.input("query"), at.input("key"), at.input("value")
    for port, x in (("query", query), ("key", key), ("value", value)):
        expect_rank(x, (3,), "(N, T, features)", port)
        expect_dtype(x, ("float32",), port)
    width = settled(at, "embed_dim", expect_number(query.shape[2], "the number of features", "query"), "features", "query")
    heads = at["num_heads"]
    if width % heads:
        near = max(h for h in range(1, heads) if width % h == 0)
        raise Fault(
            "shape.heads",
            "{heads} heads do not divide the {width} features.",
            port="query",
            fixes=(Fix(f"Set num_heads to {near}", {"num_heads": near}),),
            heads=heads,
            width=width,
        )
    widths: dict[str, int | None] = {}
    for port, name, x in (("key", "kdim", key), ("value", "vdim", value)):
        size = expect_number(x.shape[2], "the number of features", port)
        if at[name] is None and size == width:
            widths[name] = None
        else:
            widths[name] = settled(at, name, size, "features", port)
    time, batch = (1, 0) if at["batch_first"] else (0, 1)
    for port, x, dim in (("key", key, batch), ("value", value, batch), ("value", value, time)):
        other = query if dim == batch else key
        if x.shape[dim] != other.shape[dim]:
            raise Fault(
                "shape.attention",
                "{port_name} is {received}, which does not go with {other_name} {other} in dimension {dim}.",
                port=port,
                port_name=port,
                received=shape_text(x.shape),
                other_name="query" if other is query else "key",
                other=shape_text(other.shape),
                dim=dim,
            )
    n, targets, sources = query.shape[batch], query.shape[time], key.shape[time]
    check_masks(at, n, targets, sources, heads)
    extra = int(at["add_bias_kv"]) + int(at["add_zero_attn"])
    kdim, vdim = widths["kdim"] or width, widths["vdim"] or width
    return Inferred(
        (
            query,
            TensorSpec((n, targets, sources + extra) if at["average_attn_weights"] else (n, heads, targets, sources + extra)),
        ),
        {"embed_dim": width, **widths},
        _weights(at, width, kdim, vdim),
        flops=2
        * per_sample((n,))
        * (targets * width * 2 * width + sources * (kdim + vdim) * width + 2 * targets * (sources + extra) * width),
    )


def scaled_dot_product(at: Site) -> Inferred:
    """The rule of ``F.scaled_dot_product_attention``."""
    query, key, value, mask = at.input("query"), at.input("key"), at.input("value"), at.optional("attn_mask")
    for port, x in (("query", query), ("key", key), ("value", value)):
        expect_rank(x, (3, 4), "(N, T, features) or (N, heads, T, features)", port)
        expect_dtype(x, ("float32",), port)
    for port, x, other, dims in (
        ("key", key, query, (*range(len(query.shape) - 2), -1)),
        ("value", value, key, tuple(range(len(key.shape) - 1))),
    ):
        if len(x.shape) != len(other.shape) or any(x.shape[d] != other.shape[d] for d in dims):
            raise Fault(
                "shape.attention",
                "{port_name} is {received}, which does not go with {other}.",
                port=port,
                port_name=port,
                received=shape_text(x.shape),
                other=shape_text(other.shape),
            )
    outer, targets, width, sources = query.shape[:-2], query.shape[-2], query.shape[-1], key.shape[-2]
    if mask is not None:
        expect_dtype(mask, ("bool", "float32"), "attn_mask")
        if at["is_causal"]:
            fix = Fix("Turn is_causal off", {"is_causal": False})
            raise Fault("param.causal", "is_causal is on, and a mask is connected: one of the two.", port="attn_mask", fixes=(fix,))
        if broadcast([mask.shape, (*outer, targets, sources)], "attn_mask") != (*outer, targets, sources) or len(mask.shape) < 2:
            raise Fault(
                "shape.mask",
                "{name} must broadcast to {expected}, but is {received}.",
                port="attn_mask",
                name="attn_mask",
                expected=shape_text((*outer, targets, sources)),
                received=shape_text(mask.shape),
            )
    features = value.shape[-1]
    return Inferred(
        (query._replace(shape=(*outer, targets, features)),),
        flops=2 * per_sample((*outer, targets, sources)) * per_sample((width + features,)),
    )


def check_masks(
    at: Site, n: Size, targets: Size, sources: Size, heads: int, padding: str = "key_padding_mask", mask: str = "attn_mask"
) -> None:
    """Raises a `Fault` unless the masks at two ports, where they are connected, have the shapes that attention takes."""
    for port, allowed in (
        (padding, ((n, sources),)),
        (mask, ((targets, sources), (n * heads, targets, sources))),
    ):
        x = at.optional(port)
        if x is None:
            continue
        expect_dtype(x, ("bool", "float32"), port)
        if x.shape not in allowed:
            raise Fault(
                "shape.mask",
                "{name} must be {expected}, but is {received}.",
                port=port,
                name=port,
                expected=" or ".join(map(shape_text, allowed)),
                received=shape_text(x.shape),
            )


def _weights(at: Site, width: int, kdim: int, vdim: int) -> dict[str, tuple[int, ...]]:
    weights: dict[str, tuple[int, ...]] = {}
    if kdim == width and vdim == width:
        weights["in_proj_weight"] = (3 * width, width)
    else:
        weights |= {"q_proj_weight": (width, width), "k_proj_weight": (width, kdim), "v_proj_weight": (width, vdim)}
    if at["bias"]:
        weights["in_proj_bias"] = (3 * width,)
    if at["add_bias_kv"]:
        weights |= {"bias_k": (1, 1, width), "bias_v": (1, 1, width)}
    weights["out_proj.weight"] = (width, width)
    if at["bias"]:
        weights["out_proj.bias"] = (width,)
    return weights


MultiheadAttention = BlockSpec(
    id="MultiheadAttention",
    category="Attention",
    summary="Each query gathers values, weighted by how well their keys match, in several heads at once (Vaswani et al., 2017).",
    inputs=(
        Port("query", "(N, T, embed_dim): who asks."),
        Port("key", "(N, S, kdim): what is matched."),
        Port("value", "(N, S, vdim): what is gathered."),
        Port("key_padding_mask", "(N, S): true where a key is padding.", optional=True),
        Port("attn_mask", "(T, S) or (N · num_heads, T, S): true where a query may not look.", optional=True),
    ),
    outputs=(
        Port("output", "(N, T, embed_dim)."),
        Port("weights", "(N, T, S): who looked where; (N, num_heads, T, S) unless averaged.", needs="need_weights"),
    ),
    params=(
        IntParam(name="embed_dim", inferred=True, minimum=1, help="Features of the query and of the output."),
        IntParam(name="num_heads", minimum=1, help="Heads; they divide embed_dim among them."),
        FloatParam(name="dropout", default=0.0, minimum=0.0, maximum=1.0, help="Dropout of the attention weights."),
        BoolParam(name="bias", default=True, advanced=True, help="Learn biases of the projections."),
        BoolParam(name="add_bias_kv", default=False, advanced=True, help="Append a learned key and value."),
        BoolParam(name="add_zero_attn", default=False, advanced=True, help="Append a key and value of zeros."),
        IntParam(name="kdim", inferred=True, minimum=1, advanced=True, help="Features of the key."),
        IntParam(name="vdim", inferred=True, minimum=1, advanced=True, help="Features of the value."),
        BoolParam(name="batch_first", default=False, help="Dimension 0 is the batch and dimension 1 the time, not the other way round."),
        BoolParam(name="need_weights", default=True, help="Give the weights too; without them it is faster."),
        BoolParam(name="average_attn_weights", default=True, advanced=True, help="Average the weights over the heads."),
    ),
    infer=multihead,
    call=Call(
        "module",
        "nn.MultiheadAttention",
        arguments=("query", "key", "value"),
        keywords=("key_padding_mask", "need_weights", "attn_mask", "average_attn_weights"),
        returns=("output", "weights"),
        positional=2,
        attributes={"bias": "in_proj_bias", "add_bias_kv": "bias_k"},
    ),
    initial={"num_heads": 4, "batch_first": True, "need_weights": False},
    stem="attention",
    keywords=("self-attention", "transformer", "mha", "cross-attention"),
)

ScaledDotProductAttention = BlockSpec(
    id="ScaledDotProductAttention",
    category="Attention",
    summary="Attention without weights of its own: softmax(query · keyᵀ / √features) · value.",
    inputs=(
        Port("query", "(N, heads, T, features) or (N, T, features): who asks."),
        Port("key", "(N, heads, S, features) or (N, S, features): what is matched."),
        Port("value", "(N, heads, S, features) or (N, S, features): what is gathered."),
        Port("attn_mask", "(T, S): true where a query may look, unlike the masks of MultiheadAttention.", optional=True),
    ),
    outputs=(Port("output", "The shape of the query, with the features of the value."),),
    params=(
        BoolParam(name="is_causal", default=False, help="A query sees nothing that comes after it."),
        FloatParam(name="scale", default=None, advanced=True, help="Factor of the scores; left empty, 1 / √features."),
    ),
    infer=scaled_dot_product,
    call=Call(
        "function",
        "F.scaled_dot_product_attention",
        arguments=("query", "key", "value"),
        keywords=("attn_mask", "is_causal", "scale"),
    ),
    stem="attention",
    keywords=("self-attention", "transformer", "sdpa", "flash"),
)

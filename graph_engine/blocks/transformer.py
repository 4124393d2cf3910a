"""Transformer layers, stacks of them, and the whole model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graph_engine.blocks.attention import check_masks
from graph_engine.spec.block import BlockSpec, Inferred, Rule, Site
from graph_engine.spec.call import Call, Names
from graph_engine.spec.faults import Fault, Fix
from graph_engine.spec.params import BoolParam, ChoiceParam, FloatParam, IntParam, Param
from graph_engine.spec.ports import Port
from graph_engine.spec.rules import expect_dtype, expect_given, expect_number, expect_rank, settled
from graph_engine.spec.tensor import Size, TensorSpec, per_sample, shape_text

CATEGORY = "Attention"
Weights = dict[str, tuple[int, ...]]


def encoder(at: Site) -> Inferred:
    """The rule of TransformerEncoderLayer, and of stacks of them."""
    expect_given(at, "nhead")
    width = _width(at, "src")
    masks = ("src_key_padding_mask", "src_mask" if "src_mask" in at.inputs else "mask")
    n, time, flops = _attended(at, "src", "src", *masks)
    layers, own = _layers(at, _layer_weights(at, width, ("self_attn",)))
    flops = flops + _feed_forward(at, n, time, width)
    return Inferred((at.input("src"),), {"d_model": width}, own, flops=layers * flops)


def decoder(at: Site) -> Inferred:
    """The rule of TransformerDecoderLayer, and of stacks of them."""
    expect_given(at, "nhead")
    width = _width(at, "tgt")
    _expect_memory(at, width, "tgt", "memory")
    n, time, flops = _attended(at, "tgt", "tgt", "tgt_key_padding_mask", "tgt_mask")
    flops = flops + _attended(at, "tgt", "memory", "memory_key_padding_mask", "memory_mask")[2] + _feed_forward(at, n, time, width)
    layers, own = _layers(at, _layer_weights(at, width, ("self_attn", "multihead_attn")))
    return Inferred((at.input("tgt"),), {"d_model": width}, own, flops=layers * flops)


def whole(at: Site) -> Inferred:
    """The rule of Transformer: an encoder and a decoder, each with a normalization behind it."""
    width = at["d_model"]
    for port in ("src", "tgt"):
        x = at.input(port)
        _expect_sequence(x, port)
        if x.shape[2] != width:
            fixes = (Fix(f"Set d_model to {x.shape[2]}", {"d_model": x.shape[2]}),) if isinstance(x.shape[2], int) else ()
            raise Fault(
                "shape.d-model",
                "{name} has {received} features, but d_model is {width}.",
                port=port,
                fixes=fixes,
                name=port,
                received=x.shape[2],
                width=width,
            )
    _expect_heads(at, width, "src")
    _expect_memory(at, width, "tgt", "src")
    n, sources, encoding = _attended(at, "src", "src", "src_key_padding_mask", "src_mask")
    encoding = encoding + _feed_forward(at, n, sources, width)
    _, targets, decoding = _attended(at, "tgt", "tgt", "tgt_key_padding_mask", "tgt_mask")
    decoding = decoding + _attended(at, "tgt", "src", "memory_key_padding_mask", "memory_mask")[2] + _feed_forward(at, n, targets, width)
    weights: Weights = {}
    for part, count, kinds in (
        ("encoder", at["num_encoder_layers"], ("self_attn",)),
        ("decoder", at["num_decoder_layers"], ("self_attn", "multihead_attn")),
    ):
        weights |= _stacked(f"{part}.layers", count, _layer_weights(at, width, kinds))
        weights |= _affine(at, f"{part}.norm", (width,))
    flops = at["num_encoder_layers"] * encoding + at["num_decoder_layers"] * decoding
    return Inferred((at.input("tgt"),), {}, weights, flops=flops)


def _expect_sequence(x: TensorSpec, port: str) -> None:
    expect_rank(x, (3,), "(N, T, d_model)", port)
    expect_dtype(x, ("float32",), port)


def _width(at: Site, port: str) -> int:
    x = at.input(port)
    _expect_sequence(x, port)
    width: int = settled(at, "d_model", expect_number(x.shape[2], "the number of features", port), "features", port)
    _expect_heads(at, width, port)
    return width


def _expect_heads(at: Site, width: int, port: str) -> None:
    if width % at["nhead"]:
        near = max(h for h in range(1, at["nhead"]) if width % h == 0)
        fixes = (Fix(f"Set nhead to {near}", {"nhead": near}),)
        raise Fault(
            "shape.heads", "{heads} heads do not divide the {width} features.", port=port, fixes=fixes, heads=at["nhead"], width=width
        )


def _expect_memory(at: Site, width: int, target: str, memory: str) -> None:
    """The memory has the batch of the target, and its features."""
    x, other = at.input(memory), at.input(target)
    _expect_sequence(x, memory)
    batch = 0 if at["batch_first"] else 1
    if x.shape[2] != width or x.shape[batch] != other.shape[batch]:
        raise Fault(
            "shape.memory",
            "{name} is {received}, which does not go with {other}: batch and features must agree.",
            port=memory,
            name=memory,
            received=shape_text(x.shape),
            other=shape_text(other.shape),
        )


def _attended(at: Site, query: str, key: str, padding: str, mask: str) -> tuple[Size, Size, Size]:
    """Checks the masks of one attention; the batch, the length of the query, and the FLOPs."""
    x, memory = at.input(query), at.input(key)
    batch, time = (0, 1) if at["batch_first"] else (1, 0)
    n, targets, sources, width = (
        x.shape[batch],
        x.shape[time],
        memory.shape[time],
        expect_number(x.shape[2], "the number of features", query),
    )
    check_masks(at, n, targets, sources, at["nhead"], padding, mask)
    rows = targets * 2 * width * width + sources * 2 * width * width + 2 * targets * sources * width
    return n, targets, 2 * per_sample((n,)) * rows


def _feed_forward(at: Site, n: Size, time: Size, width: int) -> Size:
    return 4 * per_sample((n, time)) * width * at["dim_feedforward"]


def _layer_weights(at: Site, width: int, attentions: tuple[str, ...]) -> Weights:
    weights: Weights = {}
    for name in attentions:
        weights |= {f"{name}.in_proj_weight": (3 * width, width), f"{name}.out_proj.weight": (width, width)}
        if at["bias"]:
            weights |= {f"{name}.in_proj_bias": (3 * width,), f"{name}.out_proj.bias": (width,)}
    hidden = at["dim_feedforward"]
    weights |= _affine(at, "linear1", (hidden, width)) | _affine(at, "linear2", (width, hidden))
    for i in range(len(attentions) + 1):
        weights |= _affine(at, f"norm{i + 1}", (width,))
    return weights


def _affine(at: Site, name: str, shape: tuple[int, ...]) -> Weights:
    return {f"{name}.weight": shape} | ({f"{name}.bias": shape[:1]} if at["bias"] else {})


def _layers(at: Site, weights: Weights) -> tuple[int, Weights]:
    """How many layers there are, and the weights of all."""
    if "num_layers" not in at.params:
        return 1, weights
    expect_given(at, "num_layers")
    return at["num_layers"], _stacked("layers", at["num_layers"], weights)


def _stacked(name: str, count: int, weights: Weights) -> Weights:
    return {f"{name}.{i}.{key}": shape for i in range(count) for key, shape in weights.items()}


_NHEAD = IntParam(name="nhead", minimum=1, help="Heads; they divide d_model among them.")
_COMMON: tuple[Param, ...] = (
    IntParam(name="dim_feedforward", default=2048, minimum=1, help="Features between the two linear layers behind the attention."),
    FloatParam(name="dropout", default=0.1, minimum=0.0, maximum=1.0, help="Dropout behind each part."),
    ChoiceParam(name="activation", default="relu", options=("relu", "gelu"), help="The activation between the two linear layers."),
    FloatParam(name="layer_norm_eps", default=1e-5, minimum=0.0, advanced=True, help="Added to the variance for numerical stability."),
    BoolParam(name="batch_first", default=False, help="Dimension 0 is the batch and dimension 1 the time, not the other way round."),
    BoolParam(name="norm_first", default=False, help="Normalize in front of each part, not behind it: easier to train when deep."),
    BoolParam(name="bias", default=True, advanced=True, help="Learn biases."),
)
_LAYER: tuple[Param, ...] = (
    IntParam(name="d_model", inferred=True, minimum=1, help="Features of the input and of the output."),
    _NHEAD,
    *_COMMON,
)
_NUM_LAYERS = IntParam(name="num_layers", minimum=1, help="Layers on top of each other.")


def _mask(name: str, queries: str, keys: str) -> Port:
    return Port(name, f"({queries}, {keys}) or (N · nhead, {queries}, {keys}): true where a query may not look.", optional=True)


def _padding(name: str, keys: str) -> Port:
    return Port(name, f"(N, {keys}): true where a key is padding.", optional=True)


def _block(
    id: str, summary: str, inputs: tuple[Port, ...], params: tuple[Param, ...], infer: Rule, call: Call, **initial: Any
) -> BlockSpec:
    given: Mapping[str, Any] = {"nhead": 4, "dim_feedforward": 256, "batch_first": True, **initial}
    return BlockSpec(
        id=id,
        category=CATEGORY,
        summary=summary,
        inputs=inputs,
        outputs=(Port("output", f"The shape of {'tgt' if 'tgt' in (p.name for p in inputs) else 'src'}."),),
        params=params,
        infer=infer,
        call=call,
        initial=given,
        keywords=("transformer", "attention", "vaswani"),
    )


def _call(id: str, inputs: tuple[Port, ...], required: int, first: str = "", **more: Any) -> Call:
    """How a layer is called.

    Args:
        id: of the block.
        inputs: its ports.
        required: how many of them are passed by position.
        first: where the first of its layers lies, if it is made of several.
        **more: as for `Call`.
    """
    arguments: Names = tuple(p.name for p in inputs[:required])
    keywords = tuple(p.name for p in inputs[required:])
    attributes = {name: f"{first}{place}" for name, place in _PLACES.items() if not (id == "Transformer" and name in _ITS_OWN)}
    attributes |= {"num_encoder_layers": "encoder.num_layers", "num_decoder_layers": "decoder.num_layers"}
    return Call("module", f"nn.{id}", arguments=arguments, keywords=keywords, positional=2, attributes=attributes, **more)


_PLACES = {
    "d_model": "self_attn.embed_dim",
    "nhead": "self_attn.num_heads",
    "dim_feedforward": "linear1.out_features",
    "dropout": "dropout.p",
    "activation": "activation",
    "layer_norm_eps": "norm1.eps",
    "batch_first": "self_attn.batch_first",
    "norm_first": "norm_first",
    "bias": "linear1.bias",
}
"""Where a layer keeps its parameters."""
_ITS_OWN = ("d_model", "nhead", "batch_first")
"""Those that a whole Transformer keeps itself."""


_ENCODER = (Port("src", "(N, T, d_model)."), _mask("src_mask", "T", "T"), _padding("src_key_padding_mask", "T"))
_ENCODERS = (_ENCODER[0], _mask("mask", "T", "T"), _ENCODER[2])
_DECODER = (
    Port("tgt", "(N, T, d_model): what is written."),
    Port("memory", "(N, S, d_model): what the encoder gave."),
    _mask("tgt_mask", "T", "T"),
    _mask("memory_mask", "T", "S"),
    _padding("tgt_key_padding_mask", "T"),
    _padding("memory_key_padding_mask", "S"),
)
_WHOLE = (
    Port("src", "(N, S, d_model): what is read."),
    Port("tgt", "(N, T, d_model): what is written."),
    _mask("src_mask", "S", "S"),
    _mask("tgt_mask", "T", "T"),
    _mask("memory_mask", "T", "S"),
    _padding("src_key_padding_mask", "S"),
    _padding("tgt_key_padding_mask", "T"),
    _padding("memory_key_padding_mask", "S"),
)

TransformerEncoderLayer = _block(
    "TransformerEncoderLayer",
    "Self-attention and two linear layers, each with a residual connection and a normalization.",
    _ENCODER,
    _LAYER,
    encoder,
    _call("TransformerEncoderLayer", _ENCODER, 1),
)
TransformerDecoderLayer = _block(
    "TransformerDecoderLayer",
    "Self-attention, attention to a memory and two linear layers, each with a residual connection and a normalization.",
    _DECODER,
    _LAYER,
    decoder,
    _call("TransformerDecoderLayer", _DECODER, 2),
)
TransformerEncoder = _block(
    "TransformerEncoder",
    "Encoder layers on top of each other.",
    _ENCODERS,
    (
        *_LAYER,
        _NUM_LAYERS,
        BoolParam(name="enable_nested_tensor", default=True, advanced=True, help="Leave padding out of the computation when evaluating."),
    ),
    encoder,
    _call(
        "TransformerEncoder", _ENCODERS, 1, "layers.0.", inner="nn.TransformerEncoderLayer", outer=("num_layers", "enable_nested_tensor")
    ),
    num_layers=2,
    enable_nested_tensor=False,
)
TransformerDecoder = _block(
    "TransformerDecoder",
    "Decoder layers on top of each other.",
    _DECODER,
    (*_LAYER, _NUM_LAYERS),
    decoder,
    _call("TransformerDecoder", _DECODER, 2, "layers.0.", inner="nn.TransformerDecoderLayer", outer=("num_layers",)),
    num_layers=2,
)
Transformer = _block(
    "Transformer",
    "The whole model of the paper between embeddings and output layer: an encoder that reads, a decoder that writes.",
    _WHOLE,
    (
        IntParam(name="d_model", default=512, minimum=1, help="Features of the inputs and of the output."),
        IntParam(name="nhead", default=8, minimum=1, help=_NHEAD.help),
        IntParam(name="num_encoder_layers", default=6, minimum=1, help="Layers of the encoder."),
        IntParam(name="num_decoder_layers", default=6, minimum=1, help="Layers of the decoder."),
        *_COMMON,
    ),
    whole,
    _call("Transformer", _WHOLE, 2, "encoder.layers.0."),
    d_model=64,
    num_encoder_layers=2,
    num_decoder_layers=2,
)

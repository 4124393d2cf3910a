"""Imports real models and holds them against the originals: ``python -m tests.zoo [KIND …] [-o FILE]``.

A kind is ``templates``, ``transformers``, ``torchvision`` or ``timm``. Without ``-o``, `tests/data/zoo.md` is written. Models have random
weights; images are 64 wide where a model takes such, texts hold a padded sample. Needs the extra ``zoo``; continuous integration has models
in their manner (``tests/engine/test_importing.py``).
"""

from __future__ import annotations

import gc
import importlib.metadata
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from graph_engine import Graph
from graph_engine.templates import templates

TABLE = Path(__file__).parent / "data" / "zoo.md"
TOO_LARGE = {"vit_h_14": "2.5 GB of weights", "regnet_y_128gf": "2.6 GB of weights"}
"""Models that are left out, and why: they are larger ones of families that are there."""

TIMM = """
    bat_resnext26ts beit_base_patch16_224 botnet26t_256 cait_xxs24_224 caformer_s18 coatnet_nano_rw_224 convit_tiny
    convmixer_768_32 convnext_atto convnextv2_atto crossvit_tiny_240 cs3darknet_s davit_tiny deit_tiny_patch16_224
    densenet121 dla34 dpn48b edgenext_xx_small efficientformer_l1 efficientnet_b0 efficientvit_b0 efficientvit_m0
    eva02_tiny_patch14_224 fastvit_t8 focalnet_tiny_srf gcvit_xxtiny gernet_s ghostnet_050 hardcorenas_a hgnet_tiny
    hiera_tiny_224 hrnet_w18_small inception_next_atto lcnet_050 levit_128s maxvit_tiny_rw_224 mixer_s32_224 mixnet_s
    mnasnet_050 mobilenetv3_small_050 mobilenetv4_conv_small mobilevit_xxs mvitv2_tiny nf_resnet26 pit_ti_224 poolformer_s12
    pvt_v2_b0 regnetx_002 repvgg_a0 repvit_m0_9 res2net50_26w_4s resmlp_12_224 resnet18 resnetv2_50 rexnet_100 selecsls42
    sequencer2d_s skresnet18 swin_tiny_patch4_window7_224 tiny_vit_5m_224 twins_pcpvt_small vgg11 visformer_tiny
    vit_tiny_patch16_224 volo_d1_224 xcit_nano_12_p16_224
"""
"""One of each of many families."""


class Model(NamedTuple):
    """A model to import.

    Attributes:
        kind: where it comes from.
        name: what it is called there.
        make: makes one.
        inputs: makes example inputs for it.
    """

    kind: str
    name: str
    make: Callable[[], nn.Module]
    inputs: Callable[[nn.Module], Any]


class Row(NamedTuple):
    """What came of one.

    Attributes:
        kind, name: of the model.
        outcome: ``bitwise``, ``equal`` to rounding, or what went wrong.
        nodes, opaque: how many, and how many without a block.
        seconds: how long the import took.
        difference: the largest, relative to the outputs.
        way: how it was found out, where it was not recorded.
    """

    kind: str
    name: str
    outcome: str
    nodes: int = 0
    opaque: int = 0
    seconds: float = 0.0
    difference: float = 0.0
    way: str = ""


def pictures(*sizes: int) -> Callable[[nn.Module], Tensor]:
    """A picture of the first size that a model takes."""

    def make(model: nn.Module) -> Tensor:
        for size in sizes:
            try:
                with torch.no_grad():
                    model(torch.zeros(2, 3, size, size))
            except Exception:  # any size but its own may break a model anywhere
                continue
            return torch.randn(2, 3, size, size)
        return torch.randn(2, 3, sizes[-1], sizes[-1])

    return make


def of_torchvision() -> Iterator[Model]:
    """All its classifiers."""
    import torchvision
    from torchvision.models import get_model, list_models

    more = {"googlenet": {"init_weights": False}, "inception_v3": {"init_weights": False}}
    for name in list_models(torchvision.models):
        if name not in TOO_LARGE:
            yield Model("torchvision", name, lambda n=name: get_model(n, weights=None, **more.get(n, {})), pictures(64, 224, 299))


def of_timm() -> Iterator[Model]:
    """One of each of many families."""
    import timm

    for name in TIMM.split():
        size = timm.models.get_pretrained_cfg(name).input_size[-1]
        yield Model("timm", name, lambda n=name: timm.create_model(n, pretrained=False), pictures(64, size))


def of_transformers() -> Iterator[Model]:
    """Architectures with small random configurations."""
    import transformers

    transformers.logging.set_verbosity_error()
    ids = torch.randint(5, 90, (2, 12), generator=torch.Generator().manual_seed(0))
    mask = torch.tensor([[1] * 12, [1] * 8 + [0] * 4])
    text = {"input_ids": ids, "attention_mask": mask}
    two = {**text, "decoder_input_ids": ids[:, :7].clone()}
    picture = {"pixel_values": torch.randn(2, 3, 32, 32)}
    base = {
        "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64, "vocab_size": 99,
        "max_position_embeddings": 64,
    }  # fmt: skip
    causal = {**base, "use_cache": False}
    grouped = {**causal, "num_key_value_heads": 2}
    vision = {k: base[k] for k in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size")} | {
        "image_size": 32,
        "patch_size": 8,
    }
    seq2seq = {
        "d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4, "decoder_attention_heads": 4,
        "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "vocab_size": 99, "use_cache": False, "pad_token_id": 1, "eos_token_id": 2,
        "bos_token_id": 0, "decoder_start_token_id": 2,
    }  # fmt: skip
    t5 = {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4, "vocab_size": 99, "use_cache": False}
    stages = {"hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 2, 1]}
    speech = {"input_features": torch.randn(2, 8, 40), "decoder_input_ids": ids[:, :7].clone()}
    whisper = {**seq2seq, "num_mel_bins": 8, "max_source_positions": 20, "max_target_positions": 32}
    wave = {
        "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64, "conv_dim": (16, 16),
        "conv_stride": (5, 2), "conv_kernel": (10, 3), "num_feat_extract_layers": 2, "vocab_size": 30,
    }  # fmt: skip
    small: dict[str, tuple[str, Mapping[str, Any], Mapping[str, Any]]] = {
        "BertForSequenceClassification": ("BertConfig", base, text),
        "BertForMaskedLM": ("BertConfig", base, text),
        "RobertaForSequenceClassification": ("RobertaConfig", base, text),
        "DistilBertForSequenceClassification": (
            "DistilBertConfig",
            {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64, "vocab_size": 99, "max_position_embeddings": 64},
            text,
        ),
        "AlbertForSequenceClassification": ("AlbertConfig", {**base, "embedding_size": 16}, text),
        "ElectraForSequenceClassification": ("ElectraConfig", {**base, "embedding_size": 16}, text),
        "DebertaV2ForSequenceClassification": ("DebertaV2Config", base, text),
        "MPNetForSequenceClassification": ("MPNetConfig", base, text),
        "FNetForSequenceClassification": ("FNetConfig", {k: v for k, v in base.items() if k != "num_attention_heads"}, {"input_ids": ids}),
        "GPT2LMHeadModel": ("GPT2Config", {"n_embd": 32, "n_layer": 2, "n_head": 4, "vocab_size": 99, "use_cache": False}, text),
        "GPTNeoXForCausalLM": ("GPTNeoXConfig", causal, text),
        "LlamaForCausalLM": ("LlamaConfig", grouped, text),
        "MistralForCausalLM": ("MistralConfig", grouped, text),
        "MixtralForCausalLM": ("MixtralConfig", {**grouped, "num_local_experts": 2}, text),
        "Qwen2ForCausalLM": ("Qwen2Config", grouped, text),
        "GemmaForCausalLM": ("GemmaConfig", {**grouped, "head_dim": 8}, text),
        "PhiForCausalLM": ("PhiConfig", causal, text),
        "FalconForCausalLM": ("FalconConfig", causal, text),
        "BloomForCausalLM": ("BloomConfig", {"hidden_size": 32, "n_layer": 2, "n_head": 4, "vocab_size": 99, "use_cache": False}, text),
        "OPTForCausalLM": ("OPTConfig", {**causal, "ffn_dim": 64, "word_embed_proj_dim": 32}, text),
        "MambaForCausalLM": (
            "MambaConfig",
            {"hidden_size": 32, "num_hidden_layers": 2, "state_size": 4, "vocab_size": 99, "use_cache": False},
            {"input_ids": ids},
        ),
        "T5EncoderModel": ("T5Config", t5, text),
        "T5ForConditionalGeneration": ("T5Config", t5, two),
        "BartForConditionalGeneration": ("BartConfig", {**seq2seq, "max_position_embeddings": 64}, two),
        "WhisperModel": ("WhisperConfig", whisper, speech),
        "Wav2Vec2ForCTC": ("Wav2Vec2Config", wave, {"input_values": torch.randn(2, 400)}),
        "CLIPModel": (
            "CLIPConfig",
            {"text_config": {**base, "eos_token_id": 98, "projection_dim": 16}, "vision_config": vision, "projection_dim": 16},
            {**text, **picture},
        ),
        "ViTForImageClassification": ("ViTConfig", vision, picture),
        "DeiTForImageClassification": ("DeiTConfig", vision, picture),
        "BeitForImageClassification": ("BeitConfig", vision, picture),
        "Dinov2Model": ("Dinov2Config", vision, picture),
        "SwinForImageClassification": (
            "SwinConfig",
            {"embed_dim": 16, "depths": [2, 2], "num_heads": [2, 4], "window_size": 4, "image_size": 32, "patch_size": 2},
            picture,
        ),
        "ConvNextForImageClassification": ("ConvNextConfig", {**stages, "image_size": 32}, picture),
        "ResNetForImageClassification": ("ResNetConfig", {**stages, "embedding_size": 8}, picture),
        "SegformerForImageClassification": (
            "SegformerConfig",
            {"hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 1, 1], "num_attention_heads": [1, 2, 4, 4]},
            picture,
        ),
    }
    for name, (config, values, inputs) in small.items():

        def make(name: str = name, config: str = config, values: Mapping[str, Any] = values) -> nn.Module:
            return getattr(transformers, name)(getattr(transformers, config)(**values))

        yield Model("transformers", name, make, lambda _, given=inputs: dict(given))


def of_templates() -> Iterator[Model]:
    """The networks that the program comes with: exported, and imported again."""
    for template in templates():
        yield Model("templates", template.id, template.graph.compile, lambda _, graph=template.graph: example(graph))


def example(graph: Graph, batch: int = 2) -> tuple[Tensor, ...]:
    """Tensors that a network takes, with 12 in place of each free size."""
    generator = torch.Generator().manual_seed(0)
    made = []
    for node in graph:
        if node.spec.call.kind == "input":
            shape = [batch, *(s if isinstance(s, int) else 12 for s in node.params["shape"])]
            dtype = getattr(torch, node.params["dtype"])
            whole = torch.randint(1, 5, shape, generator=generator).to(dtype)
            made.append(torch.randn(shape, generator=generator).to(dtype) if dtype.is_floating_point else whole)
    return tuple(made)


KINDS: Mapping[str, Callable[[], Iterator[Model]]] = {
    "templates": of_templates,
    "transformers": of_transformers,
    "torchvision": of_torchvision,
    "timm": of_timm,
}


def tried(model: Model) -> Row:
    """Imports one model."""
    torch.manual_seed(0)
    started = time.perf_counter()
    try:
        module = model.make().eval()
        inputs = model.inputs(module)
        started = time.perf_counter()
        graph = Graph.from_module(module, inputs)
    except Exception as error:  # whatever it is, it is what came of it
        if "--trace" in sys.argv:
            traceback.print_exc()
        words = " ".join(str(error).split())
        return Row(model.kind, model.name, f"{type(error).__name__}: {words[:160]}", seconds=time.perf_counter() - started)
    report = graph.report
    assert report is not None
    outcome = "bitwise" if report.bitwise else "equal" if report.agrees else "different"
    opaque = sum(report.opaque.values())
    way = "" if "recorded" in report.way else f", {report.way}"
    return Row(model.kind, model.name, outcome, report.nodes, opaque, time.perf_counter() - started, report.largest, way)


def table(rows: list[Row]) -> str:
    """The rows as Markdown, with what they come to."""
    versions = ", ".join(f"{name} {_version(name)}" for name in ("torch", "torchvision", "timm", "transformers"))
    lines = [
        "# Import of real models",
        "",
        f"Written by `python -m tests.zoo`, with {versions}.",
        "Each model runs, with random weights, at two sizes of the batch. Its graph is exported as source, which is imported, given the",
        "weights, and held against the original at two other sizes of the batch. *bitwise*: every element of every output is the same to",
        "the bit; *equal*: to rounding, the largest difference relative to the outputs in brackets.",
        "",
        "| from | models | bitwise | equal | opaque nodes | median time |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for kind in KINDS:
        mine = [r for r in rows if r.kind == kind]
        if mine:
            bitwise = sum(r.outcome == "bitwise" for r in mine)
            equal = bitwise + sum(r.outcome == "equal" for r in mine)
            share = sum(r.opaque for r in mine) / max(1, sum(r.nodes for r in mine))
            times = sorted(r.seconds for r in mine)
            lines.append(f"| {kind} | {len(mine)} | {bitwise} | {equal} | {share:.1%} | {times[len(times) // 2]:.1f} s |")
    for kind in KINDS:
        mine = [r for r in rows if r.kind == kind]
        if mine:
            lines += ["", f"## {kind}", "", "| model | outputs | nodes | opaque | seconds |", "| --- | --- | ---: | ---: | ---: |"]
        for r in mine:
            outcome = f"equal ({r.difference:.0e})" if r.outcome == "equal" else r.outcome
            lines.append(f"| {r.name} | {outcome}{r.way} | {r.nodes or ''} | {r.opaque or ''} | {r.seconds:.1f} |")
    if any(r.kind == "torchvision" for r in rows):
        lines += ["", *(f"Left out: {name}, {why}." for name, why in TOO_LARGE.items())]
    return "\n".join(lines) + "\n"


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "absent"


def main(arguments: list[str]) -> int:
    """Tries the kinds of models that are named, or all.

    Returns:
        0 where all agree with the original.
    """
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    target = Path(arguments[arguments.index("-o") + 1]) if "-o" in arguments else TABLE
    kinds = [k for k in KINDS if k in arguments] or list(KINDS)
    library = torch.library.Library("torchvision", "DEF")  # its wheel for CUDA wants two operators that the CPU's torch lacks
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    rows: list[Row] = []
    for kind in kinds:
        for model in KINDS[kind]():
            rows.append(tried(model))
            print(*rows[-1], flush=True)
            target.write_text(table(rows), encoding="utf-8")
            gc.collect()
    return int(any(r.outcome not in ("bitwise", "equal") for r in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

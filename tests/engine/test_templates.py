"""What templates promise beyond checking, training and exporting, which other tests ask of all of them."""

from __future__ import annotations

from importlib.resources import files

import pytest
import torch

from graph_engine.document.write import to_text
from graph_engine.templates import Template, template, templates


def test_attention_from_primitives_gives_the_numbers_of_the_block() -> None:
    block, drawn = template("attention_digits").graph, template("attention_primitives_digits").graph
    block.set(block.named("attention1"), num_heads=1)
    whole, parts = block.compile().eval(), drawn.compile().eval()
    given = parts.state_dict()
    attention = {
        "attention1.in_proj_weight": torch.cat([given[f"{name}.weight"] for name in ("query", "key", "value")]),
        "attention1.in_proj_bias": torch.cat([given[f"{name}.bias"] for name in ("query", "key", "value")]),
        "attention1.out_proj.weight": given["project.weight"],
        "attention1.out_proj.bias": given["project.bias"],
    }
    others = {name: given[name.replace("layer_norm1", "norm")] for name in whole.state_dict() if not name.startswith("attention1")}
    whole.load_state_dict(attention | others)
    x = torch.rand(3, 1, 8, 8)
    torch.testing.assert_close(whole(x), parts(x))


def test_the_documents_cnn_has_93322_parameters() -> None:
    assert template("cnn_digits").graph.check().parameters == 93_322
    assert template("lenet5_digits").graph.check().parameters == 61_706


@pytest.mark.parametrize("one", templates(), ids=lambda t: t.id)
def test_each_is_written_as_it_would_be_saved(one: Template) -> None:
    text = (files("assets") / "templates" / f"{one.id}.archloom").read_text(encoding="utf-8")
    assert to_text(one.open()) == text

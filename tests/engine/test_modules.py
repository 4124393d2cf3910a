"""The layers that torch lacks compute what their papers say."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from graph_engine import Graph
from graph_engine.modules.attention_pool import AttentionPool
from graph_engine.modules.causal_mask import CausalMask
from graph_engine.modules.class_token import ClassToken
from graph_engine.modules.gaussian_divergence import GaussianDivergence
from graph_engine.modules.gaussian_sample import GaussianSample
from graph_engine.modules.last_step import LastStep
from graph_engine.modules.learned_positional_embedding import LearnedPositionalEmbedding
from graph_engine.modules.length_mask import LengthMask
from graph_engine.modules.lengths import Lengths
from graph_engine.modules.mean_pool import MeanPool
from graph_engine.modules.padding_mask import PaddingMask
from graph_engine.modules.rotary_embedding import RotaryEmbedding
from graph_engine.modules.run_packed import run_packed
from graph_engine.modules.sinusoidal_positional_encoding import SinusoidalPositionalEncoding


def test_sines_and_cosines_are_those_of_the_paper() -> None:
    for features in (7, 8):
        table = SinusoidalPositionalEncoding()(torch.zeros(1, 30, features))[0]
        for position in (0, 1, 29):
            for i in range(features):
                angle = position / 10_000 ** (2 * (i // 2) / features)
                expected = math.cos(angle) if i % 2 else math.sin(angle)
                assert abs(table[position, i].item() - expected) < 1e-5


def test_products_of_rotated_vectors_depend_on_the_distance_only() -> None:
    query, key = torch.randn(1, 1, 8), torch.randn(1, 1, 8)
    rotary = RotaryEmbedding()
    queries, keys = rotary(query.expand(1, 20, 8))[0], rotary(key.expand(1, 20, 8))[0]
    products = queries @ keys.T
    for distance in range(-19, 20):
        diagonal = products.diagonal(distance)
        assert torch.allclose(diagonal, diagonal[0].expand_as(diagonal), atol=1e-4)
    assert torch.allclose(queries.norm(dim=1), query.norm().expand(20), atol=1e-5)
    assert torch.equal(rotary(query), query), "the first position is not turned"


def test_the_causal_mask_is_that_of_torchs_transformer() -> None:
    expected = nn.Transformer.generate_square_subsequent_mask(6).isinf()
    assert torch.equal(CausalMask()(torch.zeros(2, 6, 3)), expected)
    assert torch.equal(CausalMask()(torch.zeros(2, 6, dtype=torch.int64)), expected)


def test_padding_does_not_count() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 5, 3)
    lengths = torch.tensor([5, 3])
    mask = PaddingMask()(torch.tensor([[4, 2, 7, 1, 9], [3, 3, 8, 0, 0]]))
    assert mask.tolist() == [[False] * 5, [False, False, False, True, True]]
    pool = AttentionPool(3)
    assert torch.equal(LastStep()(x, lengths), torch.stack((x[0, 4], x[1, 2])))
    assert torch.equal(LastStep()(x), x[:, -1])
    assert torch.allclose(MeanPool()(x, mask), torch.stack((x[0].mean(0), x[1, :3].mean(0))))
    assert torch.allclose(MeanPool()(x), x.mean(1))
    assert torch.allclose(pool(x, mask)[1], pool(x[1:, :3])[0], atol=1e-6)


TOKENS = torch.tensor([[4, 2, 7, 1, 9], [3, 3, 8, 0, 0], [5, 0, 0, 0, 0], [6, 1, 2, 2, 0]])
LENGTHS = torch.tensor([5, 3, 1, 4])


def test_lengths_and_masks_agree() -> None:
    assert torch.equal(Lengths()(TOKENS), LENGTHS)
    assert torch.equal(Lengths(9)(TOKENS), torch.tensor([4, 5, 5, 5]))
    for x in (TOKENS, torch.randn(4, 5, 3)):
        assert torch.equal(LengthMask()(LENGTHS, x), PaddingMask()(TOKENS))


def states(block: str, bidirectional: bool) -> tuple[Tensor, ...]:
    """Initial states for four sequences and a layer as below."""
    torch.manual_seed(3)
    return tuple(torch.randn(4 if bidirectional else 2, 4, 6) for _ in range(2 if block == "LSTM" else 1))


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("block", ["RNN", "GRU", "LSTM"])
def test_a_padded_sequence_is_read_as_if_it_were_alone(block: str, given: bool, batch_first: bool, bidirectional: bool) -> None:
    graph = Graph("packed")
    sequence = graph.add("Input", name="sequence", shape=[5, 3])
    lengths = graph.add("Input", name="lengths", shape=[], dtype="int64")
    layer = graph.add(block, name="layer", hidden_size=6, num_layers=2, batch_first=batch_first, bidirectional=bidirectional)
    if batch_first:
        graph.connect(sequence, layer)
    else:
        graph.connect(sequence, time_first := graph.add("Permute", dims=[1, 0, 2]))
        graph.connect(time_first, layer)
    graph.connect(lengths, layer, target_port="lengths")
    kinds = ("h", "c") if block == "LSTM" else ("h",)
    for kind in kinds if given else ():
        start = graph.add("Input", name=f"{kind}_0", shape=[4 if bidirectional else 2, 6])
        graph.connect(start, turned := graph.add("Permute", dims=[1, 0, 2]))
        graph.connect(turned, layer, target_port=f"{kind}_0")
    for port in ("output", *(f"{kind}_n" for kind in kinds)):
        graph.connect(layer, graph.add("Output"), port)
    torch.manual_seed(1)
    network = graph.compile()
    alone = network.layer
    assert isinstance(alone, nn.RNNBase)
    x = torch.randn(4, 5, 3)
    initial = states(block, bidirectional) if given else ()
    output, *last = network(x, LENGTHS, *(state.transpose(0, 1) for state in initial))
    output = output if batch_first else output.transpose(0, 1)
    for i, length in enumerate(LENGTHS.tolist()):
        own = x[i : i + 1, :length] if batch_first else x[i : i + 1, :length].transpose(0, 1)
        one = tuple(state[:, i : i + 1].contiguous() for state in initial)
        expected, final = alone(own, (one if block == "LSTM" else one[0]) if given else None)
        expected = expected if batch_first else expected.transpose(0, 1)
        torch.testing.assert_close(output[i, :length], expected[0])
        assert output[i, length:].eq(0).all()
        for state, wanted in zip(last, final if block == "LSTM" else (final,), strict=True):
            torch.testing.assert_close(state[:, i], wanted[:, 0])


def test_lengths_become_masks_of_attention() -> None:
    graph = Graph("masked")
    sequence = graph.add("Input", name="sequence", shape=["T", 8])
    lengths = graph.add("Input", name="lengths", shape=[], dtype="int32")
    mask, attention = graph.add("LengthMask"), graph.add("MultiheadAttention", name="attention", num_heads=2, batch_first=True)
    graph.connect(lengths, mask, target_port="lengths")
    graph.connect(sequence, mask, target_port="input")
    for port in ("query", "key", "value"):
        graph.connect(sequence, attention, target_port=port)
    graph.connect(mask, attention, target_port="key_padding_mask")
    graph.connect(attention, graph.add("Output"), "output")
    network = graph.compile().eval()
    x = torch.randn(4, 5, 8)
    whole = network(x, LENGTHS.int())
    for i, length in enumerate(LENGTHS.tolist()):
        torch.testing.assert_close(whole[i, :length], network(x[i : i + 1, :length], LENGTHS[i : i + 1].int())[0])


def test_lengths_of_any_type_and_empty_sequences_are_packed() -> None:
    layer, x = nn.GRU(3, 4, batch_first=True), torch.randn(2, 5, 3)
    for lengths in (torch.tensor([0, 2]), torch.tensor([0, 2], dtype=torch.int32)):
        output, state = run_packed(layer, x, lengths=lengths)
        assert output.shape == (2, 5, 4) and output.isfinite().all() and state.isfinite().all()


def test_a_row_of_padding_alone_gives_numbers() -> None:
    x, mask = torch.randn(1, 4, 3), torch.ones(1, 4, dtype=torch.bool)
    for result in (MeanPool()(x, mask), AttentionPool(3)(x, mask), LastStep()(x, torch.tensor([0]))):
        assert result.isfinite().all()


def test_what_is_learned_receives_gradients() -> None:
    x = torch.randn(2, 4, 6)
    token, positions = ClassToken(6), LearnedPositionalEmbedding(6, 10)
    assert torch.equal(token(x)[:, 1:], x)
    positions(token(x)).sum().backward()
    assert token.token.grad is not None and token.token.grad.ne(0).all()
    assert positions.weight.grad is not None and positions.weight.grad[:5].ne(0).all() and positions.weight.grad[5:].eq(0).all()


def test_a_sample_has_the_mean_and_the_variance_asked_for() -> None:
    torch.manual_seed(0)
    sample = GaussianSample()
    mean, log_variance = torch.full((20_000,), 3.0), torch.full((20_000,), math.log(4.0), requires_grad=True)
    drawn = sample(mean, log_variance)
    assert abs(drawn.mean().item() - 3) < 0.1 and abs(drawn.std().item() - 2) < 0.1
    drawn.sum().backward()
    assert log_variance.grad is not None
    assert torch.equal(sample.eval()(mean, log_variance), mean)


def test_the_divergence_is_that_of_torchs_distributions() -> None:
    mean, log_variance = torch.randn(5, 2, 3), torch.randn(5, 2, 3)
    given = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
    expected = torch.distributions.kl_divergence(given, torch.distributions.Normal(0.0, 1.0)).sum(dim=(1, 2))
    torch.testing.assert_close(GaussianDivergence()(mean, log_variance), expected)

"""Trains templates and prints what they reached beside what simpler methods reach on the same data.

``python -m tests.benchmarks.bench_templates [TEMPLATE …]``; all templates, if none is named. Seeds are fixed; a CPU of another
kind or another number of threads changes the last digits. What is compared is fitted to the training part and measured, once, on the test
part that the template's own document asks for.
"""

from __future__ import annotations

import math
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load_file
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.utils.data import TensorDataset

from graph_engine.templates import template
from graph_engine.training.loading import loaded
from graph_engine.training.run import train
from graph_engine.training.rundir import SOURCE, WEIGHTS

Figures = dict[str, str]

CODE = 8
"""Numbers in the code of the autoencoders."""

DRAWS = 32
"""Codes that are drawn for each picture where a mean over codes is wanted."""

REACH = 5
"""Pixels across the neighbourhood that a linear filter sees."""


class Trained(NamedTuple):
    """What came of a template.

    Attributes:
        train, test: the parts that it learned from and is tested on.
        metrics: of its run.
        model: with the weights after the last epoch.
    """

    train: TensorDataset
    test: TensorDataset
    metrics: Mapping[str, float]
    model: nn.Module


def trained(id: str, folder: Path) -> Trained:
    """Trains a template."""
    metrics = train(template(id).graph, folder, lambda _: None).metrics
    with loaded(folder / SOURCE) as script:
        train_part, _, test_part = script.read_data(script.SEED)
        model = script.make_model()
    model.load_state_dict(load_file(folder / WEIGHTS))
    return Trained(train_part, test_part, metrics, model)


def table(run: Trained) -> Figures:
    """Against logistic regression on the same figures."""
    (x, y), (u, v) = run.train.tensors, run.test.tensors
    score = LogisticRegression(max_iter=5000).fit(x, y).score(u, v)
    return {"network": f"{run.metrics['test/accuracy']:.1%}", "logistic regression": f"{score:.1%}"}


def quantity(run: Trained) -> Figures:
    """Against the mean of the training part, and linear regression."""
    (x, y), (u, v) = run.train.tensors, run.test.tensors
    linear = torch.from_numpy(LinearRegression().fit(x, y).predict(u))
    return {
        "network, mean absolute error": f"{run.metrics['test/mae']:.3f}",
        "linear regression": f"{(linear - v).abs().mean():.3f}",
        "the mean, always": f"{(y.mean(dim=0) - v).abs().mean():.3f}",
    }


def two_targets(run: Trained) -> Figures:
    """Against the commonest class and the mean."""
    cultivar, proline = run.train.tensors[2:]
    common = DummyClassifier().fit(cultivar, cultivar).score(run.test.tensors[2], run.test.tensors[2])
    return {
        "network, cultivar": f"{run.metrics['test/cultivar_accuracy']:.1%}",
        "the commonest cultivar, always": f"{common:.1%}",
        "network, error of proline": f"{run.metrics['test/proline_mae']:.3f}",
        "the mean, always": f"{(proline.mean() - run.test.tensors[3]).abs().mean():.3f}",
    }


def forecast(run: Trained) -> Figures:
    """Against the same month of last year, the same with last year's rise, and linear regression on the window."""
    (x, y), (u, v) = run.train.tensors, run.test.tensors
    past = u[:, :, 0]
    seasonal = past[:, -12:]
    rise = past[:, -1:] - past[:, -13:-12]
    linear = torch.from_numpy(LinearRegression().fit(x[:, :, 0], y).predict(past))
    others = {"same month of last year": seasonal, "the same, and last year's rise": seasonal + rise, "linear regression": linear}
    ours = {"network, mean absolute error in ppm": f"{run.metrics['test/mae']:.3f}"}
    return ours | {name: f"{(forecast - v).abs().mean():.3f}" for name, forecast in others.items()}


def letters(run: Trained) -> Figures:
    """Against logistic regression on how often each letter occurs."""
    (x, y), (u, v) = run.train.tensors, run.test.tensors
    score = LogisticRegression(max_iter=5000).fit(_bag(x), y).score(_bag(u), v)
    return {"network": f"{run.metrics['test/accuracy']:.1%}", "logistic regression on letter counts": f"{score:.1%}"}


def _bag(names: Tensor) -> Tensor:
    return torch.stack([torch.bincount(name[name > 0], minlength=128) for name in names]).float()


def translation(run: Trained) -> Figures:
    """Exact matches. With right tokens before it each token is the likeliest one, so greedy decoding writes the same: both are counted."""
    return {"network, exact match": f"{run.metrics['test/exact']:.2%}", "single tokens": f"{run.metrics['test/accuracy']:.2%}"}


def answers(run: Trained) -> Figures:
    """Against the commonest places, and against the sentence that has most words of the question, in it what is neither asked nor common.

    Both parts of an answer must be right. What is common is the hundred words that occur most often in the texts of the training part.
    """
    texts, _, first, last = run.train.tensors
    common = {word for word, _ in Counter(texts.flatten().tolist()).most_common(100)}
    [(places, _)] = Counter(zip(first.tolist(), last.tolist(), strict=True)).most_common(1)
    samples = list(zip(*(tensor.tolist() for tensor in run.test.tensors), strict=True))
    full_stop = int(texts[0, texts[0].count_nonzero() - 1])
    always = sum(places == (first, last) for _, _, first, last in samples) / len(samples)
    overlap = sum(_overlap(text, set(question), common, full_stop) == (first, last) for text, question, first, last in samples)
    return {
        "network, exact match": f"{run.metrics['test/exact']:.2%}",
        "sentence of most common words": f"{overlap / len(samples):.2%}",
        "the commonest places, always": f"{always:.2%}",
    }


def _overlap(text: list[int], question: set[int], common: set[int], full_stop: int) -> tuple[int, int]:
    """First and last word of the longest run of words that are neither in the question nor common, in the sentence nearest to it."""
    ends = [i for i, word in enumerate(text) if word == full_stop]
    sentences = [range(begin, end) for begin, end in zip([0, *(end + 1 for end in ends)], ends, strict=False)]
    nearest = max(sentences, key=lambda sentence: len({text[i] for i in sentence} & question))
    runs: list[list[int]] = [[]]
    for i in nearest:
        if text[i] in question or text[i] in common:
            runs.append([])
        else:
            runs[-1].append(i)
    longest = max(runs, key=len)
    return (longest[0], longest[-1]) if longest else (0, 0)


def language_model(run: Trained) -> Figures:
    """Against interpolated Kneser-Ney models, which see the text before each letter without a break at the samples' ends."""
    seen, unseen = _text(run.train), _text(run.test)
    figures = {"network, bits per letter": f"{run.metrics['test/loss'] / math.log(2):.3f}"}
    for order in (3, 5, 6):
        figures[f"Kneser-Ney of order {order}"] = f"{KneserNey(seen, order, 97).bits(unseen):.3f}"
    return figures


def _text(part: TensorDataset) -> list[int]:
    text, following = part.tensors
    return [*text.flatten().tolist(), int(following[-1, -1])]


class KneserNey:
    """An n-gram model with absolute discounting, interpolated with the shorter ones by how many contexts a token follows on.

    Args:
        text: what to learn from.
        order: tokens in an n-gram.
        vocabulary: how many different tokens there may be.
    """

    def __init__(self, text: list[int], order: int, vocabulary: int):
        self._order, self._vocabulary = order, vocabulary
        grams = [Counter(tuple(text[i : i + n]) for i in range(len(text) - n + 1)) for n in range(1, order + 1)]
        self._counts = [Counter(gram[1:] for gram in longer) for longer in grams[1:]] + [grams[-1]]
        self._totals: list[Counter[tuple[int, ...]]] = []
        self._kinds: list[Counter[tuple[int, ...]]] = []
        self._discounts = []
        for counts in self._counts:
            totals: Counter[tuple[int, ...]] = Counter()
            for gram, count in counts.items():
                totals[gram[:-1]] += count
            self._totals.append(totals)
            self._kinds.append(Counter(gram[:-1] for gram in counts))
            once, twice = (sum(count == n for count in counts.values()) for n in (1, 2))
            self._discounts.append(once / (once + 2 * twice) if once else 0.5)

    def probability(self, before: tuple[int, ...], token: int) -> float:
        """Of a token behind others."""
        result = 1 / self._vocabulary
        for n in range(self._order):
            context = before[len(before) - n :]
            total = self._totals[n][context]
            if len(context) < n or not total:
                break
            discounted = max(self._counts[n][(*context, token)] - self._discounts[n], 0)
            result = (discounted + self._discounts[n] * self._kinds[n][context] * result) / total
        return result

    def bits(self, text: list[int]) -> float:
        """Bits per token of a text, the first one left out."""
        reach = self._order - 1
        found = (self.probability(tuple(text[max(0, i - reach) : i]), text[i]) for i in range(1, len(text)))
        return -sum(map(math.log2, found)) / (len(text) - 1)


def pictures(run: Trained) -> Figures:
    """Against logistic regression on the pixels."""
    (x, y), (u, v) = run.train.tensors, run.test.tensors
    score = LogisticRegression(max_iter=5000).fit(x.flatten(1), y).score(u.flatten(1), v)
    return {"network": f"{run.metrics['test/accuracy']:.1%}", "logistic regression on the pixels": f"{score:.1%}"}


def reproduction(run: Trained) -> Figures:
    """Against principal components, as many as the code has numbers."""
    components = _components(run)
    u = run.test.tensors[0].flatten(1)
    again = torch.from_numpy(components.inverse_transform(components.transform(u)))
    return {
        "network, root mean squared error": f"{run.metrics['test/rmse']:.4f}",
        f"{components.n_components} principal components": f"{(again - u).square().mean().sqrt():.4f}",
    }


def likelihood(run: Trained) -> Figures:
    """Against probabilistic principal components, which are the same kind of model with a linear decoder.

    Where the loss is a mean squared error and ``factor`` times the divergence, the decoder's pixels are normal with a variance of
    ``factor`` times half their number. Then minus the loss, in nats, is a lower bound of the logarithm of the likelihood.
    """
    components = _components(run)
    u = run.test.tensors[0]
    pixels, factor = u[0].numel(), template("vae_digits").graph.named("kl").params["factor"]
    variance = factor * pixels / 2
    torch.manual_seed(0)
    with torch.inference_mode():
        drawn = [run.model.train()(u) for _ in range(DRAWS)]
    losses = torch.stack([(pictures - u).square().flatten(1).sum(dim=1) / (2 * variance) + kl for pictures, kl in drawn])
    bound = -losses.mean().item() - pixels / 2 * math.log(2 * math.pi * variance)
    return reproduction(run) | {
        "network, log-likelihood of a picture in nats, at least": f"{bound:.1f}",
        "probabilistic principal components": f"{components.score(u.flatten(1)):.1f}",
    }


def _components(run: Trained) -> PCA:
    return PCA(n_components=CODE).fit(run.train.tensors[0].flatten(1))


def cleaning(run: Trained) -> Figures:
    """Against the noisy patches, and the linear filter that is best on the training part."""
    (x, y), (u, v) = run.train.tensors, run.test.tensors
    linear = LinearRegression().fit(_neighbourhoods(x), _pixels(y)).predict(_neighbourhoods(u))
    return {
        "network, signal to noise": _decibel(run.metrics["test/rmse"]),
        f"linear filter of {REACH}×{REACH} pixels": _decibel((torch.from_numpy(linear) - _pixels(v)).square().mean().sqrt().item()),
        "as it was": _decibel((u - v).square().mean().sqrt().item()),
    }


def _neighbourhoods(patches: Tensor) -> Tensor:
    return F.unfold(F.pad(patches, (REACH // 2,) * 4, mode="reflect"), REACH).transpose(1, 2).flatten(0, 1)


def _pixels(patches: Tensor) -> Tensor:
    return patches.flatten(2).transpose(1, 2).flatten(0, 1)


def _decibel(error: float) -> str:
    return f"{-20 * math.log10(error):.2f} dB"


def sameness(run: Trained) -> Figures:
    """Against logistic regression on how much each pixel differs."""
    (left, right, y), (other_left, other_right, v) = run.train.tensors, run.test.tensors
    model = LogisticRegression(max_iter=5000).fit((left - right).abs().flatten(1), y)
    score = model.score((other_left - other_right).abs().flatten(1), v)
    return {"network": f"{run.metrics['test/accuracy']:.1%}", "logistic regression on the pixels' differences": f"{score:.1%}"}


COMPARISONS: dict[str, Callable[[Trained], Figures]] = {
    "mlp_digits": pictures,
    "cnn_digits": pictures,
    "lenet5_digits": pictures,
    "resnet_digits": pictures,
    "mobilenet_digits": pictures,
    "vit_digits": pictures,
    "siamese_digits": sameness,
    "hybrid_digits": pictures,
    "lstm_digits": pictures,
    "attention_digits": pictures,
    "attention_primitives_digits": pictures,
    "autoencoder_digits": reproduction,
    "vae_digits": likelihood,
    "unet_photographs": cleaning,
    "mlp_wine": table,
    "mlp_breast_cancer": table,
    "mlp_diabetes": quantity,
    "two_parts_wine": two_targets,
    "rnn_co2": forecast,
    "lstm_co2": forecast,
    "tcn_co2": forecast,
    "gru_languages": letters,
    "lstm_languages": letters,
    "transformer_languages": letters,
    "gru_countries": answers,
    "seq2seq_dates": translation,
    "transformer_dates": translation,
    "lstm_python": language_model,
    "transformer_python": language_model,
}
"""What each template is compared with."""


def main() -> None:
    """Prints a line of figures for each template."""
    with tempfile.TemporaryDirectory() as folder:
        for id in sys.argv[1:] or COMPARISONS:
            began = time.monotonic()
            run = trained(id, Path(folder) / id)
            seconds = time.monotonic() - began
            figures = COMPARISONS[id](run)
            print(f"{id} ({seconds:.0f} s): {'; '.join(f'{name} {value}' for name, value in figures.items())}", flush=True)


if __name__ == "__main__":
    main()

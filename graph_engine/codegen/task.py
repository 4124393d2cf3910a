"""What the training script does with the outputs of the network: losses and metrics for each target of the data set."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from graph_engine.codegen.shown import show_lines, spelled
from graph_engine.codegen.values import literal
from graph_engine.settings.datasets import DatasetOption, Field
from graph_engine.settings.losses import OWN, LossOption
from graph_engine.settings.metrics import Asked, constructor, prediction, truth
from graph_engine.settings.option import Selected
from graph_engine.spec.tensor import Shape

TALLIES = {
    "hits": ("count_hits", ("seen", "hits"), {"accuracy": "{hits} / {seen}"}),
    "token hits": (
        "count_token_hits",
        ("seen", "hits", "samples", "whole"),
        {"accuracy": "{hits} / {seen}", "exact": "{whole} / {samples}"},
    ),
    "whole": ("count_whole", ("samples", "whole"), {"exact": "{whole} / {samples}"}),
    "errors": (
        "sum_errors",
        ("seen", "absolute", "squared"),
        {"mae": "{absolute} / {seen}", "rmse": "math.sqrt({squared} / {seen})"},
    ),
}
"""For each part of the script that looks at outputs: its function, what that adds up, and the metrics made of the sums.

``whole`` looks at all outputs at once, the others at one."""


class End(NamedTuple):
    """An output of the network.

    Attributes:
        name: of its node.
        shape: of what it gives.
        factor: how often its mean counts beside the losses; None where it is compared with a target.
    """

    name: str
    shape: Shape
    factor: float | None


class Task:
    """Which parts of the script are needed for a data set and a loss, and the lines that depend on its fields.

    Args:
        dataset: with sizes in its shapes.
        losses: of each target.
        metrics: those of torchmetrics that are switched on.
        mixed: samples of the training part may be mixed, so that targets are shares of classes.
        ends: the network's outputs in their order, which for those with a target is that of the targets.
    """

    def __init__(
        self,
        dataset: DatasetOption,
        losses: Sequence[Selected[LossOption]],
        ends: Sequence[End],
        metrics: Sequence[Asked] = (),
        mixed: bool = False,
    ):
        self._dataset = dataset
        self._ends = ends
        self._terms = [end for end in ends if end.factor is not None]
        outputs = [end.shape for end in ends if end.factor is None]
        self._losses = losses
        self._metrics = metrics
        self._mixed = mixed
        self._last = [
            _holds_classes_last(field, one, shape) for field, one, shape in zip(dataset.targets, self._losses, outputs, strict=True)
        ]
        self._kinds = [_kind(field, one.option) for field, one in zip(dataset.targets, self._losses, strict=True)]

        takes_classes = all(one.option.target == "class" for one in self._losses)
        self._show = show_lines(dataset, self._last) if takes_classes and not self._terms else []

    def parts(self) -> set[str]:
        """Names of the parts of the script's template."""
        cut = {"cut"} if any(field.is_cut for field in self._fields) else set()
        padded = {"padded"} if cut or "token hits" in self._kinds else set()
        balanced = [one.params.get("balance") == "balanced" for one in self._losses]
        others = {"terms": bool(self._terms), "whole": self._dataset.whole, "balanced": any(balanced)}
        weighted = [is_weighted(one) for one in self._losses]
        others |= {"metrics": bool(self._metrics), "perplexity": any(one.metric.call == "Perplexity" for one in self._metrics)}
        others |= {"torchmetrics": any(one.metric.call != "Perplexity" for one in self._metrics)}
        others |= {"weighted": any(weighted) and not self._several, "weighted losses": any(weighted) and self._several}
        loss = "one loss" if len(self._losses) == 1 else "losses"
        return {*self._kinds, *cut, *padded, *self._shown(), *(part for part, there in others.items() if there), loss}

    def values(self) -> dict[str, str]:
        """Values for the script's template."""
        padding = next((field.padding for field in self._fields if field.padding is not None), None)
        return {
            "padding": literal(padding),
            "loss": _loss(self._dataset.targets[0], self._losses[0]),
            "losses": "".join(
                f"    {literal(field.name)}: {_loss(field, one)},\n" for field, one in zip(self._dataset.targets, self._losses, strict=True)
            ).rstrip(),
            "zeros": self._zeros(),
            "metrics": "\n".join(
                f"    {literal(one.name)}: {constructor(one, self._dataset.targets[one.place])}," for one in self._metrics
            ),
            "balances": "\n".join(f"    {line}" for line in self._balances()),
            "judge": "\n".join(f"    {line}" for line in self._judge()),
            "measures": "\n".join(f"    {line}" for line in self._measures()),
            "readers": "load, vocabularies" if self._show and spelled(self._dataset) else "load",
            "show": "\n".join(f"    {line}" for line in self._show),
            "end": literal(self._dataset.targets[0].end),
            "classes": "\n".join(f"    {literal(name)}," for name in self._dataset.targets[0].classes),
        }

    def _shown(self) -> set[str]:
        """The parts that show samples."""
        if not self._show:
            return set()
        target = self._dataset.targets[0]
        optional = {
            "words": bool(spelled(self._dataset)),
            "pictures": any(field.is_picture for field in self._dataset.inputs),
            "written": bool(target.continues),
            "ends": target.end is not None,
            "named": bool(target.classes),
        }
        return {"samples", *(part for part, there in optional.items() if there)}

    @property
    def _tallied(self) -> list[str]:
        """What is added up: for each target, then for all of them."""
        return [*self._kinds, *["whole"] * self._dataset.whole]

    def _zeros(self) -> str:
        """The sums over no samples."""
        count = sum(len(TALLIES[kind][1]) for kind in self._tallied) + 2 * len(self._terms) + self._several * len(self._kinds)
        return f"[0.0] * ({count} + sizes(METRICS))" if self._metrics else literal([self._zero] * count)

    @property
    def _fields(self) -> tuple[Field, ...]:
        return self._dataset.inputs + self._dataset.targets

    @property
    def _zero(self) -> int | float:
        """The first value of a sum: whole where all of them count."""
        return 0.0 if "errors" in self._kinds or self._terms or self._several or self._metrics else 0

    @property
    def _several(self) -> bool:
        """Whether there are several losses, each of which is measured by itself, too."""
        return len(self._losses) > 1

    def _balances(self) -> list[str]:
        """The weights of the losses whose classes are to count alike, found in the training part."""
        first = len(self._dataset.inputs)
        return [
            f"{loss}.weight = class_weights(parts[0], {first + place}, {field.choices})"
            for place, (field, one, loss) in enumerate(zip(self._dataset.targets, self._losses, self._loss_names, strict=True))
            if one.params.get("balance") == "balanced"
        ]

    @property
    def _loss_names(self) -> list[str]:
        """What the loss of each target is called in the script."""
        return [f"LOSSES[{literal(field.name)}]" for field in self._dataset.targets] if self._several else ["LOSS"]

    def _judge(self) -> list[str]:
        names = [field.name for field in self._fields]
        inputs, targets = [f.name for f in self._dataset.inputs], [f.name for f in self._dataset.targets]
        outputs = ["outputs"] if len(targets) == 1 else [f"{name}_outputs" for name in targets]
        cut = [field.name for field in self._fields if field.is_cut]
        lines = [f"{', '.join(names)} = {'map(trim, samples)' if cut == names else 'samples'}"]
        if cut != names:
            lines += [f"{name} = trim({name})" for name in cut]
        named = iter(outputs)
        received = [next(named) if end.factor is None else f"{end.name}_term" for end in self._ends]
        lines += [f"{', '.join(received)} = model({', '.join(inputs)})"]
        lines += [
            f"{output} = {output}.movedim(-1, 1)  # the scores in dimension 1, where torch's losses look for them"
            for output, last in zip(outputs, self._last, strict=True)
            if last
        ]
        losses = [
            f"{loss}({output}, {target}){'.mean()' if is_weighted(one) else ''}"
            for loss, one, output, target in zip(self._loss_names, self._losses, outputs, targets, strict=True)
        ]
        tallies = [f"{TALLIES[kind][0]}({o}, {t})" for kind, o, t in zip(self._kinds, outputs, targets, strict=True)]
        if self._several:
            lines += [f"{name}_loss = {loss}" for name, loss in zip(targets, losses, strict=True)]
            lines += [f"{name}_sums = {tally}" for name, tally in zip(targets, tallies, strict=True)]
            losses, tallies = [f"{name}_loss" for name in targets], [f"{name}_sums" for name in targets]
        addends = [_times(one.params["factor"], loss) for one, loss in zip(self._losses, losses, strict=True)]
        addends += [_times(end.factor, f"{end.name}_term.mean()") for end in self._terms]
        lines += [f"loss = {' + '.join(addends)}"]
        if self._dataset.whole:
            tallies += [f"count_whole(({', '.join(outputs)}), ({', '.join(targets)}))"]
        tallies += [f"sum_values({end.name}_term)" for end in self._terms]
        places: list[str] = []
        for place, target in enumerate(targets):
            own = [one for one in self._metrics if one.place == place]
            told = target
            if own and self._mixed and own[0].kind == "classes":
                told = f"{target}_class"
                lines += [f"{told} = {target}.argmax(dim=1) if {target}.is_floating_point() else {target}"]
            field, loss = self._dataset.targets[place], self._losses[place].option
            places += [
                f"added(METRICS[{literal(one.name)}], {prediction(one, loss, outputs[place], field)}, {truth(one, told, field)})"
                for one in own
            ]
        if self._several:
            parts = ", ".join(f"{name}_loss * {name}_sums[0]" for name in targets)
            tallies += [f"torch.stack(({parts})).detach()"]
        tallies += places
        if len(tallies) == 1:
            return [*lines, f"return loss, {tallies[0]}"]
        return [*lines, "sums = (", *(f"    {tally}," for tally in tallies), ")", "return loss, torch.cat(sums)"]

    def _measures(self) -> list[str]:
        names, metrics = [], []
        for field, kind in zip(self._dataset.targets, self._kinds, strict=True):
            prefix = "" if len(self._kinds) == 1 else f"{field.name}_"
            _, sums, ratios = TALLIES[kind]
            names.append([prefix + name for name in sums])
            values = {name: prefix + name for name in sums}
            metrics += [f"{literal(prefix + name)}: {text.format(**values)}" for name, text in ratios.items()]
        if self._dataset.whole:
            _, sums, ratios = TALLIES["whole"]
            names.append(list(sums))
            metrics += [f"{literal(name)}: {text.format(**{name: name for name in sums})}" for name, text in ratios.items()]
        for end in self._terms:
            names.append([f"{end.name}_seen", f"{end.name}_sum"])
            metrics.append(f"{literal(f'{end.name}_mean')}: {end.name}_sum / {end.name}_seen")
        if self._several:
            names.append([f"{field.name}_loss" for field in self._dataset.targets])
            metrics += [
                f"{literal(f'{field.name}_loss')}: {field.name}_loss / {field.name}_{TALLIES[kind][1][0]}"
                for field, kind in zip(self._dataset.targets, self._kinds, strict=True)
            ]
        if self._metrics:
            names.append(["*states"])
            metrics.append("**results(METRICS, states)")
        made = [f"return {{{metrics[0]}}}"] if len(metrics) == 1 else ["return {", *(f"    {metric}," for metric in metrics), "}"]
        return [f"{', '.join(chain(*names))} = sums", *made]


def arguments(chosen: Selected, always: str = "") -> str:
    """The parameters of something chosen as keyword arguments, without those that torch sets alike."""
    declared = {param.name: param.default for param in chosen.option.params}
    given = {name: value for name, value in chosen.params.items() if name == always or value != declared[name]}
    return ", ".join(f"{name}={literal(value)}" for name, value in given.items())


def is_weighted(loss: Selected[LossOption]) -> bool:
    """Whether classes have weights: what each sample counts is taken the mean of then, so that batches of any size add up."""
    return loss.params.get("balance", "none") != "none"


def _times(factor: float | None, addend: str) -> str:
    return addend if factor == 1 else f"{literal(factor)} * {addend}"


def _loss(field: Field, chosen: Selected[LossOption]) -> str:
    plain = Selected(chosen.option, {name: value for name, value in chosen.params.items() if name not in OWN})
    given = [arguments(plain), chosen.option.always] + ["ignore_index=PADDING"] * _is_padded(field, chosen.option)
    if chosen.params.get("balance") == "by hand":
        given.append(f"weight=torch.tensor({literal(list(chosen.params['weight']))})")
    given += ['reduction="none"'] * is_weighted(chosen)
    return f"nn.{chosen.id}({', '.join(filter(None, given))})"


def _kind(field: Field, loss: LossOption) -> str:
    if loss.target != "class":
        return "errors"
    return "token hits" if _is_padded(field, loss) else "hits"


def _is_padded(field: Field, loss: LossOption) -> bool:
    return loss.target == "class" and field.padding is not None


def _holds_classes_last(field: Field, loss: Selected[LossOption], output: Shape) -> bool:
    """Whether the scores for each step are in the last dimension, where layers put them, and not in dimension 1."""
    return loss.option.target == "class" and len(output) > 2 and output[-1] == field.choices and output[1] != field.choices

"""The settings of a document as sections of declared parameters: the window, the document and the exported script read these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from graph_engine.errors import ParamError
from graph_engine.settings.augmentations import AUGMENTATIONS
from graph_engine.settings.datasets import DATASETS
from graph_engine.settings.losses import LOSSES
from graph_engine.settings.metrics import METRICS
from graph_engine.settings.optimizers import OPTIMIZERS
from graph_engine.settings.option import EachParam, OptionParam, plain, with_paths
from graph_engine.settings.own import OWN
from graph_engine.settings.schedules import SCHEDULES
from graph_engine.settings.techniques import AVERAGES, CLIPPINGS, STOPPINGS
from graph_engine.spec.params import BoolParam, ChoiceParam, FloatParam, IntParam, NamesParam, Param

SECTIONS: Mapping[str, tuple[Param, ...]] = {
    "data": (
        OptionParam(name="dataset", default="digits28", options=DATASETS + OWN, worded=True, help="What the network learns from."),
        FloatParam(
            name="validation", default=0.2, minimum=0.01, maximum=0.9, help="Share of the samples to measure with after each epoch."
        ),
        FloatParam(
            name="test",
            default=0.2,
            minimum=0.01,
            maximum=0.9,
            help="Share of the samples that nothing is learned from or chosen by: they are measured once, after the last epoch.",
        ),
    ),
    "augmentation": AUGMENTATIONS,
    "training": (
        OptionParam(name="loss", default="CrossEntropyLoss", options=LOSSES, help="What training makes small."),
        EachParam(
            name="losses",
            default={},
            options=LOSSES,
            advanced=True,
            visible="never",
            help="What training makes small for each target by its name, where there are several; they add up.",
        ),
        NamesParam(
            name="metrics",
            default=(),
            options=tuple(metric.id for metric in METRICS),
            help="What is measured beside the loss and what is always measured, by torchmetrics: "
            + "; ".join(f"{metric.id}: {metric.title[:1].lower()}{metric.title[1:]}" for metric in METRICS)
            + ".",
        ),
        OptionParam(name="optimizer", default="AdamW", options=OPTIMIZERS, help="How the weights are changed to get there."),
        OptionParam(name="schedule", default="constant", options=SCHEDULES, help="How the learning rate changes over the run."),
        IntParam(name="epochs", default=5, minimum=1, help="Passes over the training data."),
        IntParam(name="batch_size", default=64, minimum=1, help="Samples in one step."),
        IntParam(name="seed", default=0, minimum=0, maximum=2**32 - 1, help="Fixes every random number: the same seed gives the same run."),
        ChoiceParam(
            name="device",
            default="auto",
            options=("auto", "cpu", "cuda", "mps"),
            help="Where it runs; auto takes a GPU where there is one.",
        ),
        IntParam(
            name="threads",
            default=None,
            minimum=1,
            advanced=True,
            help="CPU threads; left empty, as many as a short measurement finds fastest when the run begins.",
        ),
        OptionParam(name="stopping", default="none", options=STOPPINGS, advanced=True, help="When the run ends before its last epoch."),
        ChoiceParam(
            name="keep",
            default="last",
            options=("last", "best"),
            advanced=True,
            help="Which weights count in the end: those of the last step, or those of the best epoch.",
        ),
        NamesParam(
            name="best_by",
            default=(),
            most=1,
            advanced=True,
            help="What of the validation part tells which epoch is the best one, for stopping and for the weights that count; the loss if "
            "empty.",
        ),
        OptionParam(name="clipping", default="none", options=CLIPPINGS, advanced=True, help="How gradients that are too great are cut."),
        OptionParam(name="average", default="none", options=AVERAGES, advanced=True, help="Whether a mean of the weights is kept."),
        IntParam(
            name="parts",
            default=1,
            minimum=1,
            advanced=True,
            help="Parts of a batch that are computed one after the other, their gradients added up: less memory for the same step.",
        ),
        FloatParam(name="l1", default=0.0, minimum=0.0, advanced=True, help="Strength of an L1 penalty, which draws weights to 0."),
        BoolParam(
            name="decay_all",
            default=True,
            advanced=True,
            help="Weight decay counts for biases and normalizations too, as in torch; otherwise for weights of two dimensions and more.",
        ),
        ChoiceParam(
            name="precision",
            default="float32",
            options=("float32", "bfloat16", "float16"),
            advanced=True,
            help="What torch's autocast computes in, where it can; the weights stay float32.",
        ),
        BoolParam(name="compile", default=False, advanced=True, help="Compile the network with torch.compile; the first step takes long."),
        BoolParam(
            name="deterministic", default=False, advanced=True, help="Let torch use deterministic algorithms only, on a GPU too; slower."
        ),
    ),
}


def _defaults(section: str) -> Mapping[str, Any]:
    return MappingProxyType({p.name: p.default for p in SECTIONS[section]})


def _is_seldom(section: str, param: Param) -> bool:
    """Whether documents name a setting only where it is not as by default."""
    return param.advanced or section == "augmentation" or isinstance(param, NamesParam)


class Settings(NamedTuple):
    """Values of all sections; immutable.

    Attributes:
        data, augmentation, training: value of each declared parameter of the section.
    """

    data: Mapping[str, Any] = _defaults("data")
    augmentation: Mapping[str, Any] = _defaults("augmentation")
    training: Mapping[str, Any] = _defaults("training")

    def replaced(self, part: str, value: Any) -> Settings:
        """These settings with one value replaced.

        Args:
            part: ``section.parameter``, or ``section.parameter.parameter`` in a chosen option, or ``section.parameter.name`` of several.
            value: the new value, in any form that the parameter reads.

        Raises:
            ParamError: there is no such parameter, or the value is outside its limits.
        """
        section, name, *inner = part.split(".")
        param = next((p for p in SECTIONS.get(section, ()) if p.name == name), None)
        if param is None:
            raise ParamError(f"There is no setting {part!r}.")
        values = dict(getattr(self, section))
        if inner and isinstance(param, EachParam):
            value = {**values[name], inner[0]: value}
        elif inner:
            chosen = values[name]
            value = {"name": chosen.id, **chosen.params, inner[0]: value}
        values[name] = param.parse(value)
        return self._replace(**{section: MappingProxyType(values)})

    def with_paths(self, change: Callable[[str], str]) -> Settings:
        """These settings with each path to data of the user's own changed."""
        chosen = self.data["dataset"]
        moved = with_paths(chosen, change)
        return self if moved is chosen else self._replace(data=MappingProxyType({**self.data, "dataset": moved}))

    def to_plain(self) -> dict[str, Any]:
        """The settings as JSON has them; parameters of a chosen option, and seldom changed settings, where they differ from the default."""
        found = {
            section: {p.name: plain(values[p.name]) for p in params if not (_is_seldom(section, p) and values[p.name] == p.default)}
            for section, params in SECTIONS.items()
            for values in (getattr(self, section),)
        }
        return {section: values for section, values in found.items() if values}

    @classmethod
    def from_plain(cls, sections: Mapping[str, Mapping[str, Any]]) -> Settings:
        """The settings from what a document holds.

        Raises:
            ParamError: there is no such setting, or a value is outside its limits.
        """
        settings = cls()
        for section, values in sections.items():
            for name, value in values.items():
                if "." in name:
                    raise ParamError(f"There is no setting '{section}.{name}'.")
                settings = settings.replaced(f"{section}.{name}", value)
        return settings

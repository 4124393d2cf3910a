"""Augmentations and metrics that do not apply to the data, its targets or its loss: a run would be refused."""

from __future__ import annotations

from collections.abc import Iterator

from graph_engine.analysis.rules import Found, GraphView, graph_rule
from graph_engine.settings.augmentations import unfit
from graph_engine.settings.metrics import offered, unknown
from graph_engine.spec.faults import Fix


@graph_rule("data.augmentation", "warning", whole=True)
def augmentation_does_not_apply(view: GraphView) -> Iterator[Found]:
    """Pictures alone can be mirrored and turned, and classes alone have shares."""
    settings = view.graph.settings
    chosen = settings.data["dataset"]
    for part, message in unfit(settings.augmentation, chosen.option.sized(chosen.params), settings.training):
        yield Found(message, fixes=(Fix("Switch it off", settings={f"augmentation.{part}": "none"}),))


@graph_rule("data.metrics", "warning", whole=True)
def metric_is_not_measured(view: GraphView) -> Iterator[Found]:
    """A metric for classes says nothing of quantities, nor the other way round."""
    settings = view.graph.settings
    chosen = settings.data["dataset"]
    for part, message in unknown(settings.training, chosen.option.sized(chosen.params)):
        there = offered(settings.training, chosen.option.sized(chosen.params))
        rest = tuple(name for name in settings.training["metrics"] if name in there) if part == "metrics" else ()
        title = "Leave out what is not for this data" if part == "metrics" else "Tell the best epoch by the loss"
        yield Found(message, fixes=(Fix(title, settings={f"training.{part}": rest}),))

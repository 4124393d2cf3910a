"""How pictures can be changed before a network learns from them, and where that does not apply."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from graph_engine.settings.datasets import DatasetOption
from graph_engine.settings.losses import target_losses
from graph_engine.settings.option import Option, OptionParam
from graph_engine.settings.techniques import NONE
from graph_engine.spec.params import FloatParam, IntParam, Param

MIXABLE = "CrossEntropyLoss"
"""The loss of torch that takes shares of classes for the number of one."""


def _probability(what: str) -> FloatParam:
    return FloatParam(name="probability", default=0.5, minimum=0.0, maximum=1.0, help=f"How often {what}.")


AUGMENTATIONS: tuple[Param, ...] = (
    OptionParam(
        name="flip",
        default="none",
        worded=True,
        help="Mirrors pictures. Letters, digits and whatever has a right way round become another thing, which keeps its class.",
        options=(
            NONE,
            Option(id="horizontal", summary="Left and right change places.", params=(_probability("a picture is mirrored"),)),
            Option(id="vertical", summary="Above and below change places.", params=(_probability("a picture is mirrored"),)),
            Option(id="both", summary="The one, the other, or both.", params=(_probability("a picture is mirrored, in each direction"),)),
        ),
    ),
    OptionParam(
        name="crop",
        default="none",
        worded=True,
        help="Shows another part of a picture each time.",
        options=(
            NONE,
            Option(
                id="shift",
                summary="Pictures are moved and keep their size; what comes in is black.",
                params=(IntParam(name="pixels", default=4, minimum=1, help="By how many pixels at most, in each direction."),),
            ),
            Option(
                id="part",
                summary="A part of the picture is enlarged to its size.",
                params=(FloatParam(name="least", default=0.6, minimum=0.05, maximum=1.0, help="Share of height and width at least."),),
            ),
        ),
    ),
    OptionParam(
        name="rotation",
        default="none",
        worded=True,
        help="Turns pictures about their centre; what comes in is black.",
        options=(
            NONE,
            Option(
                id="turn",
                summary="By a random angle.",
                params=(FloatParam(name="degrees", default=15.0, minimum=0.0, maximum=180.0, help="At most, to either side."),),
            ),
        ),
    ),
    OptionParam(
        name="colour",
        default="none",
        worded=True,
        help="Changes light and colours.",
        options=(
            NONE,
            Option(
                id="jitter",
                summary="Each by a random factor, from 1 less to 1 more than what stands here.",
                params=(
                    FloatParam(name="brightness", default=0.2, minimum=0.0, maximum=1.0, help="How much lighter or darker at most."),
                    FloatParam(name="contrast", default=0.2, minimum=0.0, maximum=1.0, help="How much more or less contrast at most."),
                    FloatParam(
                        name="saturation", default=0.2, minimum=0.0, maximum=1.0, help="How much more or less colour at most; not of grey."
                    ),
                    FloatParam(
                        name="hue",
                        default=0.0,
                        minimum=0.0,
                        maximum=0.5,
                        help="How far colours move around their circle at most, in turns; not of grey.",
                    ),
                ),
            ),
        ),
    ),
    OptionParam(
        name="erasing",
        default="none",
        worded=True,
        help="Covers a part of a picture, so that the network cannot rely on one place alone.",
        options=(
            NONE,
            Option(
                id="rectangle",
                summary="A rectangle becomes black.",
                params=(
                    _probability("a picture is covered"),
                    FloatParam(name="most", default=0.2, minimum=0.02, maximum=0.9, help="Share of the picture that is covered at most."),
                ),
            ),
        ),
    ),
    OptionParam(
        name="mixing",
        default="none",
        worded=True,
        help="Lays two samples over each other; the classes get the same shares.",
        options=(
            NONE,
            Option(
                id="mixup",
                summary="A weighted mean of two samples (H. Zhang et al., mixup, 2018).",
                params=(
                    FloatParam(
                        name="alpha",
                        default=0.2,
                        minimum=0.01,
                        help="Both parameters of the beta distribution that the share of one is drawn from: 1 gives all shares alike, "
                        "less leaves most samples nearly as they are.",
                    ),
                ),
            ),
        ),
    ),
)
"""The section of the settings; each is off, or one of its kinds."""

_NAMES: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("flip", "horizontal"): {"probability": "mirror"},
    ("flip", "vertical"): {"probability": "upend"},
    ("crop", "shift"): {"pixels": "shift"},
    ("crop", "part"): {"least": "part"},
    ("rotation", "turn"): {"degrees": "rotation"},
    ("colour", "jitter"): {name: name for name in ("brightness", "contrast", "saturation", "hue")},
    ("erasing", "rectangle"): {"probability": "erase", "most": "erased"},
    ("mixing", "mixup"): {"alpha": "mixup"},
}
"""What the exported `Augmentation` calls the parameters of each kind."""


class Unfit(NamedTuple):
    """An augmentation that does not apply.

    Attributes:
        part: the setting to switch off.
        message: why, in one sentence.
    """

    part: str
    message: str


def chosen(augmentation: Mapping[str, Any]) -> list[str]:
    """Names of those that are switched on."""
    return [name for name, value in augmentation.items() if value.id != NONE.id]


def arguments(augmentation: Mapping[str, Any], dataset: DatasetOption) -> dict[str, Any]:
    """What the exported `Augmentation` is given: which fields of a sample are pictures, and what is done with them; empty for nothing.

    Args:
        augmentation: the section of the settings.
        dataset: with sizes in its shapes.
    """
    given: dict[str, Any] = {}
    for name in chosen(augmentation):
        value = augmentation[name]
        kinds = ("horizontal", "vertical") if value.id == "both" else (value.id,)
        given |= {_NAMES[name, kind][param]: amount for kind in kinds for param, amount in value.params.items()}
    coloured = any(field.has_pixels and field.shape[0] == 3 for field in dataset.inputs)
    given = {name: amount for name, amount in given.items() if amount and (coloured or name not in ("saturation", "hue"))}
    if not given:
        return {}
    fields = dataset.inputs + dataset.targets
    pictures = {field.original or field.name: place for place, field in enumerate(dataset.inputs) if field.has_pixels}
    first = len(dataset.inputs)
    answers = {field.original or field.name: place for place, field in enumerate(fields) if place >= first and field.has_pixels}
    mixed = {place: field.choices for place, field in enumerate(fields) if place >= first} if "mixup" in given else {}
    return {"pictures": pictures, **({"answers": answers} if answers else {}), **given, **({"classes": mixed} if mixed else {})}


def unfit(augmentation: Mapping[str, Any], dataset: DatasetOption, training: Mapping[str, Any]) -> Iterator[Unfit]:
    """Why augmentations that are switched on do not apply to a data set; nothing where they do.

    Args:
        augmentation, training: sections of the settings.
        dataset: with sizes in its shapes.
    """
    on = chosen(augmentation)
    if not on or not dataset.inputs:
        return
    pictures = [field for field in dataset.inputs if field.has_pixels]
    if not pictures:
        for name in on:
            yield Unfit(name, f"{_words(name)} changes pictures, but {dataset.title} has none: switch it off.")
        return
    turned = [name for name in on if name in ("flip", "crop", "rotation")]
    for field in dataset.targets:
        fits = field.shape == () or (field.has_pixels and field.shape[1:] == pictures[0].shape[1:])
        if turned and len(field.shape) > 1 and not fits:
            told = f"{field.name} of {dataset.title}, {' × '.join(map(str, field.shape))}"
            yield Unfit(turned[0], f"{_words(turned[0])} moves what is in a picture, and {told}, would stay: switch it off.")
    if "colour" in on:
        for field in pictures:
            if field.bounds is not None and (field.bounds[0] < 0 or field.bounds[1] > 1):
                least, greatest = field.bounds
                span = f"{field.name} of {dataset.title} goes from {least:g} to {greatest:g}"
                yield Unfit("colour", f"Colour is for pictures with colours from 0 to 1, but {span}: switch it off, or store other values.")
    if "mixing" in on:
        for field, loss in zip(dataset.targets, target_losses(training, dataset.targets), strict=True):
            if not field.choices or field.shape != ():
                told = f"{field.name} of {dataset.title}"
                yield Unfit("mixing", f"Mixup gives shares of classes, but {told} is not one class: switch it off.")
            elif loss.id != MIXABLE:
                yield Unfit("mixing", f"Mixup gives shares of classes, which {loss.id} does not take: use {MIXABLE}, or switch it off.")
        for field in dataset.inputs:
            if field.choices:
                yield Unfit("mixing", f"Mixup takes means, and {field.name} of {dataset.title} holds tokens: switch it off.")


def _words(name: str) -> str:
    return "Mixup" if name == "mixing" else name.capitalize()

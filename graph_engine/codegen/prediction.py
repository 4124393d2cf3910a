"""What predict.py and the test of a project need to know of the network's inputs and outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graph_engine.codegen.task import End
from graph_engine.codegen.values import broken_up, literal
from graph_engine.settings.datasets import DatasetOption, Field
from graph_engine.settings.losses import LossOption
from graph_engine.settings.option import Selected
from graph_engine.spec.tensor import Shape, size_at

FREE = 12
"""A size in a test that may be any: the steps of a sequence, for instance."""


class Prediction:
    """Which parts of predict.py are needed, and the lines that depend on the fields of the data.

    Args:
        dataset: with sizes in its shapes.
        losses: of each target.
        ends: the network's outputs in their order.
        shows: whether the script can show samples.
    """

    def __init__(self, dataset: DatasetOption, losses: Sequence[Selected[LossOption]], ends: Sequence[End], *, shows: bool):
        self._dataset = dataset
        self._ends = ends
        self._losses = [loss.option for loss in losses]
        target = dataset.targets[0]
        self._is_shown = shows and bool(target.continues or target.marks)
        tokens = (dataset.arguments or {}).get("tokens")
        texts = [field.name for field in dataset.inputs if field.vocabulary and dataset.id != "arrays"]
        self._continued = target.continues if len(dataset.inputs) == 1 else ""
        self._texts = [name for name in texts if name != target.continues or self._continued] if tokens != "byte pairs" else []
        self._begun = bool(self._texts) and len(self._texts) < len(dataset.inputs)

    def parts(self) -> set[str]:
        """Names of the parts of the script's template."""
        pictures, alone = any(field.has_pixels for field in self._dataset.inputs), len(self._dataset.inputs) == 1
        kind = "picture file" if pictures and alone else "table file" if self._dataset.id == "table" else "arrays only"
        told = "shown" if self._is_shown else "told classes" if any(self._names) else "told numbers"
        how = "text continued" if self._continued else "text begun" if self._begun else "text whole"
        return {kind, told, *(("text", how) if self._texts else ())}

    def values(self) -> dict[str, str]:
        """Values for the script's template."""
        dataset, parts, own = self._dataset, self.parts(), self._dataset.is_own
        helpers = {"Fields", "Given", "read_arrays", "save"}
        helpers |= {"PICTURES", "read_picture"} if "picture file" in parts else {"rows"} if "table file" in parts else set()
        helpers |= {"encode"} if self._texts else set()
        helpers |= set() if self._is_shown else {"numbers"} | ({"likeliest"} if any(self._names) else set())
        from_train = {"SEED", "make_model", "read_data"}
        from_train |= {"TEST", "VALIDATION"} if self._texts else set()
        from_train |= {"DATA"} if own and (self._texts or "table file" in parts) else set()
        from_train |= {"show_samples"} if self._is_shown else set()
        from_train |= {"trim"} if any(field.is_cut for field in dataset.inputs) else set()
        classes = zip(dataset.targets, self._names, strict=True)
        example = " ".join(f'--{name} "…"' for name in self._texts)
        several = len(dataset.inputs) > 1
        shapes = ", ".join("×".join(map(str, field.shape)) or "a number" for field in dataset.inputs)
        return {
            "text_example": f"{example}{' ' * max(1, 19 - len(example))}a text of your own",
            "text_flags": example,
            "array_example": "samples.npz" if several else "samples.npy",
            "array_shapes": shapes,
            "helpers": ", ".join(sorted(helpers, key=_imported)),
            "from_train": ", ".join(sorted(from_train, key=_imported)),
            "inputs": "\n".join(f"    {literal(field.name)}: ({_shape(field)}, torch.{field.dtype})," for field in dataset.inputs),
            "texts": literal(self._texts),
            "target_names": literal([_shown_name(field) for field in dataset.targets]),
            "target_classes": "\n".join(
                line for field, names in classes for line in broken_up(f"{literal(_shown_name(field))}: ", list(names), "    ", 140)
            ),
            "preparation": ", preparation" if own else "",
            "preparation_declared": ", preparation: dict[str, Any]" if own else "",
            "picture_scale": ', preparation["image"]' if dataset.arguments and "shape" in dataset.arguments else "",
            "made_targets": self._made_targets(),
            "called": self._called(),
            "outputs": self._outputs(),
            "probabilities": f"output[0].{'exp()' if self._expects('log-probabilities') else 'softmax(dim=0)'}",
            "answer": "output[0].sigmoid()" if self._expects("logits", "same") else "output[0]",
            "scale": ', preparation.get("targets", {}).get(name)' if own else "",
        }

    @property
    def _names(self) -> list[tuple[str, ...]]:
        """Names of the classes of each target; none where it is no class."""
        pairs = zip(self._dataset.targets, self._losses, strict=True)
        return [field.classes if loss.target == "class" else () for field, loss in pairs]

    def _expects(self, what: str, target: str = "class") -> bool:
        return any(loss.expects == what and loss.target == target for loss in self._losses)

    def _called(self) -> str:
        cut = [field.is_cut for field in self._dataset.inputs]
        if all(cut):
            return "*map(trim, inputs)"
        return ", ".join(f"trim(inputs[{i}])" if one else f"inputs[{i}]" for i, one in enumerate(cut)) if any(cut) else "*inputs"

    def _outputs(self) -> str:
        if len(self._ends) == 1:
            return "[outputs]"
        return f"[{', '.join(f'outputs[{i}]' for i, end in enumerate(self._ends) if end.factor is None)}]"

    def _made_targets(self) -> str:
        """What stands for targets that are not known: as long as what the network writes."""
        target = self._dataset.targets[0]
        if not target.continues:
            return "tuple(torch.ones(1, dtype=torch.int64) for _ in TARGETS)"
        place = [field.name for field in self._dataset.inputs].index(target.continues)
        return f"(torch.ones_like(sample.inputs[{place}]),)"


def test_values(inputs: Sequence[tuple[str, Field, Shape]], ends: Sequence[Shape]) -> dict[str, str]:
    """Values for the template of the test.

    Args:
        inputs: the name of each, its field of the data, and the shape that the network receives.
        ends: the shape of each output.
    """
    drawn = []
    for _, field, shape in inputs:
        sizes = f"(batch, {', '.join(map(str, _at(shape, {})[1:]))})" if len(shape) > 1 else "(batch,)"
        if field.dtype == "float32":
            drawn.append(f"torch.randn({sizes}, generator=generator)")
        else:
            most = field.vocabulary or field.places or 2
            drawn.append(f"torch.randint({min(1, most - 1)}, {most}, {sizes}, generator=generator, dtype=torch.{field.dtype})")
    shapes = {batch: [tuple(_at(shape, {"N": batch})) for shape in ends] for batch in (2, 5)}
    return {
        "drawn": f"    return ({drawn[0]},)"
        if len(drawn) == 1
        else "\n".join(["    return (", *(f"        {one}," for one in drawn), "    )"]),
        "shapes": ", ".join(f"({batch}, {literal(found)})" for batch, found in shapes.items()),
    }


def _at(shape: Shape, known: Mapping[str, int]) -> list[Any]:
    names = {name: FREE for size in shape if not isinstance(size, int) for name in size.names()} | dict(known)
    return [size_at(size, names) for size in shape]


def _shape(field: Field) -> str:
    return literal(tuple(size if isinstance(size, int) else None for size in field.shape))


def _shown_name(field: Field) -> str:
    return field.original or field.name


def _imported(name: str) -> tuple[int, str]:
    """The order that linters put imported names in."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name

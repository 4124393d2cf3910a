"""What the training script shows of a network besides figures: samples, what is expected of them and what the network gives."""

from __future__ import annotations

from collections.abc import Sequence

from graph_engine.codegen.values import literal
from graph_engine.settings.datasets import DatasetOption, Field


def show_lines(dataset: DatasetOption, last: Sequence[bool]) -> list[str]:
    """The body of the function that shows samples of a data set; none where they are neither in words nor pictures.

    Args:
        dataset: with sizes in its shapes.
        last: of each output of the network, whether the scores are in its last dimension.
    """
    texts, target = spelled(dataset), dataset.targets[0]
    pictures = [field for field in dataset.inputs if field.is_picture]
    if not texts + pictures or not target.choices:
        return []
    fields = dataset.inputs + dataset.targets
    cut = [field.name for field in fields if field.is_cut]
    names = ", ".join(field.name for field in fields)
    lines = [f"{names} = {'map(trim, data[rows])' if len(cut) == len(fields) else 'data[rows]'}"]
    if len(cut) < len(fields):
        lines += [f"{name} = trim({name})" for name in cut]
    given = [_spelled(f"{field.name}[i]", field) for field in texts if field.name != target.continues]
    given += ['f"sample {rows[i]}"'] * bool(pictures)
    if target.continues:
        more, given, answers = _written(dataset, target, given, ".movedim(-1, 1)" if last[0] else "")
    elif target.marks:
        more, answers = _marked(dataset, target)
    else:
        called = ", ".join(field.name for field in dataset.inputs)
        more = [f"found = model({called}).argmax(dim=1)"]
        answers = [f"spell({name}[i : i + 1], CLASSES)" for name in (target.name, "found")]
    shades = _shades([f"{field.name}[i]" for field in pictures if field.shape[1] == pictures[0].shape[1]])
    sample = [f"        {text}," for text in (' + " " + '.join(given), *answers, *shades)]
    return [
        *(f"    {line}" for line in (*lines, *more)),
        *("return [", "    Sample(", *sample, "    )", "    for i in range(len(rows))", "]"),
    ]


def _shades(pictures: Sequence[str]) -> list[str]:
    """The picture of a sample: several of one height side by side."""
    if len(pictures) < 2:
        return [f"shades({picture})" for picture in pictures]
    return [f"shades(torch.cat(({', '.join(pictures)}), dim=2))"]


def spelled(dataset: DatasetOption) -> list[Field]:
    """The inputs that are in words."""
    return [field for field in dataset.inputs if field.vocabulary]


def _spelled(tokens: str, field: Field) -> str:
    return f"spell({tokens}, words[{literal(field.name)}])"


def _written(dataset: DatasetOption, target: Field, given: list[str], moved: str) -> tuple[list[str], list[str], list[str]]:
    """A sequence that the network writes by itself: the likeliest token each time, with those that it has written before it."""
    before = next(field for field in dataset.inputs if field.name == target.continues)
    begin = "1  # behind the start" if target.end is not None else f"{before.name}.size(1) // 2"
    called = ", ".join("written" if field is before else field.name for field in dataset.inputs)
    lines = [
        f"begin = {begin}",
        f"stop = min({target.name}.size(1), begin - 1 + LONGEST)",
        f"written, found = {before.name}.clone(), torch.zeros_like({target.name})",
        "written[:, begin:] = 0",
        "for step in range(begin - 1, stop):",
        f"    found[:, step] = model({called}){moved}[:, :{target.choices}, step].argmax(dim=1)",
        "    if step + 1 < written.size(1):",
        "        written[:, step + 1] = found[:, step]",
    ]
    given = given or [_spelled(f"{before.name}[i, :begin]", before)]
    return lines, given, [_spelled(f"{name}[i, begin - 1 : stop]", target) for name in (target.name, "found")]


def _marked(dataset: DatasetOption, target: Field) -> tuple[list[str], list[str]]:
    """The first and the last word of a stretch of a text."""
    text = next(field for field in dataset.inputs if field.name == target.marks)
    called = ", ".join(field.name for field in dataset.inputs)
    lines = [f"begin, end = (scores.argmax(dim=1) for scores in model({called}))"]
    spans = [(field.name for field in dataset.targets), ("begin", "end")]
    return lines, [_spelled(f"{text.name}[i, {a}[i] : {b}[i] + 1]", text) for a, b in spans]

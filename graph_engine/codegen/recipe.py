"""What the training script does beyond the plain loop: only what the settings ask for is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graph_engine.codegen.values import literal
from graph_engine.errors import RunError
from graph_engine.settings.option import Selected
from graph_engine.settings.schedules import OWN

_REQUIRED = ("max_lr", "base_lr", "T_0", "step_size", "milestones", "gamma")
"""Parameters of schedulers that torch has no default for."""

_WIDTH = 140
"""Columns of a line of the script."""


class Recipe:
    """Which parts of the script are needed for the training settings, and the lines that depend on them.

    Args:
        training: the section of the settings.
        measured: what is measured of the validation part, and what is better.

    Raises:
        RunError: two of them do not go together.
    """

    def __init__(self, training: Mapping[str, Any], measured: Mapping[str, str]):
        self._settings = training
        self._best_by = next(iter(training["best_by"]), "loss")
        self._is_more = measured.get(self._best_by) == "more"
        self._schedule: Selected = training["schedule"]
        self._searches = training["optimizer"].id == "LBFGS"
        self._refuse()

    def parts(self) -> set[str]:
        """Names of the parts of the script's template."""
        chosen = {
            "schedule": self._schedule.id != "constant",
            "length": bool(getattr(self._schedule.option, "length", "")),
            "rates": self._every == "step",
            "epoch schedule": self._every == "epoch",
            "plateau": self._schedule.id == "ReduceLROnPlateau",
            "constant over an epoch": self._every != "step",
            "stopping": self._settings["stopping"].id != "none",
            "best": self._settings["keep"] == "best",
            "average": self._settings["average"].id != "none",
            "EMA": self._settings["average"].id == "EMA",
            "SWA": self._settings["average"].id == "SWA",
            "scaler": self._settings["precision"] == "float16",
            "compile": self._settings["compile"],
            "deterministic": self._settings["deterministic"],
        }
        return {name for name, wanted in chosen.items() if wanted}

    def values(self) -> dict[str, str]:
        """Values for the script's template."""
        stopping, average = self._settings["stopping"], self._settings["average"]
        return {
            "optimizer": "\n".join(f"    {line}" for line in self._make_optimizer()),
            "schedule": "\n".join(f"    {line}" for line in self._make_schedule()),
            "schedule_count": "self.epochs * self.steps_per_epoch" if self._every == "step" else "self.epochs",
            "schedule_unit": "step" if self._every == "step" else "epoch",
            "step": "\n".join(f"        {line}".rstrip() for line in self._step()),
            "patience": literal(stopping.params.get("patience")),
            "unless_waited": " and self.at.waited < PATIENCE" if stopping.params else "",
            "min_delta": literal(stopping.params.get("min_delta")),
            "average_decay": literal(average.params.get("decay")),
            "average_start": literal(average.params.get("start")),
            "best_by": self._best_by,
            "counting": self._counting(),
            "reached": f'{"-" * self._is_more}values["val/{self._best_by}"]',
            "best": "least validation loss"
            if self._best_by == "loss"
            else f"{'minus the greatest' if self._is_more else 'the least'} val/{self._best_by}",
            "better": "least validation loss" if self._best_by == "loss" else f"best val/{self._best_by}",
            "judged": "self.model" if average.id == "none" else "self.average.module",
        }

    @property
    def _every(self) -> str:
        """How often the schedule moves on; empty where there is none, or where it is told the loss."""
        return str(self._schedule.params.get("every", ""))

    def _counting(self) -> str:
        """Which weights a run leaves, in words."""
        of = {"none": "weights", "EMA": "moving average of the weights", "SWA": "mean of the weights over the last epochs"}
        when = self._best_words() if self._settings["keep"] == "best" else "at the end"
        return f"the {of[self._settings['average'].id]} {when}"

    def _best_words(self) -> str:
        """Of which epoch the best weights are, in words."""
        by = (
            "least validation loss"
            if self._best_by == "loss"
            else f"{'greatest' if self._is_more else 'least'} {self._best_by} on the validation part"
        )
        return f"of the epoch with the {by}"

    def _refuse(self) -> None:
        optimizer = self._settings["optimizer"]
        if self._searches and (self._settings["parts"] > 1 or self._settings["precision"] == "float16"):
            raise RunError("LBFGS evaluates each step several times: train with one part and without float16, or choose another optimizer.")
        if self._schedule.params.get("cycle_momentum") and not {"momentum", "betas"} & optimizer.params.keys():
            raise RunError(f"{self._schedule.id} moves the momentum, which {optimizer.id} lacks: switch cycle_momentum off.")

    def _make_optimizer(self) -> list[str]:
        chosen: Selected = self._settings["optimizer"]
        head = f"return torch.optim.{chosen.id}("
        given = _given(chosen, always=("lr",))
        if self._settings["decay_all"] or not chosen.params.get("weight_decay"):
            return _call(head, ["model.parameters()", *given])
        return [
            "matrices = [weight for weight in model.parameters() if weight.dim() > 1]",
            "others = [weight for weight in model.parameters() if weight.dim() <= 1]  # biases and normalizations do not decay",
            'groups = [{"params": matrices}, {"params": others, "weight_decay": 0.0}]',
            *_call(head, ["groups", *given]),
        ]

    def _make_schedule(self) -> list[str]:
        chosen, warmup = self._schedule, self._schedule.params.get("warmup", 0)
        length = getattr(chosen.option, "length", "")
        given = _given(chosen, always=_REQUIRED, leave=(*OWN, length))
        if length:
            fixed = chosen.params[length]
            rest = f"max(1, count - {warmup})" if warmup else "count"
            given.insert(0, f"{length}={rest if fixed is None else fixed}")
        head = f"torch.optim.lr_scheduler.{chosen.id}("
        if not warmup:
            return _call(f"return {head}", ["optimizer", *given])
        return [
            f"warmup = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.01, total_iters={warmup})",
            *_call(f"main = {head}", ["optimizer", *given]),
            f"return torch.optim.lr_scheduler.SequentialLR(optimizer, [warmup, main], milestones=[{warmup}])",
        ]

    def _step(self) -> list[str]:
        lines = self._search() if self._searches else [*self._gradients(), *self._change()]
        average, rates = self._settings["average"].id == "EMA", self._every == "step"
        lines += ["self.average.update_parameters(self.model)"] if average else []
        lines += ['self.rates.append(self.optimizer.param_groups[0]["lr"])', "self.schedule.step()"] if rates else []
        return lines

    def _gradients(self) -> list[str]:
        if self._settings["parts"] == 1:
            return [
                "self.optimizer.zero_grad()",
                *self._judge("self.team.join(*{})"),
                f"{self._scaled(self._penalised('loss'))}.backward()",
            ]
        share = f"{self._penalised('part_loss')} * share * weight"
        return [
            "self.optimizer.zero_grad()",
            "losses, counts = [], []",
            "weight = self.team.weight(len(samples[0]))",
            f"size = math.ceil(len(samples[0]) / {self._settings['parts']})  # the parts of a batch need less memory than all of it",
            "parts = list(zip(*(tensor.split(size) for tensor in samples), strict=True))",
            "for part in parts:",
            "    share = len(part[0]) / len(samples[0])",
            "    with self.team.apart(self.network, part is not parts[-1]):",
            *(f"        {line}" for line in self._judge("{}", "part", "part_loss, part_sums")),
            f"        {self._scaled(share) if self._settings['precision'] == 'float16' else f'({share})'}.backward()",
            "    losses.append(part_loss.detach() * share)",
            "    counts.append(part_sums)",
            "loss, sums = self.team.join(torch.stack(losses).sum(), torch.stack(counts).sum(dim=0))",
        ]

    def _judge(self, through: str, samples: str = "samples", names: str = "loss, sums") -> list[str]:
        line = f"{names} = {through.format(f'judge(self.network, {samples})')}"
        if self._settings["precision"] == "float32":
            return [line]
        return [f"with torch.autocast(self.device.type, torch.{self._settings['precision']}):", f"    {line}"]

    def _penalised(self, loss: str) -> str:
        strength = self._settings["l1"]
        return f"({loss} + {strength!r} * sum(weight.abs().sum() for weight in self.model.parameters()))" if strength else loss

    def _scaled(self, loss: str) -> str:
        return f"self.scaler.scale({loss})" if self._settings["precision"] == "float16" else loss

    def _clip(self) -> list[str]:
        clipping = self._settings["clipping"]
        if clipping.id == "none":
            return []
        given = _given(clipping, always=("max_norm", "clip_value"))
        return [f"nn.utils.clip_grad_{clipping.id}_({', '.join(['self.model.parameters()', *given])})"]

    def _change(self) -> list[str]:
        if self._settings["precision"] != "float16":
            return [*self._clip(), "self.optimizer.step()"]
        unscale = ["self.scaler.unscale_(self.optimizer)"] if self._clip() else []
        return [*unscale, *self._clip(), "self.scaler.step(self.optimizer)", "self.scaler.update()"]

    def _search(self) -> list[str]:
        inside = [*self._gradients(), *self._clip(), "judged.append((loss.detach(), sums))", "return loss"]
        return [
            "judged: list[tuple[Tensor, Tensor]] = []  # a step looks at the loss more than once; the first look is told",
            "",
            "def closure() -> Tensor:",
            *(f"    {line}" for line in inside),
            "",
            "self.optimizer.step(closure)  # type: ignore[arg-type]",
            "loss, sums = judged[0]",
        ]


def _given(chosen: Selected, always: Sequence[str] = (), leave: Sequence[str] = ()) -> list[str]:
    """The parameters of something chosen as keyword arguments, without those that are as declared."""
    declared = {param.name: param.default for param in chosen.option.params}
    return [f"{n}={literal(v)}" for n, v in chosen.params.items() if n not in leave and (n in always or v != declared[n])]


def _call(head: str, given: Sequence[str]) -> list[str]:
    """A call in the body of a function, an argument a line where one line is too short."""
    line = f"{head}{', '.join(given)})"
    return [line] if len(line) + 4 <= _WIDTH else [head, *(f"    {item}," for item in given), ")"]

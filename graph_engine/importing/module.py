"""Imports a module: records it, finds blocks, builds the graph, and compares what both give."""

from __future__ import annotations

import copy
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from graph_engine.errors import ImportModuleError
from graph_engine.graph.graph import CoreGraph
from graph_engine.importing import matching
from graph_engine.importing.align import align, calls
from graph_engine.importing.assemble import assemble, names, weights
from graph_engine.importing.exported import export
from graph_engine.importing.folding import Shapes
from graph_engine.importing.index import block_of
from graph_engine.importing.matching import Match, forward_names
from graph_engine.importing.plan import Plan, plan
from graph_engine.importing.programs import Interpreted, Part, Reference
from graph_engine.importing.recording import Call, Recording, Scope, operation, values_in
from graph_engine.importing.report import Compared, ImportReport
from graph_engine.importing.rewriting import rewritten, with_constants_expanded
from graph_engine.importing.skeleton import propose
from graph_engine.importing.trace import Kind, record

RECORDED, COMPARED = (2, 3), (4, 5)
"""Sizes of the batch at which a module is recorded, and at which the outputs are compared."""

Inputs = Mapping[str, Any]


class NotRunningError(ImportModuleError):
    """The module itself fails on what it is given."""


class Imported:
    """A module on its way to a graph.

    Args:
        module: it; it is as before afterwards.
        example_inputs: what its ``forward`` takes: a tensor, a tuple of tensors and other values, or a mapping by name.
        say: told of each stage: a sentence, and how much of the whole is done.
    """

    def __init__(self, module: nn.Module, example_inputs: Any, say: Callable[[str, float], None] | None = None):
        self.module = module
        self._say = say or (lambda _text, _share: None)
        self._started = time.perf_counter()
        self._positional, self._inputs = _arranged(module, example_inputs)
        self._fitting: dict[int, bool] = {}
        self.tensors = dict(module.named_buffers(remove_duplicate=False)) | dict(module.named_parameters(remove_duplicate=False))
        self.plan: Plan | None = None
        self.report = ImportReport(type(module).__name__)

    def fill(self, graph: CoreGraph) -> dict[str, Tensor]:
        """Makes the graph; the weights by their names in it.

        Raises:
            ImportModuleError: it cannot be told; the message names the line.
        """
        with _undisturbed(self.module):
            self.module.eval()
            recording, matches = self._matched()
        self._say("Drawing the graph", 0.6)
        self.plan = plan(recording, matches)
        shapes = Shapes(self.plan)
        assemble(graph, self.plan, shapes)
        _count(self.report, graph)
        self.report.opaque = _opaque(graph, matches)
        self.report.decisions = [f"{d.place} ({d.what})" for d in recording.decisions]
        self.report.renamed = {old: new for new, old in names(self.plan, self.tensors).items() if old != new}
        if recording.draws:
            self.report.notes = (*self.report.notes, "It draws random numbers even when it is evaluated.")
        return weights(self.plan, self.tensors)

    def _matched(self) -> tuple[Recording, dict[Call, list[Match]]]:
        """A recording in which each weight is used by one layer, or by functions, and the nodes for its calls."""
        tied = _tied(self.module)
        for attempt in range(8):
            self._say("Recording", 0.1 + 0.05 * attempt)
            first, second = (self._record(batch, tied) for batch in RECORDED)
            align(first, second, (RECORDED[0], RECORDED[1]))
            found = frozenset(_torn(first, self.module))
            if found <= tied:
                break
            tied |= found
        self.report.notes = tuple(self._differing(first, tied))
        self._say("Finding blocks", 0.5)
        by_tensor = _same_names(self.module)
        tied |= frozenset(other for name in tied for other in by_tensor.get(name, ()))
        matches = {}
        for call in calls(first.root):
            expanded = with_constants_expanded(call)
            matches[call] = [matching.match(one, tied) for part in expanded for one in rewritten(part)]
        return first, _leading_somewhere(first, matches)

    def _differing(self, evaluated: Recording, tied: frozenset[str]) -> Iterator[str]:
        """What the module does otherwise while it is trained, which the graph does not have."""
        try:
            trained = self._record(RECORDED[0], tied, training=True)
        except ImportModuleError as error:
            yield f"In training it could not be looked at: {error}"
            return
        before, after = (_said(one.root) for one in (evaluated, trained))
        for path in dict.fromkeys((*before, *after)):
            if before.get(path) != after.get(path):
                yield f"{path or self.report.name} does something else while it is trained; the graph has what it does when evaluated."

    def _record(self, batch: int, tied: frozenset[str], *, training: bool = False) -> Recording:
        inputs = with_batch(self._inputs, batch)

        def kind_of(module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Kind:
            if isinstance(module, Part) and module.is_layer:
                return "plain"
            prefix = self._paths()[id(module)]
            if any(f"{prefix}.{name}" in tied for name, _ in module.named_parameters()):
                return "plain" if block_of(module) is not None and not list(module.children()) else "module"
            return "layer" if matching.fits(module, args, kwargs) else "module"

        with _undisturbed(self.module):
            self.module.train(training)
            try:
                return record(self.module, inputs, self._positional, kind_of)
            except ImportModuleError:
                raise
            except Exception as error:  # whatever the user's own code raises is for the user to read
                words = " ".join(str(error).split())[:300]
                how = f"with a batch of {batch}" if isinstance(self.module, Interpreted) else "on these inputs"
                raise NotRunningError(f"{self.report.name} does not run {how}: {type(error).__name__}: {words}") from error

    def _paths(self) -> dict[int, str]:
        if not hasattr(self, "_path_of"):
            self._path_of = {id(m): name for name, m in self.module.named_modules()}
        return self._path_of

    def compare(self, made: nn.Module) -> None:
        """Runs both on the same inputs and notes what differs."""
        self._say("Comparing", 0.8)
        rows = []
        made.eval()
        with _undisturbed(self.module), torch.no_grad():
            self.module.eval()
            if isinstance(self.module, Interpreted) and self.module.reference is not None:
                self._refer(self.module.reference)
            for batch in COMPARED:
                inputs = with_batch(self._inputs, batch)
                state = torch.random.get_rng_state()
                expected = _tensors(self._run(self.module, inputs))
                torch.random.set_rng_state(state)
                given = [x for x in with_batch(self._inputs, batch).values() if isinstance(x, Tensor)]
                found = _tensors(made(*given))
                rows.append(_difference(batch, expected, found))
        self.report.compared = rows
        self.report.seconds = time.perf_counter() - self._started

    def _refer(self, reference: Reference) -> None:
        """Tells how what was read from a file compares with what the file gives elsewhere."""
        found = _difference(0, _tensors(reference.outputs), _tensors(self.module(**reference.inputs)))
        how = "the same to the bit" if found.bitwise else f"the same, but for {found.largest / max(found.magnitude, 1e-12):.1e} of its size"
        self.report.notes = (*self.report.notes, f"The file itself, run by {reference.by}, gives {how}.")

    def adopt(self, other: Imported) -> None:
        """Tells of another module, which does the same, in place of its own."""
        mine, its = self.report, other.report
        for name in ("nodes", "groups", "folded", "opaque", "decisions", "notes", "renamed"):
            setattr(mine, name, getattr(its, name))
        mine.way = "by way of torch.export"

    def exported(self) -> Imported:
        """The same module as ``torch.export`` sees it.

        Raises:
            ImportModuleError: it cannot be seen.
        """
        inputs = with_batch(self._inputs, RECORDED[0])
        with _undisturbed(self.module):
            made = export(self.module.eval(), inputs, self._positional)
        given = [x for x in self._inputs.values() if isinstance(x, Tensor)]
        return Imported(made, dict(zip(made.inputs, given, strict=True)), self._say)

    def _run(self, module: nn.Module, inputs: Inputs) -> Any:
        values = list(inputs.items())
        return module(*(x for _, x in values[: self._positional]), **dict(values[self._positional :]))


def _arranged(module: nn.Module, given: Any) -> tuple[int, dict[str, Any]]:
    """How many inputs go by position, and all of them by name."""
    if isinstance(given, Tensor):
        given = (given,)
    if isinstance(given, Mapping):
        inputs, positional = dict(given), 0
    else:
        known = list(forward_names(module)) if hasattr(type(module).forward, "__code__") else []
        stems = [*known, *(f"x{i}" for i in range(len(known), len(given)))]
        inputs, positional = dict(zip(stems, given, strict=False)), len(given)
    tensors = [x for x in inputs.values() if isinstance(x, Tensor)]
    if not tensors:
        raise ImportModuleError("Give at least one tensor as an example input: its shape says what the network takes.")
    for name, x in inputs.items():
        if isinstance(x, Tensor) and (not x.dim() or x.size(0) != tensors[0].size(0)):
            raise ImportModuleError(f"The example input {name} must have the batch in front, as the first input has.")
    return positional, inputs


def with_batch(inputs: Inputs, batch: int) -> dict[str, Any]:
    """The example inputs with so many samples: those that are there, in turn; numbers a little changed, so that samples differ."""
    generator = torch.Generator().manual_seed(batch)
    made: dict[str, Any] = {}
    for name, x in inputs.items():
        if isinstance(x, Tensor):
            rows = x[torch.arange(batch) % x.size(0)].clone()
            if rows.is_floating_point():
                rows = rows + torch.randn(rows.shape, generator=generator, dtype=rows.dtype) * (x.std(unbiased=False) * 0.5 + 0.1)
            elif rows.dtype != torch.bool and rows.dim() > 1 and int(x.max()) > 1:
                rows = torch.stack([row.roll(int(shift), -1) for row, shift in zip(rows, torch.arange(batch), strict=True)])
            made[name] = rows
        else:
            made[name] = x
    return made


@contextmanager
def _undisturbed(module: nn.Module) -> Iterator[None]:
    """Puts modes, buffers and caches of a module, and the generator of random numbers, back to what they were."""
    kept = [(m, {k: _copied(v) for k, v in vars(m).items()}) for m in module.modules()]
    buffers = [(b, b.clone()) for b in module.buffers()]
    state = torch.random.get_rng_state()
    try:
        yield
    finally:
        for m, attributes in kept:
            for name in vars(m).keys() - attributes.keys():
                del vars(m)[name]
            vars(m).update(attributes)
        with torch.no_grad():
            for b, before in buffers:
                if b.shape == before.shape:
                    b.copy_(before)
        torch.random.set_rng_state(state)


def _copied(x: Any) -> Any:
    """A dictionary, list or set of its own, so that what is put into the old one is forgotten."""
    return copy.copy(x) if type(x) in (dict, list, set, OrderedDict) else x


def _tied(module: nn.Module) -> frozenset[str]:
    """Names of the weights that several modules have."""
    return frozenset(name for names in _same_names(module).values() if len(names) > 1 for name in names)


def _same_names(module: nn.Module) -> dict[str, list[str]]:
    """For each name of a weight those of the same tensor, that of a module registered twice counted once."""
    first = {id(m): name for name, m in module.named_modules()}
    holders = {name: first[id(m)] for name, m in module.named_modules(remove_duplicate=False)}
    by_tensor: dict[int, list[str]] = {}
    for name, p in module.named_parameters(remove_duplicate=False):
        by_tensor.setdefault(id(p), []).append(name)
    distinct: dict[str, list[str]] = {}
    for same in by_tensor.values():
        split = [name.rpartition(".") for name in same]
        places = list(dict.fromkeys(f"{holders[holder]}.{own}".lstrip(".") for holder, _, own in split))
        distinct |= dict.fromkeys(same, places)
    return distinct


def _torn(recording: Recording, module: nn.Module) -> Iterator[str]:
    """Names of weights that a layer has and something else uses as well, or that are used in several places of the hierarchy."""
    scopes: dict[str, set[str]] = {}
    direct: set[str] = set()
    known = {id(p): name for name, p in module.named_parameters()}

    def walk(scope: Scope) -> None:
        for step in scope.steps:
            if isinstance(step, Call):
                direct.update(v.name for v in values_in((step.args, step.kwargs)) if v.origin == "weight")
                if step.layer is not None:
                    for p in step.layer.parameters():
                        scopes.setdefault(known[id(p)], set()).add(scope.path)
            else:
                walk(step)

    walk(recording.root)
    yield from (name for name, places in scopes.items() if len(places) > 1 or name in direct)


def _said(root: Scope) -> dict[str, list[str]]:
    """The operations in each scope, in order."""
    found: dict[str, list[str]] = {}
    for call in calls(root):
        name = call.path if call.layer is not None else operation(call.function)
        found.setdefault(call.inside.path, []).append(name)
    return found


def _leading_somewhere(recording: Recording, matches: dict[Call, list[Match]]) -> dict[Call, list[Match]]:
    """The nodes that a result depends on; what only Python looked at is left out."""
    makers = {id(v): match for found in matches.values() for match in found for v in match.outputs.values()}
    waiting, seen = values_in(recording.root.returned), set[int]()
    while waiting:
        match = makers.get(id(waiting.pop()))
        if match is not None and id(match) not in seen:
            seen.add(id(match))
            waiting += [v for values in match.inputs.values() for v in values]
    return {call: [m for m in found if id(m) in seen] for call, found in matches.items()}


def _opaque(graph: CoreGraph, matches: Mapping[Call, list[Match]]) -> dict[str, int]:
    reasons: dict[Any, str] = {}
    for found in matches.values():
        for match in found:
            if match.reason:
                where = f"; {match.place}" if match.place is not None else ""
                reasons[match.spec.title, match.params.get("arguments")] = f"{match.spec.title} ({match.reason}{where})"
    counts: dict[str, int] = {}
    for holder in graph.graphs():
        for node in holder:
            if node.spec.recorded:
                reason = reasons.get((node.spec.title, node.params.get("arguments")), node.spec.title)
                counts[reason] = counts.get(reason, 0) + 1
    return counts


def _tensors(result: Any) -> list[Tensor]:
    if isinstance(result, Tensor):
        return [result]
    if isinstance(result, Mapping):
        return [t for v in result.values() for t in _tensors(v)]
    if isinstance(result, tuple | list):
        return [t for v in result for t in _tensors(v)]
    return []


def _difference(batch: int, expected: Sequence[Tensor], found: Sequence[Tensor]) -> Compared:
    if [tuple(t.shape) for t in expected] != [tuple(t.shape) for t in found]:
        raise ImportModuleError(f"The imported network returns other shapes than the original, with a batch of {batch}.")
    largest = magnitude = 0.0
    bitwise = True
    for a, b in zip(expected, found, strict=True):
        same = torch.equal(a, b) or bool(((a == b) | (a.isnan() & b.isnan())).all())
        bitwise &= same and a.dtype == b.dtype
        if not same:
            away = (a.double() - b.double()).abs()
            away[(a == b) | (a.isnan() & b.isnan())] = 0
            largest = max(largest, float(away.max().nan_to_num(float("inf"))))
        finite = a.double().abs().nan_to_num(0.0, 0.0, 0.0)
        magnitude = max(magnitude, float(finite.max()) if finite.numel() else 0.0)
    return Compared(batch, largest, magnitude, bitwise)


def _another_way(graph: Any, imported: Imported, reason: ImportModuleError) -> dict[str, Tensor]:
    """Fills the graph with what ``torch.export`` sees of a module; the weights by their names in it.

    Raises:
        ImportModuleError: that cannot be told either; the message is that of the first way.
    """
    try:
        other = imported.exported()
        weights = other.fill(graph)
    except ImportModuleError as error:
        raise ImportModuleError(f"{reason} {error}") from reason
    imported.adopt(other)
    told = f"While it ran it could not be recorded, so torch.export looked into it. {reason}"
    imported.report.notes = (told, *imported.report.notes)
    return weights


def from_module(graph: Any, module: nn.Module, example_inputs: Any, say: Callable[[str, float], None] | None = None) -> ImportReport:
    """Fills an empty `graph_engine.Graph` with what a module does, and gives it the module's weights.

    Args:
        graph: it.
        module: it runs, in evaluation mode, on inputs like the example's, and is as before afterwards.
        example_inputs: a tensor, a tuple of tensors and other values, or a mapping by name; tensors have the batch in front.
        say: told of each stage: a sentence, and how much of the whole is done.

    Raises:
        ImportModuleError: it cannot be told, or what was made does not give the same; the message names the line where there is one.
    """
    with torch.random.fork_rng(devices=[]):
        imported = Imported(module, example_inputs, say)
        if isinstance(module, Interpreted):
            imported.report.name, imported.report.way = graph.name, "as the file says it"
        refused: ImportModuleError | None = None
        try:
            graph.weights = imported.fill(graph)
        except NotRunningError:
            raise
        except ImportModuleError as error:
            if isinstance(module, Interpreted):
                raise
            graph.weights, refused = _another_way(graph, imported, error), error
        checked = graph.check()
        if not checked.ok:
            reason = checked.obstacle.message if checked.obstacle is not None else "the graph has errors"
            raise ImportModuleError(f"{type(module).__name__} was recorded, but its graph does not hold: {reason}")
        imported.compare(graph.compile())
        if refused is not None and not imported.report.agrees:  # what torch.export saw holds for some sizes of the batch only
            raise refused
    return imported.report


def from_checkpoint(graph: Any, path: Path) -> ImportReport:
    """Fills an empty `graph_engine.Graph` with the layers whose tensors a checkpoint holds, and gives it these.

    Raises:
        ImportModuleError: the file cannot be read, or holds no layers.
    """
    started = time.perf_counter()
    graph.weights, notes = propose(graph, path)
    report = ImportReport(graph.name, way="proposed from the names and shapes of tensors", notes=notes)
    _count(report, graph)
    report.seconds = time.perf_counter() - started
    return report


def _count(report: ImportReport, graph: CoreGraph) -> None:
    """Tells how large a graph is."""
    report.nodes = sum(1 for g in graph.graphs() for n in g if n.spec.call.kind not in ("input", "output"))
    report.groups = len(graph.definitions)
    turns = [(n.name, int(n.params["repeat"])) for g in graph.graphs() for n in g if n.id in g.groups]
    report.folded = {name: times for name, times in turns if times > 1}

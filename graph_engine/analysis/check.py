"""Checks a graph, again and again while it is edited, without torch.

The checker keeps what it found and recomputes only what an edit touched: the dirty nodes in topological order, and what lies behind a
node only where its output really changed. What rules find is kept apart, in `graph_engine.analysis.findings`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush
from typing import Any, NamedTuple
from weakref import WeakMethod, WeakValueDictionary, finalize, ref

from graph_engine.analysis import remedies, topology
from graph_engine.analysis.alike import Alike
from graph_engine.analysis.checked import FEW, CheckedGraph, CheckedNode, Layered, Status, weights_of
from graph_engine.analysis.costs import Costs
from graph_engine.analysis.diagnostics import Diagnostic, Severity, impassable, starved, unconnected
from graph_engine.analysis.findings import Findings
from graph_engine.graph.changes import LOOKS, Change
from graph_engine.graph.definition import Definition
from graph_engine.graph.graph import CoreGraph, Listener
from graph_engine.graph.network import Network, network, passed_input
from graph_engine.graph.node import GroupSpec, Node
from graph_engine.memory import uncollected
from graph_engine.spec.faults import Fault
from graph_engine.spec.foreign import Answers, Unanswered
from graph_engine.spec.tensor import TensorSpec, total


class Checker:
    """Keeps the check of one graph up to date: of a document's, or of a group's content as one use of it has it.

    Args:
        graph: the graph.
        use: what the use brings along; of a document's graph, None.
        answers: what is known of modules that are not the program's own.
    """

    def __init__(self, graph: CoreGraph, use: Use | None = None, answers: Answers | None = None):
        self._graph = graph
        self._use = use
        self._contents = Contents(answers) if use is None else use.contents
        self._kept: dict[str, tuple[Checker, ...]] = {}
        self._stamps: dict[str, int] = {}
        self._own: dict[str, CheckedNode] = {}
        self._network = Network(graph, {}, {})
        self._found = Findings(graph, self._own, use is None, self._params)
        self._shown = Layered({})
        self._faulty: set[str] = set()
        self._order: tuple[str, ...] = ()
        self._place: dict[str, int] = {}
        self._live: frozenset[str] = frozenset()
        self._owners: dict[str, str] = {}
        self._settings = graph.settings
        self._borrowing: frozenset[str] = frozenset()
        self._dirty: set[str] = set(graph.nodes)
        self._drawn: set[str] = set(graph.edges)
        self._edited: set[str] = set(graph.nodes)
        self._joined: set[str] = set()
        self._turned: set[str] = set()
        self._switched: set[str] = set()
        self._reshaped = self._stale_rules = True
        self._alike = Alike(None)
        self._costs = Costs()
        self._last: CheckedGraph | None = None
        heard = WeakMethod(self._note)  # a graph outlives the checkers of its uses

        def tell(changes: Sequence[Change]) -> None:
            note = heard()
            if note is not None:
                note(changes)

        graph.subscribe(tell)
        finalize(self, _unsubscribe, ref(graph), tell)

    def check(self) -> CheckedGraph:
        """What is now known of the graph; the same object as before where nothing changed."""
        self._look_inside()
        if self._owners != self._graph.owners:
            self._owners = dict(self._graph.owners)
            self._reshaped = self._stale_rules = True
        if self._last is not None and not (self._dirty or self._stale_rules):
            return self._last
        reshaped, self._reshaped = self._reshaped, False
        if reshaped:
            self._reorder()
        with uncollected():
            changed, replaced, flowed = self._recompute()
        if reshaped or len(changed) > FEW:
            self._costs = Costs.of([self._own[id] for id in self._live])
        else:
            for id in changed & self._live:
                self._costs = self._costs.replaced(replaced[id], self._own[id])
        edited = {id for id in self._edited if id in self._own}
        shown = changed | edited
        shown |= self._found.run(changed, edited, self._joined, self._turned, flowed=flowed, stale=self._stale_rules)
        for noted in (self._edited, self._joined, self._turned):
            noted.clear()
        self._stale_rules = False
        self._show(shown, fresh=reshaped)
        self._last = CheckedGraph(self._shown, self._order, self._found.document, frozenset(self._faulty), *self._costs)
        return self._last

    def _look_inside(self) -> None:
        """Marks the groups whose content was edited, and all where the settings were: rules inside read them."""
        if self._settings is not self._graph.settings:
            self._settings = self._graph.settings
            self._stale_rules = True
            self._dirty |= self._graph.groups.keys()
        seen: dict[str, int] = {}
        for id, definition in self._graph.groups.items():
            if definition not in seen:
                seen[definition] = self._graph.definitions[definition].last_edit(seen)
            if self._stamps.get(id) != seen[definition]:
                self._stamps[id] = seen[definition]
                self._dirty.add(id)

    def _params(self, node: Node) -> Mapping[str, Any]:
        """The parameters of a node as they are here: a use may give exposed ones another value."""
        values = self._use.values.get(node.id) if self._use is not None else None
        return {**node.params, **values} if values else node.params

    def _note(self, changes: Sequence[Change]) -> None:
        for change in changes:
            kind = change.kind
            if kind in LOOKS:
                continue
            if kind == "settings":
                self._stale_rules = True
            elif kind in ("node", "name", "mode"):
                self._dirty.add(change.id)
                self._edited.add(change.id)
                self._stale_rules |= kind == "name"
                if kind == "mode" or change.id in self._graph.modes:  # its neighbours look past it, or tell of it
                    self._reshaped = self._stale_rules = True
                    self._switched.add(change.id)
            else:
                self._reshaped = self._stale_rules = True
                self._dirty.add(change.target or change.id)
                if kind == "edge-added":
                    self._drawn.add(change.id)
                if change.target:
                    self._joined |= {change.source, change.target}
                else:
                    self._edited.add(change.id)

    def _reorder(self) -> None:
        """Brings the order up to date: it still holds, with new nodes at its end, unless a new edge leads backwards in it."""
        nodes, edges = self._graph.nodes, self._graph.edges
        order, place = self._order, self._place
        if place.keys() != nodes.keys():
            order = (*(id for id in order if id in nodes), *(id for id in nodes if id not in place))
            place = {id: i for i, id in enumerate(order)}
        drawn = [edges[id] for id in self._drawn if id in edges]
        if any(place[edge.source] > place[edge.target] for edge in drawn):
            order = tuple(topology.order(topology.digraph(self._graph)))
            place = {id: i for i, id in enumerate(order)}
        self._order, self._place = order, place
        self._drawn.clear()
        self._resolve()
        graph = self._network.graph
        self._live = topology.live(graph, self._order)
        borrowing = frozenset(self._borrowers())
        self._dirty |= (borrowing ^ self._borrowing) & nodes.keys()
        self._borrowing = borrowing
        for id in self._own.keys() - nodes.keys():
            del self._own[id]
            self._kept.pop(id, None)
            self._stamps.pop(id, None)
            self._found.forget(id)
        self._found.follow(graph, self._order)

    def _resolve(self) -> None:
        """Brings what computes up to date, and marks the nodes for which bypassed and muted ones have made a difference."""
        self._network = network(self._graph)
        modes = self._graph.modes
        if not (modes or self._switched):
            return
        stack = [id for id in self._switched | self._joined if id in self._graph]
        reached = set(stack)
        while stack:
            id = stack.pop()
            if id in self._switched or id in modes:
                around = {e.source for e in self._graph.incoming(id)} | {e.target for e in self._graph.outgoing(id)}
                stack += around - reached
                reached |= around
        self._dirty |= reached
        self._joined |= reached
        self._switched.clear()

    def _borrowers(self) -> Iterator[str]:
        """Ids of the nodes whose weights count with another one: of those that share some, all but one that leads to an output."""
        for owner in dict.fromkeys(self._owners.values()):
            sharing = self._graph.sharing(owner)
            counted = next((id for id in sharing if id in self._live), owner)
            yield from (id for id in sharing if id != counted)

    def _recompute(self) -> tuple[set[str], dict[str, CheckedNode | None], bool]:
        """Evaluates what is dirty.

        Returns:
            Ids of the nodes whose result changed, what was known of them before (of the first few), and whether any output changed.
        """
        own, place, order, graph, nodes = self._own, self._place, self._order, self._graph, self._graph.nodes
        self._alike = Alike(self._contents.answers)
        heap = [place[id] for id in self._dirty if id in place]
        heapify(heap)
        queued = set(heap)
        changed: set[str] = set()
        replaced: dict[str, CheckedNode | None] = {}
        flowed = False
        while heap:
            id = order[heappop(heap)]
            before, after = own.get(id), self._evaluate(nodes[id])
            if before == after:
                continue
            own[id] = after
            changed.add(id)
            if len(changed) <= FEW:
                replaced[id] = before
            if before is None or before.outputs != after.outputs or before.status != after.status:
                flowed = True
                if before is None or before.status != after.status:
                    self._turned.add(id)
                for edge in graph.outgoing(id):
                    at = place[edge.target]
                    if at not in queued:
                        queued.add(at)
                        heappush(heap, at)
        self._dirty.clear()
        self._alike = Alike(None)
        return changed, replaced, flowed

    def _evaluate(self, node: Node) -> CheckedNode:
        spec, graph, own = node.spec, self._network.graph, self._own
        if node.mode != "active":
            return self._evaluate_idle(node)
        if self._use is not None and spec.call.kind == "input":
            x = self._use.arriving.get(node.name)
            return CheckedNode(node.id, "ok", outputs={"output": x}) if x is not None else CheckedNode(node.id, "waiting")
        inputs: dict[str, Any] = {}
        waits, faults = False, []
        for port in spec.inputs:
            edges = graph.inputs(node.id, port.name)
            if not edges and port.optional:
                inputs[port.name] = None
                continue
            if len(edges) < (spec.minimum_inputs if port.variadic else 1):
                muted = [self._graph[id] for id in dict.fromkeys(self._network.lost.get((node.id, port.name), ()))]
                count = len(edges)
                faults.append(starved(self._graph, node, port, count, muted) if muted else unconnected(node, port, count))
                continue
            if port.variadic:
                arriving = tuple([own[edge.source].outputs.get(edge.source_port) for edge in edges])
                waits = waits or None in arriving
                inputs[port.name] = arriving
            else:
                inputs[port.name] = x = own[edges[0].source].outputs.get(edges[0].source_port)
                waits = waits or x is None
        if isinstance(spec, GroupSpec):
            return self._evaluate_group(node, spec, self._params(node), inputs, faults)
        if faults:
            return CheckedNode(node.id, "error", diagnostics=tuple(faults))
        if waits:
            return CheckedNode(node.id, "waiting")
        params = self._params(node)
        try:
            found = self._alike.infer(spec, params, inputs)
        except Unanswered as fault:
            severity: Severity = "hint" if fault.trusted else "warning"
            diagnostic = Diagnostic(severity, fault.code, node.id, None, f"{node.name}: {fault}", fault.fixes)
            return CheckedNode(node.id, "waiting", inputs, diagnostics=(diagnostic,), question=fault.question)
        except Fault as fault:
            fixes = remedies.fixes(graph, node, inputs, fault) if params == node.params else ()  # its use has others
            diagnostic = Diagnostic("error", fault.code, node.id, fault.port, f"{node.name}: {fault}", fixes)
            return CheckedNode(node.id, "error", inputs, diagnostics=(diagnostic,))
        if node.id in self._borrowing:
            found = found._replace(parameters=0, stored=0)
        return CheckedNode(node.id, "ok", inputs, *found)

    def _evaluate_idle(self, node: Node) -> CheckedNode:
        """A bypassed node costs nothing and gives what it passes on; a muted one gives nothing."""
        self._kept.pop(node.id, None)
        if node.mode == "muted":
            return CheckedNode(node.id, "ok")
        passing, own = self._network.passing[node.id], self._own
        faults = [impassable(self._graph, node, port) for port in node.spec.outputs if self._graph.outputs(node.id, port.name)]
        diagnostics = tuple([d for d in faults if d is not None])
        if diagnostics:
            return CheckedNode(node.id, "error", diagnostics=diagnostics)
        outputs = {port: own[id].outputs.get(output) for port, (id, output) in passing.items()}
        known = {port: x for port, x in outputs.items() if x is not None}
        if len(known) < len(outputs):
            return CheckedNode(node.id, "waiting")
        inputs = {into: x for port, x in known.items() if (into := passed_input(node.spec, port)) is not None}
        return CheckedNode(node.id, "ok", inputs, known)

    def _evaluate_group(
        self, node: Node, spec: GroupSpec, params: Mapping[str, Any], inputs: Mapping[str, Any], faults: Sequence[Diagnostic]
    ) -> CheckedNode:
        """Checks the content of a group with what arrives; of a repeated one, until nothing changes from one repetition to the next."""
        graph = self._graph
        definition = graph.definitions[spec.definition]
        exposed = tuple((e.name, params[e.name]) for e in definition.exposed)
        names, count = [p.name for p in spec.inputs], params["repeat"]
        arriving = tuple([inputs.get(name) for name in names])
        turns: list[Checker] = []
        inside: list[CheckedGraph] = []
        given: list[TensorSpec | None] = []
        for _ in range(count):
            turn = self._contents.of(definition, arriving, exposed)
            if turn is None:
                break
            found = turn.check()
            turns.append(turn)
            inside.append(found)
            given = [found.nodes[definition.named(name).id].inputs.get("input") for name in spec.output_names]
            following = (*given, *arriving[len(given) :])[: len(names)]
            if following == arriving:
                break
            arriving = following
        self._kept[node.id] = tuple(turns)
        problems = list(faults)
        if turn is None:
            message = f"{node.name}: the network's groups have more than {MOST:,} different contents; repeat them less often."
            problems.append(Diagnostic("error", "group.too-many", node.id, None, message))
            return CheckedNode(node.id, "error", inputs, diagnostics=tuple(problems))
        if not spec.outputs:
            message = f"{node.name}: nothing leaves the group {definition.name}; put an Output into it."
            problems.append(Diagnostic("error", "group.no-output", node.id, None, message))
        if count > 1 and len(spec.outputs) > len(names):
            message = (
                f"{node.name}: a group that is repeated needs at least as many inputs as outputs, because these go into its next turn."
            )
            problems.append(Diagnostic("error", "group.repeat", node.id, None, message))
        if params["share_weights"] and any(dict(weights_of(found)) != dict(weights_of(inside[0])) for found in inside[1:]):
            message = (
                f"{node.name}: its repetitions share weights, but need some of other shapes, because another width goes into the next turn."
            )
            problems.append(Diagnostic("error", "share.mismatch", node.id, None, message))
        wrong = bool(problems) or any(found.obstacle is not None and found.obstacle.severity == "error" for found in inside)
        status: Status = "error" if wrong else "waiting" if None in given else "ok"
        outputs = {name: x for name, x in zip(spec.output_names, given, strict=True) if x is not None and status == "ok"}
        times = [1] * (len(inside) - 1) + [count - len(inside) + 1]
        stored = [0] * len(inside) if node.id in self._borrowing else [1] + [0] * (len(inside) - 1) if params["share_weights"] else times
        return CheckedNode(
            node.id,
            status,
            inputs,
            outputs,
            parameters=sum([n * found.parameters for n, found in zip(stored, inside, strict=True)]),
            flops=total([n * found.flops for n, found in zip(times, inside, strict=True)]),
            memory=total([n * found.outputs for n, found in zip(times, inside, strict=True)]),
            stored=sum([n * found.stored for n, found in zip(stored, inside, strict=True)]),
            diagnostics=tuple(problems),
            inside=tuple(inside),
        )

    def _show(self, changed: set[str], *, fresh: bool) -> None:
        """Lays what changed over what was shown before.

        Args:
            changed: ids of nodes whose result or findings are others now.
            fresh: nodes may have come or gone, or changed places.
        """
        changed &= self._own.keys()
        told = changed & self._found.nodes
        fronts = {id: self._own[id] for id in changed - told}
        for id in told:
            own, extra = self._own[id], self._found.on(id)
            if id in self._found.follows:
                own = CheckedNode(id, "waiting")
            if id in self._found.causes:
                extra = tuple(d._replace(severity="error") if d.code == self._found.causes[id] else d for d in extra)
            if extra and (silenced := self._graph[id].silenced):
                extra = tuple(d for d in extra if d.severity == "error" or d.code not in silenced)
            front = own._replace(diagnostics=own.diagnostics + extra) if extra else own
            shown = self._shown.get(id)
            fronts[id] = shown if shown == front else front
        self._faulty -= changed
        self._faulty.update(id for id, node in fronts.items() if node.diagnostics or node.inside)
        self._shown = self._shown.with_changes(fronts)
        if fresh:
            self._shown = self._shown.of(self._graph.nodes)
            self._faulty &= self._own.keys()


def _unsubscribe(graph: ref[CoreGraph], listener: Listener) -> None:
    """Ends what a checker has subscribed to; it must not keep the graph alive that may keep the checker alive."""
    found = graph()
    if found is not None:
        found.unsubscribe(listener)


class Use(NamedTuple):
    """What a use brings into a group.

    Attributes:
        arriving: what arrives, by the name of the input; None where that is not known.
        values: by node, parameters that have another value in this use.
        contents: where the contents of groups in it are checked.
    """

    arriving: Mapping[str, TensorSpec | None]
    values: Mapping[str, Mapping[str, Any]]
    contents: Contents


MOST = 2000
"""A network may have so many different contents of groups: repetitions that all differ, nested, would take hours."""


class Contents:
    """The checks of groups' contents. Uses that receive the same and set the same share one; it is kept as long as one needs it.

    Attributes:
        answers: what is known of modules that are not the program's own.
    """

    def __init__(self, answers: Answers | None = None) -> None:
        self.answers = answers
        self._found: WeakValueDictionary[object, Checker] = WeakValueDictionary()

    def of(self, definition: Definition, arriving: tuple[TensorSpec | None, ...], exposed: tuple[tuple[str, Any], ...]) -> Checker | None:
        """The checker of a group's content; None where there are too many.

        Args:
            definition: the group.
            arriving: what arrives at its inputs, in order.
            exposed: names and values of its exposed parameters.
        """
        key = (id(definition), definition.shown.spec.inputs, arriving, exposed)
        checker = self._found.get(key)
        if checker is None and len(self._found) < MOST:
            names = [p.name for p in definition.spec.inputs]
            use = Use(dict(zip(names, arriving, strict=True)), definition.values_inside(dict(exposed)), self)
            checker = self._found[key] = Checker(definition, use)
        return checker

    def alone(self, definition: Definition) -> CheckedGraph:
        """The check of a group's content where nothing is known of what arrives: of one that no use computes, being bypassed or muted."""
        defaults = definition.spec.defaults
        exposed = tuple((e.name, defaults[e.name]) for e in definition.exposed)
        checker = self.of(definition, (None,) * len(definition.spec.inputs), exposed)
        assert checker is not None
        return checker.check()

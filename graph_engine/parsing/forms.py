"""What contents have in common: those of one class and one form become one definition, with the values exposed in which they differ."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from graph_engine.errors import ParamError
from graph_engine.graph.definition import REPEAT, TIED
from graph_engine.graph.names import RESERVED
from graph_engine.parsing.drafts import Content, Draft, End
from graph_engine.spec.block import BlockSpec
from graph_engine.spec.params import Param


class Form:
    """What becomes one definition, or the network itself.

    Attributes:
        contents: all that are of this form.
        exposed: for each exposed name the places that it sets, as node and parameter.
        values: for each content, in order, what the exposed names are there.
        inside: what they are in the definition.
    """

    def __init__(self) -> None:
        self.contents: list[Content] = []
        self.exposed: dict[str, list[tuple[str, str]]] = {}
        self.values: list[dict[str, Any]] = []
        self.inside: dict[str, Any] = {}

    @property
    def first(self) -> Content:
        return self.contents[0]


class Forms:
    """The forms of a network and of all groups in it, inner ones first.

    Args:
        root: the network.
    """

    def __init__(self, root: Content):
        self.of: dict[int, Form] = {}
        self.values_of: dict[int, dict[str, Any]] = {}
        self.all: list[Form] = []
        levels: dict[int, list[Content]] = {}
        _height(root, levels)
        for height in sorted(levels):
            found: dict[Hashable, Form] = {}
            for content in levels[height]:
                self._fold(content)
                form = found.setdefault((content.key, self._structure(content)), Form())
                form.contents.append(content)
                self.of[id(content)] = form
            for form in found.values():
                self._expose(form, is_root=form.first is root)
                for content, values in zip(form.contents, form.values, strict=True):
                    self.values_of[id(content)] = values
            self.all += [form for form in found.values() if form.first is not root]
        self.root = self.of[id(root)]

    def params(self, draft: Draft) -> dict[str, Any]:
        """The parameters of a node: of a group, those that it exposes and how it is repeated."""
        if draft.content is None:
            return {n: v for n, v in draft.params.items() if n not in draft.inferred}
        turns = len(draft.turns)
        tied = turns > 1 and len({id(layer) for layer in draft.layers}) == 1
        repeated = {"repeat": turns} if turns > 1 else {}
        return {**self.values_of[id(draft.content)], **repeated, **({"share_weights": True} if tied else {})}

    def _structure(self, content: Content) -> Hashable:
        """What two contents must have in common to be of one form: all but values."""
        drafts = [*content.inputs, *content.nodes, *content.outputs]
        place = {id(d): i for i, d in enumerate(drafts)}
        first: dict[int, int] = {}
        rows: list[Hashable] = []
        for i, draft in enumerate(drafts):
            sources = tuple((port, tuple((place[id(e.draft)], e.port) for e in ends)) for port, ends in draft.sources.items())
            owner = first.setdefault(id(draft.layer), i) if draft.layer is not None else i
            what: Hashable
            if draft.content is not None:
                repeated = {n: v for n, v in self.params(draft).items() if n in ("repeat", "share_weights")}
                what = (id(self.of[id(draft.content)]), tuple(repeated.items()))
            else:
                assert draft.spec is not None
                written = tuple((n, v) for n, v in draft.params.items() if _is_form(draft.spec, n, v))
                what = (draft.spec.id, tuple(draft.spec.output_names), written)
            rows.append((draft.name, what, sources, owner))
        return tuple(rows)

    def _expose(self, form: Form, *, is_root: bool) -> None:
        """Decides which values are exposed, and under which names."""
        contents = form.contents
        form.values = [{} for _ in contents]
        if is_root:
            return
        kinds: dict[str, Param] = {}
        for i, draft in enumerate(form.first.nodes):
            alike = [c.nodes[i] for c in contents]
            for name in dict.fromkeys(n for d in alike for n in self._given(d)):
                if all(name in d.inferred or name not in self._given(d) for d in alike):
                    continue
                param = self._param(draft, name)
                if param is None or any(_is_form(draft.spec, name, self._given(d).get(name)) for d in alike if draft.spec is not None):
                    continue
                values = [self._given(d).get(name, param.default) for d in alike]
                origins = {d.origins.get(name) for d in alike}
                origin = next(iter(origins)) if len(origins) == 1 else None
                differ = any(v != values[0] for v in values)
                if not differ and (origin is None or origin not in form.first.defaults):
                    continue
                chosen = self._name(form, origin, draft, name, param, values, kinds)
                kinds.setdefault(chosen, param)
                form.exposed.setdefault(chosen, []).append((draft.name, name))
                for row, value in zip(form.values, values, strict=True):
                    row[chosen] = value
        order = {name: i for i, name in enumerate(form.first.arguments)}
        form.exposed = dict(sorted(form.exposed.items(), key=lambda pair: order.get(pair[0], len(order))))
        for name in form.exposed:
            form.inside[name] = form.values[0][name]
            if name in form.first.defaults:
                try:
                    form.inside[name] = kinds[name].parse(form.first.defaults[name])
                except (ParamError, TypeError):
                    form.inside[name] = form.values[0][name]

    def _given(self, draft: Draft) -> dict[str, Any]:
        return self.values_of[id(draft.content)] if draft.content is not None else draft.params

    def _param(self, draft: Draft, name: str) -> Param | None:
        """The declaration of a parameter of a node; None where a use cannot set it."""
        if draft.content is not None:
            form = self.of[id(draft.content)]
            inner, param = form.exposed[name][0]
            found = self._param(next(n for n in form.first.nodes if n.name == inner), param)
            return replace(found, default=form.inside[name], inferred=False) if found is not None else None
        assert draft.spec is not None
        if draft.spec.fitting is not None and name in draft.spec.fitting.on:
            return None
        return draft.spec.param(name)

    def _name(
        self, form: Form, origin: str | None, draft: Draft, name: str, param: Param, values: Sequence[Any], kinds: dict[str, Param]
    ) -> str:
        """What an exposed parameter is called: as the argument that it is, else after itself."""
        content = form.first
        ports = {d.name for d in (*content.inputs, *content.outputs)} | {REPEAT.name, TIED.name}

        def fits(wanted: str) -> bool:
            if wanted in ports or wanted in RESERVED or wanted.startswith("_"):
                return False
            if wanted not in kinds:
                return True
            same = all(row.get(wanted) == value for row, value in zip(form.values, values, strict=True))
            return same and _limits(kinds[wanted]) == _limits(param)

        same = [n for n in kinds if fits(n)] if origin is None else []
        if same:
            return same[0]
        candidates = ([origin] if origin is not None else []) + [name, f"{draft.name}_{name}"]
        number = 2
        for wanted in candidates:
            if fits(wanted) and (wanted == origin or wanted not in kinds):
                return wanted
        while (wanted := f"{draft.name}_{name}_{number}") in kinds or not fits(wanted):
            number += 1
        return wanted

    def _fold(self, content: Content) -> None:
        """Makes one repeated group of groups of one form that follow each other in a container or loop."""
        users: dict[tuple[int, str], int] = {}
        for draft in (*content.nodes, *content.outputs):
            for end in (e for ends in draft.sources.values() for e in ends):
                users[id(end.draft), end.port] = users.get((id(end.draft), end.port), 0) + 1
        rows: dict[Hashable, list[Draft]] = {}
        for draft in content.nodes:
            if draft.row is not None:
                rows.setdefault(draft.row[:2], []).append(draft)  # type: ignore[index]
        for row in rows.values():
            self._folded(content, row, users)

    def _folded(self, content: Content, row: list[Draft], users: dict[tuple[int, str], int]) -> None:
        first, last = row[0], row[-1]
        turns = [draft.row[2] for draft in row]  # type: ignore[index]
        if len(row) < 2 or any(d.content is None for d in row) or turns != list(range(len(row))):
            return
        assert all(d.content is not None for d in row)
        forms = {id(self.of[id(d.content)]) for d in row}
        values = [self.values_of[id(d.content)] for d in row]
        layers = {id(d.layer) for d in row}
        if len(forms) > 1 or any(v != values[0] for v in values) or len(layers) not in (1, len(row)):
            return
        elsewhere = {id(d.layer) for d in content.nodes if d not in row}
        if layers & elsewhere:
            return
        assert first.content is not None
        ports = [d.name for d in first.content.inputs]
        results = [d.name for d in first.content.outputs]
        if len(results) > len(ports):
            return
        for one, following in pairwise(row):
            expected = {p: [End(one, r)] for p, r in zip(ports, results, strict=False)}
            rest = {p: first.sources[p] for p in ports[len(results) :]}
            if following.sources != {**expected, **rest} or any(users.get((id(one), r), 0) != 1 for r in results):
                return
        name = first.row_name or _container(first.name, len(layers) > 1)
        if name != first.name:
            first.name = content.named(name)
        first.turns = [d.content for d in row if d.content is not None]
        first.layers = [d.layer for d in row]
        first.outputs = last.outputs
        gone = {id(d) for d in row[1:]}
        content.nodes = [d for d in content.nodes if id(d) not in gone]
        for draft in (*content.nodes, *content.outputs):
            for ends in draft.sources.values():
                ends[:] = [End(first, e.port) if e.draft is last else e for e in ends]


def _container(name: str, several: bool) -> str:
    """``blocks_0`` is the first of ``blocks``."""
    stem, _, index = name.rpartition("_")
    return stem if several and index == "0" and stem else name


def _height(content: Content, levels: dict[int, list[Content]]) -> int:
    """How deeply groups lie in a content; all contents by that."""
    height = 1 + max((_height(d.content, levels) for d in content.nodes if d.content is not None), default=-1)
    levels.setdefault(height, []).append(content)
    return height


def _is_form(spec: BlockSpec, name: str, value: Any) -> bool:
    """Whether a value is written as source, not as a value, or decides which ports there are."""
    if spec.fitting is not None and name in spec.fitting.on:
        return True
    return spec.call.kind == "subscript" or (isinstance(value, tuple) and any(isinstance(v, str) for v in value))


def _limits(param: Param) -> Param:
    """A parameter without its words and its default: what is left decides which values it takes."""
    return replace(param, name="", help="", default=None, inferred=False, advanced=False)

"""Things to choose from that have parameters of their own: an optimizer, a loss, a data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar

from graph_engine.errors import ParamError
from graph_engine.spec.params import Param


@dataclass(frozen=True, kw_only=True)
class Option:
    """A declared thing to choose.

    Attributes:
        id: torch's own name where it has one.
        summary: one sentence.
        params: its parameters, in torch's order.
    """

    id: str
    summary: str
    params: tuple[Param, ...] = ()

    def read(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """All parameters, defaults filled in.

        Raises:
            ParamError: one does not exist, or is outside its limits.
        """
        known = {p.name: p for p in self.params}
        for name in values:
            if name not in known:
                raise ParamError(f"{self.id} has no parameter {name!r}; it has {', '.join(known) or 'none'}.")
        return MappingProxyType({name: p.parse(values.get(name, p.default)) for name, p in known.items()})


OptionT = TypeVar("OptionT", bound=Option)


class Selected(NamedTuple, Generic[OptionT]):
    """A chosen option and the values of its parameters."""

    option: OptionT
    params: Mapping[str, Any]

    @property
    def id(self) -> str:
        return self.option.id


@dataclass(frozen=True, kw_only=True)
class OptionParam(Param):
    """A choice among options; its value is a `Selected`.

    It reads an option's id, or a mapping with ``name`` and any of its parameters, which is also how documents store it.
    """

    kind = "option"
    options: Sequence[Any] = field(default_factory=tuple)

    def read(self, value: Any) -> Selected:
        if isinstance(value, Selected):
            return value
        if isinstance(value, str):
            value = {"name": value}
        if not isinstance(value, Mapping):
            raise self.refuse(value)
        option = next((o for o in self.options if o.id == value.get("name")), None)
        if option is None:
            raise self.refuse(value.get("name"))
        return Selected(option, option.read({k: v for k, v in value.items() if k != "name"}))

    def limits(self) -> str:
        return "one of " + ", ".join(o.id for o in self.options)


def plain(value: Any) -> Any:
    """A parameter's value as JSON has it."""
    if isinstance(value, Selected):
        defaults = {p.name: p.default for p in value.option.params}
        return {"name": value.id, **{k: plain(v) for k, v in value.params.items() if v != defaults[k]}}
    if isinstance(value, tuple):
        return [plain(v) for v in value]
    return value

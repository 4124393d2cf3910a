"""Things to choose from that have parameters of their own: an optimizer, a loss, a data set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import BaseModel

from graph_engine.errors import ParamError
from graph_engine.spec.params import FileParam, Param


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

    def fitted(self, values: Mapping[str, Any]) -> Option:
        """The same as the values of its parameters have it.

        Raises:
            ParamError: they do not go together.
        """
        return self


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

    Attributes:
        worded: names of the options' parameters are the program's own, to be shown as words; torch's names are shown as they are.
    """

    kind = "option"
    options: Sequence[Any] = field(default_factory=tuple)
    worded: bool = False

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
        params = option.read({k: v for k, v in value.items() if k != "name"})
        return Selected(option.fitted(params), params)

    def limits(self) -> str:
        return "one of " + ", ".join(o.id for o in self.options)


@dataclass(frozen=True, kw_only=True)
class EachParam(Param):
    """A choice among options for some things by their names; its value is a mapping of `Selected`.

    Attributes:
        options: as `OptionParam` has them.
    """

    kind = "each"
    options: Sequence[Any] = field(default_factory=tuple)

    def read(self, value: Any) -> Mapping[str, Selected]:
        if not isinstance(value, Mapping):
            raise self.refuse(value)
        one = OptionParam(name=self.name, help=self.help, options=self.options)
        return MappingProxyType({str(name): one.read(chosen) for name, chosen in value.items()})

    def limits(self) -> str:
        return "for each name one of " + ", ".join(o.id for o in self.options)


def with_paths(chosen: Selected, change: Callable[[str], str]) -> Selected:
    """The same choice with each path among its parameters changed."""
    files = {p.name for p in chosen.option.params if isinstance(p, FileParam)}
    params = {name: change(value) if name in files and value is not None else value for name, value in chosen.params.items()}
    return chosen if params == chosen.params else Selected(chosen.option.fitted(params), MappingProxyType(params))


def plain(value: Any) -> Any:
    """A parameter's value as JSON has it."""
    if isinstance(value, Selected):
        defaults = {p.name: p.default for p in value.option.params}
        return {"name": value.id, **{k: plain(v) for k, v in value.params.items() if v != defaults[k]}}
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_defaults=True)
    if isinstance(value, tuple):
        return [plain(v) for v in value]
    return value

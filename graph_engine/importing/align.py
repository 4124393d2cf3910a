"""Two recordings at two batch sizes → one whose sizes follow from the batch: what differs between them is solved as k·N + c.

Both must be the same calls in the same order. The recording at the first batch size is changed in place: shapes of values, and whole
numbers in arguments, become sizes (`graph_engine.spec.tensor`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from graph_engine.errors import ImportModuleError
from graph_engine.importing.recording import Call, Place, Recording, Scope, Value, operation, values_in
from graph_engine.spec.tensor import Dim, N, Size


def align(first: Recording, second: Recording, batches: tuple[int, int]) -> None:
    """Solves the sizes of ``first`` with the help of ``second``.

    Raises:
        ImportModuleError: the module does something else with another batch size, or with numbers that follow from it.
    """
    _Aligning(*batches).scopes(first, second)


class _Aligning:
    def __init__(self, a: int, b: int):
        self._a, self._b = a, b
        self._done: dict[int, Value] = {}
        self._place: Place | None = None

    def scopes(self, first: Recording, second: Recording) -> None:
        for v, w in zip(first.inputs, second.inputs, strict=True):
            self._value(v, w)
        self._scope(first.root, second.root)
        first.root.returned = self._both(first.root.returned, second.root.returned)

    def _scope(self, a: Scope, b: Scope) -> None:
        for i, step in enumerate(a.steps):
            other = b.steps[i] if i < len(b.steps) else None
            same = type(step) is type(other) and step.path == getattr(other, "path", None)
            if isinstance(step, Call):
                self._place = step.place
                if not same or not isinstance(other, Call) or operation(step.function) != operation(other.function):
                    raise ImportModuleError(f"{step.place}: what is done here depends on the size of the batch.")
                step.args = self._both(step.args, other.args)
                step.kwargs = self._both(step.kwargs, other.kwargs)
                step.results = self._both(step.results, other.results)
            else:
                if not same or not isinstance(other, Scope):
                    raise ImportModuleError(f"Whether {step.path or 'it'} is called depends on the size of the batch.")
                for name, value in step.given.items():
                    step.given[name] = self._both(value, other.given.get(name))
                self._scope(step, other)
                step.returned = self._both(step.returned, other.returned)
        if len(a.steps) != len(b.steps):
            raise ImportModuleError(f"How much {a.path or 'it'} does depends on the size of the batch.")

    def _both(self, x: Any, y: Any) -> Any:
        if isinstance(x, Value):
            return self._value(x, y)
        if isinstance(x, bool) or not isinstance(x, int | float | tuple | list | Mapping | slice):
            return x
        if isinstance(x, int) and isinstance(y, int):
            return self._size(x, y)
        if isinstance(x, tuple | list) and isinstance(y, tuple | list) and len(x) == len(y):
            items = [self._both(i, j) for i, j in zip(x, y, strict=True)]
            return items if isinstance(x, list) else tuple(items)
        if isinstance(x, Mapping) and isinstance(y, Mapping) and x.keys() == y.keys():
            return {k: self._both(v, y[k]) for k, v in x.items()}
        if isinstance(x, slice) and isinstance(y, slice):
            return slice(self._both(x.start, y.start), self._both(x.stop, y.stop), self._both(x.step, y.step))
        if x != y:
            raise ImportModuleError(f"{self._place}: a number follows from the size of the batch in a way that cannot be drawn.")
        return x

    def _size(self, x: int, y: int) -> Size:
        if x == y:
            return x
        factor, rest = divmod(y - x, self._b - self._a)
        if rest:
            raise ImportModuleError(f"{self._place}: {x} and {y} do not follow from the batch as a multiple and a rest.")
        return factor * N + (x - factor * self._a) if factor else x

    def _value(self, v: Value, w: Any) -> Value:
        if not isinstance(w, Value) or v.origin != w.origin or len(v.shape) != len(w.shape) or v.dtype != w.dtype:
            raise ImportModuleError(f"{self._place}: another tensor is used where the batch has another size.")
        if id(v) in self._done:
            return v
        self._done[id(v)] = v
        v.shape = tuple(self._size(i, j) for i, j in zip(_seen(v), _seen(w), strict=True))
        if v.origin in ("constant", "buffer"):
            self._constant(v, w)
        return v

    def _constant(self, v: Value, w: Value) -> None:
        """A constant is the same at both batch sizes, or repeats itself along the batch; or it numbers the samples."""
        assert v.tensor is not None and w.tensor is not None
        a, b = v.tensor, w.tensor
        if v.shape.count(N) == 1 and a.numel() == self._a and not a.is_floating_point() and torch.equal(a.flatten(), torch.arange(self._a)):
            v.origin = "samples"
            return
        for dim, size in enumerate(v.shape):
            if not isinstance(size, Dim):
                continue
            period = size.divide(N)
            if isinstance(period, int) and period > 1 and not dim:
                a, b = (t.reshape(n, period, *t.shape[1:]) for t, n in ((a, self._a), (b, self._b)))
            first, second = a.narrow(dim, 0, 1), b.narrow(dim, 0, 1)
            if not bool(((a == first) | (a != a)).all()):
                raise ImportModuleError(f"{self._place}: a constant differs from sample to sample of the batch.")
            a, b = first, second
        if not torch.equal(a.nan_to_num() if a.is_floating_point() else a, b.nan_to_num() if b.is_floating_point() else b):
            raise ImportModuleError(f"{self._place}: a constant depends on the size of the batch, or on chance.")
        v.tensor = a.clone()


def _seen(value: Value) -> tuple[int, ...]:
    """The shape as the run had it."""
    return tuple(size for size in value.shape if isinstance(size, int))


def calls(scope: Scope) -> list[Call]:
    """All calls in a scope, in order."""
    return [c for s in scope.steps for c in ([s] if isinstance(s, Call) else calls(s))]


def used(call: Call) -> list[Value]:
    """The values that a call takes."""
    return values_in((call.args, call.kwargs))

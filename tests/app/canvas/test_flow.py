"""What flows along edges, in words."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from app.canvas.flow import Kind, kind, words
from graph_engine.spec.tensor import N, TensorSpec, as_size


@pytest.mark.parametrize(
    ("shape", "dtype", "category", "expected", "text"),
    [
        ((N, 32, 26, 24), "float32", "Convolution", "image", "32 channels, 26 high, 24 wide, for each of N samples"),
        ((N, 8, 4, 5, 6), "float32", "Pooling", "image", "8 channels, 4 deep, 5 high, 6 wide, for each of N samples"),
        ((N, 8, 100), "float32", "Convolution", "image", "8 channels, 100 steps, for each of N samples"),
        ((N, as_size("T"), 64), "float32", "Recurrent", "sequence", "T steps, 64 features, for each of N samples"),
        ((N, 10), "float32", "Linear", "vector", "10 features, for each of N samples"),
        ((N,), "float32", "Shape", "vector", "one number for each of N samples"),
        ((N, 12), "int64", "Input & output", "tokens", "12 whole numbers, for each of N samples"),
        ((N, 12), "bool", "Sequence", "mask", ""),
        ((5, 5), "float32", "Input & output", "other", ""),
        ((N, 2, 3, 4, 5, 6), "float32", "Shape", "image", ""),
    ],
)
def test_kinds_and_words(qapp: QApplication, shape: tuple, dtype: str, category: str, expected: Kind, text: str) -> None:
    spec = TensorSpec(shape, dtype)
    assert kind(spec, category) == expected
    assert words(spec, category) == text

"""Figures as people read them. Sizes may be symbolic: ``2048*T`` stays what it is."""

from __future__ import annotations

import math

from PySide6.QtCore import QCoreApplication
from rich.filesize import decimal

from graph_engine.spec.tensor import Dim, Shape, Size

_FACTORS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def count_text(number: Size) -> str:
    """``93322`` → ``93,322``."""
    return str(number) if isinstance(number, Dim) else f"{number:,}"


def short_text(number: Size, unit: str = "") -> str:
    """``5523456`` → ``5.52 M``; with a unit, ``5.52 MFLOP``."""
    if isinstance(number, Dim):
        return f"{number} {unit}".strip()
    for factor, letter in _FACTORS:
        if abs(number) >= factor:
            return f"{number / factor:.3g} {letter}{unit}"
    return f"{number:,} {unit}".strip()


def bytes_text(number: Size) -> str:
    """``93322`` → ``93.3 kB``."""
    return f"{number} B" if isinstance(number, Dim) else decimal(number)


def shape_words(shape: Shape) -> str:
    """``("N", 32, 26, 26)`` → ``N × 32 × 26 × 26``."""
    return " × ".join(map(str, shape))


def time_text(seconds: float) -> str:
    """``75`` → ``1 min 15 s``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def span_text(seconds: float) -> str:
    """As `time_text`, with three digits of what is shorter than ten seconds: ``0.00731`` → ``7.31 ms``."""
    if seconds >= 10:
        return time_text(seconds)
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f} µs"


def end_text(text: str, most: int = 140) -> str:
    """A text, or its end behind an ellipsis where it is long: what comes next follows on the end."""
    return text if len(text) <= most else "…" + text[-most:].lstrip()


def label_text(name: str) -> str:
    """A parameter's name as a label: ``batch_size`` → ``Batch size``; torch's own names of block parameters stay as they are."""
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def measure_words(measure: str) -> str:
    """A measure in words: ``mae`` → ``MAE``; with several targets its name begins with that of the target."""
    words = {
        "loss": QCoreApplication.translate("Measures", "Loss"),
        "accuracy": QCoreApplication.translate("Measures", "Accuracy"),
        "exact": QCoreApplication.translate("Measures", "Exact match"),
        "mae": QCoreApplication.translate("Measures", "MAE"),
        "rmse": QCoreApplication.translate("Measures", "RMSE"),
        "mean": QCoreApplication.translate("Measures", "Mean"),
        "lr": QCoreApplication.translate("Measures", "Learning rate"),
        "top3": QCoreApplication.translate("Measures", "Top 3"),
        "top5": QCoreApplication.translate("Measures", "Top 5"),
        "right": QCoreApplication.translate("Measures", "Right answers"),
        "precision": QCoreApplication.translate("Measures", "Precision"),
        "recall": QCoreApplication.translate("Measures", "Recall"),
        "f1": QCoreApplication.translate("Measures", "F1"),
        "f1_micro": QCoreApplication.translate("Measures", "F1 (micro)"),
        "auroc": QCoreApplication.translate("Measures", "ROC area"),
        "average_precision": QCoreApplication.translate("Measures", "Average precision"),
        "mcc": QCoreApplication.translate("Measures", "MCC"),
        "kappa": QCoreApplication.translate("Measures", "Kappa"),
        "perplexity": QCoreApplication.translate("Measures", "Perplexity"),
        "mse": QCoreApplication.translate("Measures", "MSE"),
        "mape": QCoreApplication.translate("Measures", "MAPE"),
        "r2": QCoreApplication.translate("Measures", "R²"),
        "explained_variance": QCoreApplication.translate("Measures", "Explained variance"),
    }
    last = max((name for name in words if f"_{measure}".endswith(f"_{name}")), key=len, default="")
    if not last:
        return measure
    target = measure.removesuffix(last).removesuffix("_")
    return f"{target}: {words[last]}" if target else words[last]


def measure_text(value: float) -> str:
    """``0.98333`` → ``0.9833``; what is not finite in a word or a sign."""
    if not math.isfinite(value):
        return {math.inf: "∞", -math.inf: "−∞"}.get(value, "NaN")
    return f"{value:.4f}" if 0.01 <= abs(value) < 100 or value == 0 else f"{value:.3g}"

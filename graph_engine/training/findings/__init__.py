"""What is wrong with a training, in words: one small function over the course of a run for each disease."""

from graph_engine.training.findings import learning, network  # noqa: F401 (each declares its rules)
from graph_engine.training.findings.finding import RULES, Finding, Told, diagnose

__all__ = ["RULES", "Finding", "Told", "diagnose"]

"""Writes source: of a network, and of the project around it. Needs no torch."""

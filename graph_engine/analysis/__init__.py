"""Finds out, without torch, whether and how a graph works: order, shapes, costs, faults."""

"""Runs: their folders, states and events, which need no torch, and the process that trains, which does."""

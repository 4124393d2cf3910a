"""Layers that torch lacks: one class a file, which needs torch only, because its source travels with a network that has one."""

"""The palette: one file per family, one declaration per block.

To add a block, declare a `BlockSpec` at the top of a module here. Everything else reads it.
"""

"""Where data comes from. Each file in ``readers`` stands alone, because an exported project carries it as its ``data.py``."""

"""Where data comes from. Each file in ``readers`` stands alone, because an exported project carries it as its ``data.py``; those for a
user's own data take from the files here what they have in common, and these travel along. ``look`` and ``looks`` tell what data holds
without torch, for the window.
"""

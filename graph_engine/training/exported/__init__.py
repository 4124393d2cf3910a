"""Files that travel with an exported project beside its `train.py`, word for word; each needs nothing of this program."""

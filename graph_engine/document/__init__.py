"""Documents: the graph and its settings as UTF-8 JSON that reads well in a version-control diff. Never weights, pickles or code."""

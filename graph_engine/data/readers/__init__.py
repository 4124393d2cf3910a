"""Self-contained readers, one file per data set, named by `graph_engine.settings.datasets`.

A reader has one function, ``load(validation, seed)``, that returns the training and the validation part. An item of a part is a
tuple: the inputs of the network in the order of its ports, then the target.
"""

"""Self-contained readers, one file per data set, named by `graph_engine.settings.datasets`.

A reader has one function, ``load(validation, test, seed)``, that returns the training, the validation and the test part as
TensorDatasets. It also takes the parameters of the data set, by name. Whatever it fits to the data, a mean or a vocabulary, it fits to
the training part. An item of a part is a tuple: the inputs in the order of their declaration, then the targets. Sequences of different
lengths are padded to the longest one; a batch is cut to its own longest when it is taken.

The reader of a text has another function, ``vocabularies``, with the same parameters: for each field with tokens, by name, it returns what
each token stands for, so that these can be joined to a text.
"""

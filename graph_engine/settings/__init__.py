"""The data and training settings of a document: declared like blocks, and torch-free, so that the window can show and check them."""

"""Import of networks: the process that does it, and the dialog that asks for it and tells what came of it."""

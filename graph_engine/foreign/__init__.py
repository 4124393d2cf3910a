"""Code that is not the program's own: a process that owns torch imports it, runs it, and tells what came of it."""

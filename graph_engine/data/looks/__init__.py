"""One file for each kind of data: what a look at it finds. None needs torch; each imports what reads the files when it is asked."""

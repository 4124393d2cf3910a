"""Scripts that print the figures for the bars of the project; nothing here fails on a time."""

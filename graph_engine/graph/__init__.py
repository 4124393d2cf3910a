"""The one mutable model, the commands that change it, and the events that tell of it."""

"""What the modules beside it need."""

SCALE = 2.0

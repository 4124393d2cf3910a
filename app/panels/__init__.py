"""The panels around the canvas. Each takes its model in the constructor and mirrors it; none knows the canvas."""

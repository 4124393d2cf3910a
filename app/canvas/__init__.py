"""The node editor: a `CanvasScene` that mirrors the graph, and a `CanvasView` that shows it and turns gestures into commands."""

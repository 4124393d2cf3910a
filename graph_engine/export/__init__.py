"""Trained networks as files that other programs run: ONNX, PyTorch's own archives, weights alone. Needs torch."""

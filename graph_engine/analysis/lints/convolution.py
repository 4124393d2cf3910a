"""Windows that slide over pictures and sequences."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from graph_engine.analysis.rules import Found, GraphView, NodeView, graph_rule, node_rule
from graph_engine.graph.node import Node
from graph_engine.spec.faults import Fix, Insert
from graph_engine.spec.rules import each
from graph_engine.spec.tensor import shape_text

SLIDING = ("Convolution", "Pooling")
SEEN = 0.25
"""A network that sees less than this share of a picture's side at once sees texture, not objects."""
FEW_CHANNELS = (1, 3, 4)


def _window(node: Node) -> tuple[Any, Any] | None:
    """Span and stride of a node's window, one number for each dimension or one for all; None where it has none."""
    params = node.params
    kernel, dilation = params.get("kernel_size"), params.get("dilation", 1)
    if kernel is None or "stride" not in params or "output_padding" in params:
        return None
    n = max(len(v) if isinstance(v, tuple) else 1 for v in (kernel, params["stride"], dilation))
    span = tuple(d * (k - 1) + 1 for k, d in zip(each(kernel, n), each(dilation, n), strict=True))
    return span, each(kernel if params["stride"] is None else params["stride"], n)


@node_rule("lint.stride-skips", "warning", *SLIDING)
def stride_skips_positions(view: NodeView) -> Iterator[Found]:
    """A stride longer than the window leaves elements between the windows that nothing reads; a 1×1 projection of a shortcut may."""
    window = _window(view.node)
    if window is None or all(s <= k for k, s in zip(*window, strict=True)):
        return
    span, stride = window
    if all(k == 1 for k in span) and all(t.spec.category in ("Normalization", "Arithmetic") for t in view.targets()):
        return
    fitting = tuple(map(min, span, stride))
    value = fitting[0] if len(set(fitting)) == 1 else fitting
    yield Found(
        f"{view.node.name}: steps by {max(stride)} with a window of {max(span)}, so it never reads part of its input.",
        fixes=(Fix(f"Set stride to {value}", {"stride": value}),),
    )


@node_rule("lint.channels-last", "warning", "Conv2d", shapes=True, cause=True)
def channels_come_last(view: NodeView) -> Iterator[Found]:
    """A picture declared as (H, W, C), as other libraries have it: its rows would be taken for channels."""
    shape = view.checked.inputs["input"].shape
    if shape[3] not in FEW_CHANNELS or shape[1] in FEW_CHANNELS or view.sources()[0].spec.inputs:
        return
    if all(isinstance(s, int) and s >= 8 for s in shape[1:3]):
        yield Found(
            f"{view.node.name}: reads {shape_text(shape)} as {shape[1]} channels; the channels seem to be the last dimension.",
            port="input",
            fixes=(Fix("Insert Permute to bring the channels to dimension 1", insert=(Insert("Permute", {"dims": (0, 3, 1, 2)}),)),),
        )


@node_rule("lint.kernel-on-point", "hint", "Convolution", shapes=True)
def window_on_a_single_point(view: NodeView) -> Iterator[Found]:
    """On a map of size 1 only the middle of the filter ever meets data; the rest of its weights is never learned."""
    sizes = view.checked.inputs["input"].shape[2:]
    if sizes[-1] != 1 or any(s != 1 for s in sizes):
        return
    window = _window(view.node)
    if window is not None and any(k > 1 for k in window[0]):
        yield Found(
            f"{view.node.name}: its input is only one element wide, so all but the middle of its filter meets nothing but padding.",
            port="input",
            fixes=(Fix("Set kernel_size to 1 without padding", {"kernel_size": 1, "padding": 0}),),
        )


@node_rule("lint.pool-of-nothing", "hint", "Pooling", shapes=True)
def pooling_without_effect(view: NodeView) -> Iterator[Found]:
    """A pooling whose windows hold one element each gives back what it receives."""
    x, y = next(iter(view.checked.inputs.values())), next(iter(view.checked.outputs.values()))
    window = _window(view.node)
    single = x.shape == y.shape and (all(k == 1 for k in window[0]) if window else "output_size" in view.params)
    if single and all(isinstance(s, int) for s in x.shape[2:]):
        yield Found(
            f"{view.node.name}: gives back what it receives, {shape_text(x.shape)}.",
            fixes=(Fix(f"Take {view.node.name} out", remove=True),),
        )


@graph_rule("lint.receptive-field", "hint", shapes=True, params=SLIDING, whole=True)
def sees_only_texture(view: GraphView) -> Iterator[Found]:
    """What is averaged over a whole picture should have seen more of it than a small spot; a gate beside the main path may."""
    for node in view.healthy("category", "Pooling"):
        shape = view.nodes[node.id].inputs["input"].shape
        points = next(iter(view.nodes[node.id].outputs.values())).shape[2:]
        sizes = shape[2:]
        if "output_size" not in node.params or not all(p == 1 for p in points) or not all(isinstance(s, int) and s > 1 for s in sizes):
            continue
        edges = list(view.graph.incoming(node.id))
        alone = len(edges) == 1 and len(view.graph.outputs(edges[0].source, edges[0].source_port)) == 1
        seen = _seen(view, node) if alone else None
        if seen is not None:
            field, size = seen
            yield Found(
                f"{node.name}: averages features that each saw only {field} of {size} pixels; they can tell textures, not objects.",
                node.id,
                "input",
            )


def _seen(view: GraphView, pool: Node) -> tuple[int, int] | None:
    """The receptive field in front of a pooling and the width of the picture, where it is far smaller; else None.

    The walk goes backwards, all branches side by side, and ends as soon as one has seen enough, which in most networks is soon.
    """
    widest: dict[str, int] = {}
    queue = deque((e.source, 1) for e in view.graph.incoming(pool.id))
    found: list[tuple[int, int]] = []
    while queue:
        id, field = queue.popleft()
        if widest.get(id, 0) >= field:
            continue
        widest[id] = field
        node, checked = view.graph[id], view.nodes[id]
        shape = next(iter(checked.outputs.values())).shape
        if len(shape) < 3 or not isinstance(shape[-1], int) or field >= SEEN * shape[-1]:
            return None
        if not node.spec.inputs:
            found.append((field, shape[-1]))
            continue
        if node.spec.category in SLIDING:
            window = _window(node)
            if window is None:
                return None
            field = (field - 1) * window[1][-1] + window[0][-1]
        elif node.spec.category not in ("Activation", "Regularization", "Arithmetic", "Merge") and not node.block.startswith("BatchNorm"):
            return None
        queue += [(e.source, field) for e in view.graph.incoming(id)]
    return max(found) if found else None

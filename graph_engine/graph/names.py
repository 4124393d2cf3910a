"""What may stand as a name in a generated class."""

from __future__ import annotations

import keyword
import unicodedata

from graph_engine.errors import NodeNameError, quoted

RESERVED = frozenset(
    {
        "T_destination", "add_module", "apply", "bfloat16", "buffers", "call_super_init", "children", "compile", "cpu", "cuda",
        "double", "dump_patches", "eval", "extra_repr", "float", "forward", "get_buffer", "get_extra_state", "get_parameter",
        "get_submodule", "half", "ipu", "load_state_dict", "modules", "mtia", "named_buffers", "named_children", "named_modules",
        "named_parameters", "parameters", "register_backward_hook", "register_buffer", "register_forward_hook",
        "register_forward_pre_hook", "register_full_backward_hook", "register_full_backward_pre_hook",
        "register_load_state_dict_post_hook", "register_load_state_dict_pre_hook", "register_module", "register_parameter",
        "register_state_dict_post_hook", "register_state_dict_pre_hook", "requires_grad_", "self", "set_extra_state",
        "set_submodule", "share_memory", "state_dict", "to", "to_empty", "train", "training", "type", "xpu", "zero_grad",
        "F", "Tensor", "math", "nn", "torch",
    }
)  # fmt: skip
"""Names that a node may not take: attributes of ``torch.nn.Module`` (a test holds the list against it), and what generated code imports."""


def check_identifier(name: str, what: str) -> None:
    """Raises `NodeNameError` where ``name`` cannot stand in a generated class as the name of ``what``."""
    readable = name.isidentifier() and unicodedata.normalize("NFKC", name) == name  # Python reads ﬁ as fi
    if not readable or keyword.iskeyword(name) or name.startswith("_"):
        raise NodeNameError(
            f"{quoted(name)} cannot name a {what}: begin with a letter, go on with letters, digits and _, and use no keyword."
        )
    if name in RESERVED:
        raise NodeNameError(f"{name!r} already means something in a torch.nn.Module; choose another name.")

"""What came of an import, in plain sentences and as numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Compared:
    """Outputs of the original and of the imported network on the same inputs.

    Attributes:
        batch: size of the batch.
        largest: the largest difference of an element.
        magnitude: the largest magnitude of an element of the original's.
        bitwise: all elements are the same to the bit.
    """

    batch: int
    largest: float
    magnitude: float
    bitwise: bool


@dataclass
class ImportReport:
    """What came of an import.

    Attributes:
        name: the class of the module.
        nodes: how many nodes the graph has, those in groups counted once for each definition.
        groups: how many definitions.
        folded: groups that stand for several alike in a row, by name, and how many.
        way: how what it does was found out.
        opaque: operations without a block, each with the reason, and how often.
        compared: the outputs, at several sizes of the batch.
        decisions: lines at which Python decided by numbers that follow from the inputs: what was not taken is not in the graph.
        notes: what else there is to know.
        renamed: tensors that have another name than in the module: new name by old.
        seconds: how long it took.
    """

    name: str
    nodes: int = 0
    groups: int = 0
    folded: Mapping[str, int] = field(default_factory=dict)
    way: str = "recorded while it ran"
    opaque: Mapping[str, int] = field(default_factory=dict)
    compared: Sequence[Compared] = ()
    decisions: Sequence[str] = ()
    notes: Sequence[str] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def bitwise(self) -> bool:
        """Whether all outputs were the same to the bit."""
        return bool(self.compared) and all(c.bitwise for c in self.compared)

    @property
    def largest(self) -> float:
        """The largest difference of an element, relative to the largest magnitude of its output."""
        return max((c.largest / max(c.magnitude, 1e-12) for c in self.compared), default=0.0)

    @property
    def agrees(self) -> bool:
        """Whether the outputs agree as far as a sum in another order lets them."""
        return bool(self.compared) and self.largest <= 1e-4

    @property
    def share_opaque(self) -> float:
        """Share of the nodes that no block stands for."""
        return sum(self.opaque.values()) / self.nodes if self.nodes else 0.0

    def to_plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {**asdict(self), "bitwise": self.bitwise, "agrees": self.agrees, "largest": self.largest, "share_opaque": self.share_opaque}

    def __str__(self) -> str:
        in_groups = f", in {self.groups} groups" if self.groups else ""
        lines = [f"{self.name}: {self.nodes} nodes{in_groups}, {self.way}, in {self.seconds:.1f} s."]
        batches = " and ".join(str(c.batch) for c in self.compared)
        if self.bitwise:
            lines.append(f"Its outputs are those of the original to the bit, with batches of {batches}.")
        elif self.compared:
            lines.append(f"With batches of {batches}, its outputs differ from the original's by {self.largest:.1e} of their size at most.")
        if self.folded:
            lines.append("Folded: " + ", ".join(f"{name} ×{times}" for name, times in self.folded.items()) + ".")
        for reason, count in sorted(self.opaque.items(), key=lambda row: -row[1]):
            lines.append(f"{count} × without a block: {reason}.")
        for decision, count in Counter(self.decisions).items():
            times = f" ({count} times)" if count > 1 else ""
            lines.append(f"{decision}: Python decides by numbers that follow from the inputs; the graph has what it did this time{times}.")
        lines += self.notes
        if self.renamed:
            old, new = next(iter(self.renamed.items()))
            lines.append(f"{len(self.renamed)} tensors have other names, such as {new} for {old}.")
        return "\n".join(lines)

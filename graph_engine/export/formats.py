"""Writes a network as a file that other programs run, and holds the file against the network."""

from __future__ import annotations

import io
import logging
import re
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor
from torch.export import Dim, ExportedProgram
from torch.nn.modules import transformer

from graph_engine.document.weights import save_weights
from graph_engine.errors import RunError
from graph_engine.export.network import FREE, Network, built, flat
from graph_engine.files import write

if TYPE_CHECKING:
    from graph_engine.api import Graph

RECORDED, OTHERS = 3, ((2, FREE), (5, 9))
"""The batch that an export is recorded with, and those, with other sizes of sequences, that the file is held against."""

FAR = 1e-3
"""The largest difference, as a share of the largest output, that rounding can explain; a file beyond it is not written."""

_COLOURED = re.compile(r"\x1b\[[0-9;]*m")

Say = Callable[[str, float], None]


Runs = Callable[[tuple[Tensor, ...]], Sequence[Tensor]]


class Made(NamedTuple):
    """What was made of a network.

    Attributes:
        data: the content of the file.
        runs: gives what the file gives for some inputs; None where nothing is installed that runs it.
    """

    data: bytes
    runs: Runs | None


class Format(NamedTuple):
    """A kind of file.

    Attributes:
        title: in words.
        make: makes its content.
        needs: packages besides torch.
    """

    title: str
    make: Callable[[Network, Say], Made]
    needs: tuple[str, ...] = ()


def export(graph: Graph, format: str, path: Path, run: Path | None, say: Say = lambda text, share: None) -> list[str]:
    """Writes the network of a document as a file.

    Args:
        graph: the document.
        format: of `FORMATS`.
        path: the file.
        run: folder of a run, or a file, whose weights are taken; None for those that the document begins with.
        say: told of each stage: a sentence, and how much of the whole is done.

    Returns:
        What the user should know: whose weights they are, what is fixed in the file, how it compares.

    Raises:
        CheckError, DocumentError: the document cannot be built.
        RunError: the weights are not its own, a package is missing, torch cannot write this network so, or what it wrote gives other
            numbers.
        UnwritableError: the file cannot be written.
    """
    chosen = FORMATS[format]
    missing = [name for name in chosen.needs if find_spec(name) is None]
    if missing:
        raise RunError(f"{chosen.title} needs the packages {' and '.join(missing)}: run “pip install 'archloom[onnx]'”.")
    say("Building the network", 0.05)
    network = built(graph, run)
    with warnings.catch_warnings(), _quiet():
        warnings.simplefilter("ignore")
        made = chosen.make(network, say)
        said = [f"It has {network.weights}."]
        say("Comparing it with the network", 0.85)
        if made.runs is None:
            said.append("It was not compared with the network: onnxruntime is not installed.")
        else:
            said += compare(network, made.runs)
    say("Writing", 0.97)
    write(path, lambda file: file.write(made.data))
    return said


def compare(network: Network, runs: Runs) -> list[str]:
    """How the outputs of a file differ from the network's, at two sizes of the batch and, where it takes them, of sequences.

    Raises:
        RunError: by more than rounding explains.
    """
    if not _is_settled(network):
        return ["It draws random numbers, so its outputs were not compared."]
    told = []
    try:
        worst = _worst(network, runs, OTHERS)
    except RunError:
        if not any(name != "N" for one in network.free_sizes() for name in one.values()):
            raise
        worst = _worst(network, runs, [(batch, FREE) for batch, _ in OTHERS])
        told.append(f"Only the batch is free: sequences have {FREE} steps in this file, because torch could not keep their length free.")
    batches = " and ".join(str(batch) for batch, _ in OTHERS)
    how = f"differ from the network's by {worst:.2g} at most" if worst else "are those of the network to the bit"
    return [*told, f"Its outputs {how}, with batches of {batches}."]


def _is_settled(network: Network) -> bool:
    inputs = network.draw(OTHERS[0][0])
    first = network.run(inputs)
    with torch.inference_mode():
        return all(map(torch.equal, first, flat(network.module(*inputs))))


def _worst(network: Network, runs: Runs, sizes: Iterable[tuple[int, int]]) -> float:
    """The largest difference at some sizes of batch and sequences."""
    worst = 0.0
    for batch, free in sizes:
        inputs = network.draw(batch, free)
        try:
            found = runs(inputs)
        except Exception as error:  # whatever runs the file raises what it likes
            raise RunError(f"What was made of {network.name} does not run on a batch of {batch}: {first_line(error)}") from error
        for one, other in zip(network.run(inputs), found, strict=True):
            if one.shape != other.shape:
                raise RunError(f"What was made of {network.name} gives another shape: {tuple(other.shape)} in place of {tuple(one.shape)}.")
            difference = (one.double() - other.double()).abs().max().item() if one.numel() else 0.0
            if not difference <= FAR * max(1.0, one.double().abs().max().item()):
                raise RunError(f"What was made of {network.name} gives other numbers: they differ by {difference:.2g}. It is not written.")
            worst = max(worst, difference)
    return worst


def _program(network: Network, say: Say) -> ExportedProgram:
    """The network as torch.export has it."""
    say("Recording the network", 0.1)
    sizes = tuple({i: Dim(name) if name == "N" else Dim.AUTO for i, name in one.items()} for one in network.free_sizes())
    with _recordable(), torch.no_grad(), _located(network):
        return torch.export.export(network.module, network.draw(RECORDED), dynamic_shapes=sizes)


def _onnx(network: Network, say: Say) -> Made:
    program = _program(network, say)
    say("Translating it to ONNX", 0.4)
    with _located(network):
        made = torch.onnx.export(program, dynamo=True, input_names=network.inputs, output_names=network.outputs, verbose=False)
    assert made is not None
    buffer = io.BytesIO()
    import onnx

    onnx.save(made.model_proto, buffer)
    if find_spec("onnxruntime") is None:
        return Made(buffer.getvalue(), None)
    import onnxruntime

    session = onnxruntime.InferenceSession(buffer.getvalue(), providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]

    def runs(inputs: tuple[Tensor, ...]) -> list[Tensor]:
        given = {name: tensor.numpy() for name, tensor in zip(network.inputs, inputs, strict=True) if name in names}
        return [torch.from_numpy(one) for one in session.run(None, given)]

    return Made(buffer.getvalue(), runs)


def _pt2(network: Network, say: Say) -> Made:
    program = _program(network, say)
    buffer = io.BytesIO()
    torch.export.save(program, buffer)
    data = buffer.getvalue()
    read = torch.export.load(io.BytesIO(data)).module()
    return Made(data, lambda inputs: flat(read(*inputs)))


def _torchscript(network: Network, say: Say) -> Made:
    say("Tracing the network", 0.2)
    with _recordable(), torch.no_grad(), _located(network):
        traced = torch.jit.trace(network.module, network.draw(RECORDED), check_trace=False)
    buffer = io.BytesIO()
    torch.jit.save(traced, buffer)
    data = buffer.getvalue()
    read = torch.jit.load(io.BytesIO(data))
    return Made(data, lambda inputs: flat(read(*inputs)))


@contextmanager
def _recordable() -> Iterator[None]:
    """Without what Transformer layers decide by the values of a mask, which no recording can follow: they compute the same without."""
    before, detect = torch.backends.mha.get_fastpath_enabled(), transformer._detect_is_causal_mask
    torch.backends.mha.set_fastpath_enabled(False)
    transformer._detect_is_causal_mask = lambda mask, is_causal=None, size=None: bool(is_causal)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)
        transformer._detect_is_causal_mask = detect


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what torch logs on the way, which is for its own authors."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


@contextmanager
def _located(network: Network) -> Iterator[None]:
    """Tells at which node torch gave up."""
    try:
        yield
    except Exception as error:  # torch raises almost anything over what it cannot follow
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in reversed(frames) if "archloom_generated" in frame.filename and frame.lineno is not None]
        place = next((f" at {network.lines[line]}" for line in lines if line in network.lines), "")
        raise RunError(f"torch cannot write {network.name} so: it gives up{place}. {first_line(error)}") from error


def first_line(error: BaseException) -> str:
    """What the cause of an exception says first, in at most two hundred letters."""
    while error.__cause__ is not None:
        error = error.__cause__
    plain = _COLOURED.sub("", str(error)).strip() or type(error).__name__
    text = " ".join(plain.partition("\n")[0].split())
    return text if len(text) <= 200 else f"{text[:199]}…"


FORMATS: dict[str, Format] = {
    "onnx": Format("ONNX", _onnx, ("onnx", "onnxscript")),
    "pt2": Format("A PyTorch archive", _pt2),
    "torchscript": Format("TorchScript", _torchscript),
}


def export_weights(graph: Graph, path: Path, run: Path | None) -> list[str]:
    """Writes the weights alone, as safetensors; returns what the user should know.

    Raises:
        CheckError, DocumentError, RunError, UnwritableError: as `export`.
    """
    network = built(graph, run)
    save_weights(network.module.state_dict(), path, {})
    return [f"It holds {network.weights}."]

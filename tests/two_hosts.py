"""Trains on two hosts, one of which fails and comes back: ``python -m tests.two_hosts``.

The hosts are two network namespaces with a cable between them; each starts `torchrun` with the exported script. When the run is well under
way every process of the second host gets SIGKILL, and a moment later the host starts again, as a scheduler would have it. Both then go on
from the last checkpoint. The losses must be those of one process that takes the whole batch, but for rounding.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from graph_engine.codegen.project import project_files
from tests.benchmarks.bench_training import networks

HOSTS = {"archloom-a": "10.213.77.1", "archloom-b": "10.213.77.2"}
PORT = 29417
EPOCHS = 6
FAILS_AT = 40
"""The step from which on the second host is killed."""

TOLERANCE = 2e-3
"""Greatest difference of a loss from that of one process, as a share: rounding grows over the steps."""

PATIENCE = 300.0
"""Seconds until a run that does not go on is called hung."""


def obstacle() -> str:
    """Why this machine cannot have namespaces, or nothing."""
    if shutil.which("ip") is None:
        return "iproute2 is not installed"
    tried = subprocess.run(["ip", "netns", "add", "archloom-try"], capture_output=True, text=True, check=False)
    if tried.returncode:
        return tried.stderr.strip()
    _ip("netns", "del", "archloom-try")
    return ""


@contextmanager
def hosts() -> Iterator[None]:
    """Two namespaces that reach each other."""
    first, second = HOSTS
    try:
        for host in HOSTS:
            _ip("netns", "add", host)
        _ip("link", "add", "veth0", "netns", first, "type", "veth", "peer", "name", "veth0", "netns", second)
        for host, address in HOSTS.items():
            _ip("-n", host, "addr", "add", f"{address}/24", "dev", "veth0")
            for device in ("lo", "veth0"):
                _ip("-n", host, "link", "set", device, "up")
        yield
    finally:
        for host in HOSTS:
            _kill(host)
            subprocess.run(["ip", "netns", "del", host], capture_output=True, check=False)


def start(host: str, project: Path) -> subprocess.Popen[bytes]:
    """What a person enters on a host."""
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nnodes", "2", "--nproc-per-node", "1", "--max-restarts", "5"]
    meeting = ["--rdzv-backend", "c10d", "--rdzv-endpoint", f"{HOSTS['archloom-a']}:{PORT}", "--rdzv-id", "archloom"]
    meeting += ["--rdzv-conf", f"is_host={int(host == 'archloom-a')}"]  # names of this machine say nothing about its namespaces
    log = (project / f"{host}.log").open("ab")
    with log:
        return subprocess.Popen(
            ["ip", "netns", "exec", host, *torchrun, *meeting, "--local-addr", HOSTS[host], "train.py", "--run-dir", "two", "--resume"],
            cwd=project,
            # a host that comes back does not learn where the others meet while they share their store (pytorch issue 135712)
            env={**os.environ, "GLOO_SOCKET_IFNAME": "veth0", "OMP_NUM_THREADS": "1", "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"},
            stdout=log,
            stderr=log,
        )


def losses(run_dir: Path) -> dict[tuple[int, str], float]:
    """What was measured, by step and name."""
    path = run_dir / "metrics.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")] if path.exists() else []
    return {(row["step"], row["name"]): row["value"] for row in rows}


def main() -> None:
    """Trains, kills, compares; ends with status 1 where the losses differ."""
    reason = obstacle()
    if reason:
        print(f"Skipped: no network namespaces here ({reason}).")
        return
    with tempfile.TemporaryDirectory() as name:
        project = Path(name)
        graph = networks()[1]
        graph.configure(training={"epochs": EPOCHS})
        for file, text in project_files(graph).items():
            (project / file).write_text(text)
        train = project / "train.py"
        train.write_text(train.read_text().replace("SAVE_SECONDS = 5.0", "SAVE_SECONDS = 0.2").replace("100 * (now - began)", "0.0"))
        subprocess.run([sys.executable, "train.py", "--run-dir", "one"], cwd=project, check=True, stdout=subprocess.DEVNULL)
        model = project / "model.py"  # slower, so that there is time to fail
        head = "(self, x: Tensor) -> Tensor:\n"
        model.write_text(model.read_text().replace(head, head + "        __import__('time').sleep(0.03)\n"))
        with hosts():
            _train_on_hosts(project)
        one, two = losses(project / "one"), losses(project / "two")
    apart = max(abs(two[key] - value) / max(abs(value), 1e-3) for key, value in one.items() if key in two)
    print(f"{len(one)} values, of which {len(one.keys() - two.keys())} are missing on two hosts; they differ by {apart:.1e} at most")
    sys.exit(one.keys() != two.keys() or apart > TOLERANCE)


def _train_on_hosts(project: Path) -> None:
    first, second = HOSTS
    run_dir = project / "two"
    began = time.monotonic()

    def say(words: str) -> None:
        print(f"{time.monotonic() - began:5.1f} s  step {max((step for step, _ in losses(run_dir)), default=0):4}  {words}", flush=True)

    survivor, victim = start(first, project), start(second, project)
    _wait_for(lambda: max((step for step, _ in losses(run_dir)), default=0) >= FAILS_AT, survivor)
    _kill(second)
    victim.wait()
    say("the second host is dead")
    reached = (run_dir / "checkpoints" / "last.pt").stat().st_mtime_ns
    time.sleep(3)
    victim = start(second, project)
    say("the second host starts again")
    _wait_for(lambda: (run_dir / "checkpoints" / "last.pt").stat().st_mtime_ns > reached, survivor)
    say("both go on")
    for process in (survivor, victim):
        process.wait(PATIENCE)
    say(f"the run is over: status {survivor.returncode} and {victim.returncode}")


def _wait_for(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert process.poll() is None, "torchrun ended"
        assert time.monotonic() < deadline, "the run does not go on"
        time.sleep(0.05)


def _kill(host: str) -> None:
    found = subprocess.run(["ip", "netns", "pids", host], capture_output=True, text=True, check=False).stdout.split()
    for pid in map(int, found):
        os.kill(pid, 9)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


if __name__ == "__main__":
    main()

"""The processes that train one network together, as `torchrun` starts them; without it there is one, and nothing here costs anything.

Every process takes its share of each batch, and gradients, losses and sums are put together so that they are those of the whole batch.
So the number of processes changes a run by rounding only, and may be another one when it goes on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parallel import DistributedDataParallel

T = TypeVar("T")

LONGEST = timedelta(days=7)
"""How long the others wait for one of them, as they do while a run is paused; one that dies is told by torchrun."""


class _Total(torch.autograd.Function):
    """The sum of a tensor over all processes, through which gradients flow back to all of them."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor) -> Tensor:
        total = tensor.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        total = gradient.clone()
        dist.all_reduce(total)
        return total


class WholeBatchNorm(_BatchNorm):
    """Batch normalization by the whole batch, not by this process's share: as torch's SyncBatchNorm, which needs GPUs."""

    team: Team

    def _check_input_dim(self, input: Tensor) -> None:
        pass

    def forward(self, input: Tensor) -> Tensor:
        if not self.training and self.running_mean is not None:
            return super().forward(input)
        values = input.float()
        dims = [0, *range(2, input.dim())]
        shape = [1, -1, *[1] * (input.dim() - 2)]
        counted = self.team.counts()
        size = values.new_tensor([values.numel() / values.size(1)])
        total = _Total.apply(counted * torch.cat((values.sum(dims), size)))
        mean, size = total[:-1] / total[-1], total[-1].detach()
        centred = values - mean.view(shape)
        variance = _Total.apply(counted * centred.square().sum(dims)) / size
        if self.training and self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            self.num_batches_tracked += 1
            factor = self.momentum if self.momentum is not None else 1 / float(self.num_batches_tracked)
            self.running_mean.lerp_(mean.detach(), factor)
            self.running_var.lerp_(variance.detach() * size / (size - 1), factor)
        found = centred * torch.rsqrt(variance + self.eps).view(shape)
        if self.weight is not None:
            found = found * self.weight.view(shape) + self.bias.view(shape)
        return found.to(input.dtype)


class Team:
    """All processes of a run, seen from one of them.

    Attributes:
        rank: the place of this one; the first, 0, writes and tells.
        size: how many there are.
    """

    def __init__(self) -> None:
        self.rank, self.size = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
        self._idle = False
        if self.size > 1 and not dist.is_initialized():
            dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo", timeout=LONGEST)

    @property
    def is_first(self) -> bool:
        """Whether this is the process that writes and tells."""
        return self.rank == 0

    def place(self, device: torch.device) -> torch.device:
        """The device of this process, where each has a GPU of its own."""
        if self.size > 1 and device.type == "cuda":
            device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
            torch.cuda.set_device(device)
        return device

    def cores(self) -> int:
        """CPU cores for each process, one of the machine left to others."""
        return max(1, ((os.cpu_count() or 2) - 1) // int(os.environ.get("LOCAL_WORLD_SIZE", "1")))

    def first(self, number: int) -> int:
        """What the first process says, for all of them; until it has, they wait."""
        if self.size == 1:
            return number
        said = torch.tensor(number)
        dist.broadcast(said, 0)
        return int(said)

    def in_turn(self, work: Callable[[], T]) -> T:
        """Has the first process do something, and then the others, which find what it wrote."""
        if self.is_first:
            done = work()
        self.first(0)
        return done if self.is_first else work()

    def all(self, value: T) -> list[T]:
        """What every process says, in the order of their places."""
        values: list[Any] = [value] * self.size
        if self.size > 1:
            dist.all_gather_object(values, value)
        return values

    def total(self, tensor: Tensor) -> Tensor:
        """The sum of a tensor over all processes."""
        if self.size > 1:
            tensor = tensor.clone()
            dist.all_reduce(tensor)
        return tensor

    def share(self, batch: Tensor) -> Tensor:
        """The part of a batch that falls to this process. Where nothing is left for it, it takes some that count for nothing."""
        if self.size == 1:
            return batch
        mine = batch[self.rank :: self.size]
        self._idle = not len(mine)
        return batch[:2] if self._idle else mine

    def counts(self) -> float:
        """1, or 0 where the present share of this process counts for nothing."""
        return 0.0 if self._idle else 1.0

    def join(self, loss: Tensor, sums: Tensor) -> tuple[Tensor, Tensor]:
        """The loss of the whole batch from those of the shares, of which `sums[0]` tells how much each one counts.

        Its value is the same in all processes; its gradients are such that their mean over the processes is that of the whole batch.

        Returns:
            That loss, and the sums of this share.
        """
        if self.size == 1:
            return loss, sums
        if self._idle:
            loss, sums = loss * 0, torch.zeros_like(sums)
        both = self.total(torch.stack((loss.detach() * sums[0], sums[0].float())))
        mine = loss * (sums[0] * self.size / both[1])
        return mine + (both[0] / both[1] - mine.detach()), sums

    def weight(self, samples: int) -> float:
        """What the gradients of a share of so many samples count, so that their mean over the processes is that of the whole batch."""
        if self.size == 1:
            return 1.0
        mine = 0.0 if self._idle else float(samples)
        return mine * self.size / float(self.total(torch.tensor(mine)))

    def apart(self, network: nn.Module, is_apart: bool) -> AbstractContextManager[None]:
        """Inside, where `is_apart`, gradients are not put together: what follows adds to them first."""
        apart: Callable[[], AbstractContextManager[None]] = getattr(network, "no_sync", nullcontext) if is_apart else nullcontext
        return apart()

    def wrap(self, model: nn.Module) -> nn.Module:
        """The network as it is to be called while it learns."""
        if self.size == 1:
            return model
        for module in model.modules():
            if isinstance(module, _BatchNorm):
                module.__class__ = WholeBatchNorm
                assert isinstance(module, WholeBatchNorm)
                module.team = self
        return DistributedDataParallel(model)

    def even_out(self, buffers: Iterable[Tensor]) -> None:
        """Gives all processes what the first one knows beside its weights, the running means of normalizations for instance."""
        if self.size > 1:
            for buffer in buffers:
                dist.broadcast(buffer, 0)

    def close(self) -> None:
        """Takes leave of the others."""
        if dist.is_initialized():
            dist.destroy_process_group()

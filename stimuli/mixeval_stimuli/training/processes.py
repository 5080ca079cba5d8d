"""Processes: one alone, or several that torchrun started and that train one network together."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar, cast

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from mixeval.errors import ModelError

Thing = TypeVar("Thing")

_PATIENCE = timedelta(hours=2)
"""How long the others wait while the first reads the data set, or one is still validating."""


@dataclass(frozen=True)
class Processes:
    """This process, `rank`, among `ranks` that do the same; rank 0 alone reads data sets and writes."""

    rank: int = 0
    ranks: int = 1

    @property
    def first(self) -> bool:
        return self.rank == 0

    def sums(self, *values: float) -> tuple[float, ...]:
        """Add each value up over all processes, which all get the same sums."""
        if self.ranks == 1:
            return values
        totals = torch.tensor(values, dtype=torch.float64)
        distributed.all_reduce(totals)
        return tuple(totals.tolist())

    def shared(self, make: Callable[[], Thing]) -> Thing:
        """Let the first process make something, and give it to all."""
        if self.ranks == 1:
            return make()
        made: list[Any] = [make() if self.first else None]
        distributed.broadcast_object_list(made)
        return cast("Thing", made[0])

    def spread(self, network: nn.Module) -> nn.Module:
        """Give the network with gradients that are the mean over all processes."""
        return network if self.ranks == 1 else DistributedDataParallel(network)


@contextmanager
def joined() -> Iterator[Processes]:
    """Join the processes that torchrun started, or be alone where it did not."""
    ranks = int(os.environ.get("WORLD_SIZE", "1"))
    if ranks == 1:
        yield Processes()
        return
    # What is agreed on lies in the CPU's memory, gradients where the network is.
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    distributed.init_process_group(backend, timeout=_PATIENCE)
    try:
        yield Processes(distributed.get_rank(), distributed.get_world_size())
    finally:
        distributed.destroy_process_group()


def prepare_device(name: str, *, threads: int | None = None) -> str:
    """Choose this process's device by "cpu", "cuda" or "auto" (a GPU where there is one), and its CPU threads.

    Of the processes on one machine each takes the GPU of its own number. Raises ModelError when there is none.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    if name == "cpu" or (name == "auto" and not torch.cuda.is_available()):
        return "cpu"
    number = int(os.environ.get("LOCAL_RANK", "0"))
    if number >= torch.cuda.device_count():
        raise ModelError(
            f"PyTorch {torch.__version__} finds {torch.cuda.device_count()} GPUs here, and this process takes"
            f" number {number + 1}",
            remedy="install PyTorch's CUDA build and its driver, start fewer processes, or train with --device cpu",
        )
    torch.cuda.set_device(number)
    # All batches have one shape, so the fastest kernels are worth a search.
    torch.backends.cudnn.benchmark = True
    return f"cuda:{number}"

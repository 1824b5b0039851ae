"""How many bytes of tensors a piece of work holds at its peak, counted and not sampled."""

import weakref
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, UntypedStorage
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakIdKeyDictionary


def peak_bytes(work: Callable[[], None], device: torch.device) -> int:
    """The most bytes that tensors made in `work` held at one time.

    CUDA's allocator tells. Elsewhere every operation's results are followed, in the backward pass too; what one kernel
    takes and gives back within itself is not seen.
    """
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        work()
        return torch.cuda.max_memory_allocated(device) - before
    with _Following() as seen:
        work()
    return seen.peak


class _Following(TorchDispatchMode):
    """`peak`: bytes of all storages that operations have made, and nobody has let go of yet, at the highest."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self._known = WeakIdKeyDictionary()

    def __torch_dispatch__(
        self,
        operation: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        for tensor in _tensors((args, kwargs)):
            self._known.setdefault(tensor.untyped_storage(), True)  # there before: nobody's making here
        results = operation(*args, **(kwargs or {}))
        for tensor in _tensors(results):
            self._count(tensor.untyped_storage())
        return results

    def _count(self, storage: UntypedStorage) -> None:
        if storage not in self._known:
            self._known[storage] = True
            self.now += storage.nbytes()
            self.peak = max(self.peak, self.now)
            weakref.finalize(storage, self._gone, storage.nbytes())

    def _gone(self, size: int) -> None:
        self.now -= size


def _tensors(tree: object) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]

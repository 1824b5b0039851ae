"""A CUDA device without a card: tensors whose `device` is `cuda:0`, whose numbers lie on the CPU.

Every operation goes through one function that refuses what CUDA refuses (tensors on both devices, a CPU generator, an
index of another device) and counts the kernels launched and the waits for the device: copies that block, values read
back, results whose shape depends on values. Use it in a process of its own, as caches keep its tensors.

Blind to the kernels and dtypes that CUDA lacks, to memory, streams, speed, autocast and CUDA's arithmetic.
"""

import sys
from collections import Counter
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map, tree_unflatten

CUDA, CPU = torch.device("cuda:0"), torch.device("cpu")

WITHOUT_KERNEL = {"empty", "empty_like", "new_empty", "empty_strided", "new_empty_strided", "empty_permuted", "detach"}
WITHOUT_KERNEL |= {"alias", "_unsafe_view", "lift_fresh", "_reshape_alias"}
WAITING = {"_local_scalar_dense", "nonzero", "bincount", "_unique2", "unique_dim", "unique_consecutive", "equal"}
WAITING |= {"masked_select", "histc", "repeat_interleave", "_linalg_eigh", "_linalg_svd", "linalg_qr"}
SEVERAL = {"bincount": 4, "_unique2": 8, "sort": 3, "argsort": 3, "topk": 2, "randperm": 4, "nonzero": 3}
ARRAYS_ONLY = {"mm", "bmm", "addmm", "baddbmm", "cat", "stack", "gather", "scatter_", "index_select", "convolution"}
"""Operations that take no 0-dim CPU tensor beside CUDA ones."""

launches: Counter[str] = Counter()
"""Kernels by operation since the last `clear`."""

waits: Counter[str] = Counter()
"""Waits by reason and line."""


def clear() -> None:
    """Forgets all counts."""
    launches.clear()
    waits.clear()


class Cuda(torch.Tensor):
    """A tensor on the device; `values` has its numbers."""

    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, values: torch.Tensor) -> "Cuda":
        layout = {"strides": values.stride(), "storage_offset": values.storage_offset(), "dtype": values.dtype}
        return torch.Tensor._make_wrapper_subclass(cls, values.shape, **layout)

    def __init__(self, values: torch.Tensor) -> None:
        self.values_ = values

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return run(func, args, kwargs or {})

    device, is_cuda, is_cpu = CUDA, True, False

    def to(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        """To the CPU with a wait; itself where it is there already, as torch's own."""
        wanted = [torch.device(one).type for one in (*args, *kwargs.values()) if isinstance(one, (torch.device, str))]
        if wanted == ["cpu"]:
            _copied(True, False, kwargs.get("non_blocking", False))
            rest = [one for one in args if not isinstance(one, (torch.device, str))]
            return self.values_.detach().clone().to(*rest, **{**kwargs, "device": CPU})
        if wanted == ["cuda"] and len(args) + len(kwargs) == 1:
            return self
        return super().to(*args, **kwargs)

    def cpu(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        return self.to(CPU)

    def numpy(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("can't convert cuda:0 device type tensor to numpy")

    __array__ = numpy

    def tolist(self) -> Any:
        waits[f"tolist at {_line()}"] += 1
        return self.values_.tolist()

    def new_tensor(self, data: Any, **kwargs: Any) -> torch.Tensor:
        return torch.tensor(data, dtype=kwargs.get("dtype", self.dtype), device=CUDA)

    def data_ptr(self) -> int:
        return self.values_.data_ptr()

    def __deepcopy__(self, memo: dict) -> "Cuda":
        if id(self) not in memo:
            memo[id(self)] = Cuda(self.values_.clone()).requires_grad_(self.requires_grad)
            memo[id(self)]._is_param = getattr(self, "_is_param", False)
        return memo[id(self)]

    def __repr__(self, **kwargs: Any) -> str:
        return f"Cuda({tuple(self.shape)}, {self.dtype})"


class _ToOther(TorchFunctionMode):
    """`x.to(other)` reads the device of `other` where nothing written in Python is asked."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.Tensor.to and len(args) > 1 and isinstance(args[1], Cuda):
            args = (args[0], CUDA, args[1].dtype)
        return func(*args, **(kwargs or {}))


class PretendedCuda(TorchDispatchMode):
    """While entered, `cuda:0` is such a device."""

    def __enter__(self) -> "PretendedCuda":
        torch.cuda._lazy_init = lambda: None
        torch.cuda.is_available = lambda: True
        torch.cuda.mem_get_info = lambda *device: (2**36, 2**36)
        torch.cuda.get_rng_state = lambda *device: torch.zeros(16, dtype=torch.uint8)
        torch.cuda.set_rng_state = lambda *state: None
        torch.optim.Optimizer._accelerator_graph_capture_health_check = lambda optimizer: None
        torch._C._set_only_lift_cpu_tensors(True)
        torch.__future__.set_overwrite_module_params_on_conversion(True)
        self._to_other = _ToOther()
        self._to_other.__enter__()
        return super().__enter__()

    def __exit__(self, *raised: object) -> None:
        super().__exit__(*raised)
        self._to_other.__exit__(*raised)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return run(func, args, kwargs or {})


def run(func: Any, args: tuple, kwargs: dict) -> Any:
    """One operation: refused, counted and computed."""
    name = func._schema.name.split("::")[-1]
    flat, shape = tree_flatten((args, kwargs))
    on_device = _result_on_device(func, name, args, kwargs, flat)
    if on_device:
        generator = kwargs.get("generator")
        if generator is not None and generator.device.type == "cpu":
            raise RuntimeError(f"Expected a 'cuda' device type for generator but found 'cpu' at {_line()}")
        _count(func, name, args)
    if name in WAITING and any(isinstance(one, Cuda) for one in flat):
        waits[f"{name} at {_line()}"] += 1
    if name == "is_pinned":
        return False
    if name == "_pin_memory":
        return args[0].clone()
    plain = [one.values_ if isinstance(one, Cuda) else CPU if isinstance(one, torch.device) else one for one in flat]
    plain_args, plain_kwargs = tree_unflatten(plain, shape)
    results = func(*plain_args, **plain_kwargs)
    same = {id(one.values_): one for one in flat if isinstance(one, Cuda)}  # what works in place returns its input

    def wrapped(result: Any) -> Any:
        if not isinstance(result, torch.Tensor) or any(result is one for one in flat):
            return result
        if id(result) in same:
            return same[id(result)]
        return Cuda(result) if on_device else result

    return tree_map(wrapped, results)


def _result_on_device(func: Any, name: str, args: tuple, kwargs: dict, flat: list) -> bool:
    """Where the result lies. Raises RuntimeError for tensors that CUDA would not take together."""
    there = [one for one in flat if isinstance(one, Cuda)]
    here = [one for one in flat if isinstance(one, torch.Tensor) and not isinstance(one, Cuda)]
    target = kwargs.get("device")
    if torch._C._current_graph_task_id() != -1 and name != "_to_copy":
        target = None if there else CUDA  # autograd's own factories name the device of the numbers
    if name == "_to_copy":
        to_device = bool(there) if target is None else target.type == "cuda"
        _copied(bool(there), to_device, kwargs.get("non_blocking", False))
        return to_device
    if name == "copy_":
        non_blocking = args[2] if len(args) > 2 else kwargs.get("non_blocking", False)
        _copied(isinstance(args[1], Cuda), isinstance(args[0], Cuda), non_blocking)
        return isinstance(args[0], Cuda)
    if name in ("index", "index_put", "index_put_", "_index_put_impl_", "_unsafe_index"):
        return _indexed(args)
    if func.namespace != "c10d" and there and ((name in ARRAYS_ONLY and here) or any(one.ndim for one in here)):
        raise RuntimeError(f"Expected all tensors to be on the same device in {name} at {_line()}")
    return bool(there) if target is None else target.type == "cuda"


def _copied(from_device: bool, to_device: bool, non_blocking: bool) -> None:
    if from_device != to_device and not non_blocking:
        waits[f"copy {'from' if from_device else 'to'} the device at {_line()}"] += 1


def _indexed(args: tuple) -> bool:
    own = isinstance(args[0], Cuda)
    values = [one for one in args[2:3] if isinstance(one, torch.Tensor) and one.ndim]
    if any(isinstance(one, Cuda) and not own for one in args[1]) or any(isinstance(one, Cuda) != own for one in values):
        raise RuntimeError(f"indices and values should be on the device of what they index at {_line()}")
    for one in args[1]:
        if own and one is not None and not isinstance(one, Cuda):
            waits[f"CPU index at {_line()}"] += 1
        if own and one is not None and one.dtype in (torch.bool, torch.uint8):
            waits[f"boolean index at {_line()}"] += 1
    return own


def _count(func: Any, name: str, args: tuple) -> None:
    returned = func._schema.returns
    view = bool(returned) and all(one.alias_info is not None and not one.alias_info.is_write for one in returned)
    if not view and name not in WITHOUT_KERNEL:
        launches[name] += sum(args[-1]) if name == "convolution_backward" else SEVERAL.get(name, 1)


def _line() -> str:
    """The innermost line of probeline."""
    frame = sys._getframe(1)
    while frame is not None and "/probeline/" not in frame.f_code.co_filename:
        frame = frame.f_back
    if frame is None:
        return "a line outside of probeline"
    return f"{frame.f_code.co_filename.split('/probeline/')[-1]}:{frame.f_lineno}"

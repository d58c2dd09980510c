"""Tensors out of a PyTorch checkpoint of the old format, without PyTorch and without running what it names.

The file (torch.save before 1.6) is five pickles (magic number, protocol, machine, object, storage keys) followed by
each storage as an int64 count and raw little-endian values. A pickle can name any function; this reader knows the
three names that plain tensors of floats need and refuses every other.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

__all__ = ["read_tensors"]

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
MOST_VALUES = 50_000_000  # of one storage: the model has 1.4 million


@dataclass(frozen=True, slots=True)
class _View:
    """A tensor before its storage was read."""

    storage: str
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


class _FloatStorage:
    """Stands for the type of a storage with four bytes a value."""


def read_tensors(path: Path, entry: str) -> dict[str, NDArray[np.float32]]:
    """The tensors in the dictionary `entry` of the checkpoint, by name. Raise ValueError for any other kind of file."""
    try:
        with path.open("rb") as file:
            if _Plain(file).load() != MAGIC or _Plain(file).load() != PROTOCOL:
                raise ValueError(f"{path.name} is no PyTorch checkpoint of the old format")
            _Plain(file).load()
            views = dict(_views(_Plain(file).load()[entry]))
            storages = dict(_storages(file, _Plain(file).load()))
        return {name: _tensor(view, storages[view.storage]) for name, view in views.items()}
    except (pickle.UnpicklingError, EOFError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"{path.name} does not hold plain tensors: {error}") from error


class _Plain(pickle.Unpickler):
    """An unpickler that can build dictionaries, numbers, strings and tensors, and nothing else."""

    KNOWN: dict[tuple[str, str], Any] = {  # noqa: RUF012 - a constant table
        ("collections", "OrderedDict"): OrderedDict,
        ("torch", "FloatStorage"): _FloatStorage,
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild
        try:
            return self.KNOWN[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed here") from None

    def persistent_load(self, pid: Any) -> str:
        kind, storage, key, _device, _count, view = pid
        if kind != "storage" or storage is not _FloatStorage or view is not None:
            raise pickle.UnpicklingError("only whole storages of floats are known")
        return str(key)


def _rebuild(storage: str, offset: int, shape: tuple[int, ...], stride: tuple[int, ...], *_rest: object) -> _View:
    return _View(storage, offset, shape, stride)


def _views(entries: dict[str, Any]) -> Iterator[tuple[str, _View]]:
    for name, view in entries.items():
        if isinstance(view, _View):
            yield name, view


def _storages(file: BinaryIO, keys: list[str]) -> Iterator[tuple[str, NDArray[np.float32]]]:
    for key in keys:
        count = int.from_bytes(file.read(8), "little")
        if count > MOST_VALUES:
            raise ValueError(f"a storage of {count} values is not part of this model")
        raw = file.read(count * 4)
        if len(raw) != count * 4:
            raise EOFError("the file ends within a storage")
        yield str(key), np.frombuffer(raw, dtype="<f4").astype(np.float32)


def _tensor(view: _View, storage: NDArray[np.float32]) -> NDArray[np.float32]:
    last = view.offset + sum((size - 1) * step for size, step in zip(view.shape, view.stride, strict=True))
    if view.offset < 0 or min(view.stride, default=1) < 0 or min(view.shape, default=1) < 1 or last >= len(storage):
        raise ValueError("a tensor reaches over the end of its storage")
    steps = tuple(step * storage.itemsize for step in view.stride)
    make: Callable[..., NDArray[np.float32]] = np.lib.stride_tricks.as_strided
    return np.array(make(storage[view.offset :], shape=view.shape, strides=steps), dtype=np.float32)

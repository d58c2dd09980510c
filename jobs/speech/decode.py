"""Any recording that people send to 16 kHz mono samples, decoded by a process that can do nothing else."""

from __future__ import annotations

import base64
import errno
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, BinaryIO

import numpy as np
import structlog
from numpy.typing import NDArray

from jalapeno import limits
from jobs.speech.base import Cancelled, Progress, Undecodable

__all__ = ["LONGEST_MS", "RATE", "Decoded", "decode"]

RATE = 16_000  # samples a second
LONGEST_MS = limits.RECORDING_SECONDS * 1000  # 6 hours: longer than any meeting, and 690 MB of samples on disk
WALL_SECONDS = 1800.0  # the CPU limit of 900 s on a machine that is busy with something else
POLL_SECONDS = 0.25  # how quickly a wish to stop is noticed
LONGEST_LINE = 1 << 20  # bytes of an answer: 1,600 peaks and some names are 3 KB

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A recording as samples in a temporary file, which leaving the `with` block removes."""

    pcm_path: Path  # 16 kHz, mono, signed 16 bit, little endian, no header
    duration_ms: int  # from the number of samples
    peaks: bytes  # at most 1,600 values of 0..127, each for an equal part of the recording
    container: str  # FFmpeg's names: "mov,mp4,m4a,3gp,3g2,mj2"
    codec: str  # "aac"
    warnings: tuple[str, ...] = ()

    def samples(self) -> NDArray[np.int16]:
        """All samples, mapped from the file: nothing is read before it is used."""
        return np.memmap(self.pcm_path, dtype="<i2", mode="r")

    def __enter__(self) -> Decoded:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.pcm_path.unlink(missing_ok=True)


def decode(
    source: Path | BinaryIO,
    *,
    folder: Path | None = None,
    longest_ms: int = LONGEST_MS,
    wall_seconds: float = WALL_SECONDS,
    should_stop: Callable[[], bool] = lambda: False,
    progress: Progress = lambda share, stage: None,
) -> Decoded:
    """Decode a file, by its path or open with a descriptor; the samples go to a new file in `folder`.

    The default for `folder` is the system's temporary one. Raise `Undecodable` with its code, OSError when the disk
    is full, or `Cancelled` within half a second of `should_stop` saying so.
    """
    out_fd, name = tempfile.mkstemp(prefix="samples-", suffix=".pcm", dir=folder)
    path = Path(name)
    try:
        with source.open("rb") if isinstance(source, Path) else nullcontext(source) as media:
            answer = _run_child(media.fileno(), out_fd, longest_ms, wall_seconds, should_stop, progress)
        result = _result_of(answer)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(out_fd)
    progress(1.0, "decoding")
    return Decoded(
        pcm_path=path,
        duration_ms=result["samples"] * 1000 // RATE,
        peaks=base64.b64decode(result["peaks"]),
        container=result["container"],
        codec=result["codec"],
        warnings=tuple(result["warnings"]),
    )


def _run_child(
    media: int, out: int, longest_ms: int, wall: float, should_stop: Callable[[], bool], progress: Progress
) -> dict[str, Any]:
    """Run the decoder's process to its last line; nothing of it is left when this returns or raises."""
    child = subprocess.Popen(
        [sys.executable, "-s", "-B", "-m", "jobs.speech.decoder", str(media), str(out), str(longest_ms)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=(media, out),
        close_fds=True,
        cwd=Path(__file__).resolve().parents[2],  # where the package `jobs` is found
        env={"LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},  # no secret of the worker
        start_new_session=True,
    )
    answer: dict[str, Any] = {}
    try:
        for line in _lines(child, wall, should_stop):
            answer = _parsed(line)
            if "done" in answer:
                progress(float(answer["done"]), "decoding")
    finally:
        child.kill()
        child.wait()
        if child.stdout:
            child.stdout.close()
    if "result" not in answer and "error" not in answer:
        return {"error": "decoder_limits", "reason": _how_it_died(child.returncode)}
    return answer


def _lines(child: subprocess.Popen[bytes], wall: float, should_stop: Callable[[], bool]) -> Iterator[bytes]:
    """The child's lines as they come; raise when it must stop, end when it closes its output."""
    stdout: IO[bytes] = child.stdout  # type: ignore[assignment]  # it is a pipe
    os.set_blocking(stdout.fileno(), False)
    ends, rest = time.monotonic() + wall, b""
    with selectors.DefaultSelector() as waiting:
        waiting.register(stdout, selectors.EVENT_READ)
        while True:
            if should_stop():
                raise Cancelled(reason="asked to stop while decoding")
            if time.monotonic() > ends or len(rest) > LONGEST_LINE:
                raise Undecodable("decoder_limits", reason=f"more than {wall:.0f} s, or an endless answer")
            if not waiting.select(POLL_SECONDS):
                continue
            chunk = os.read(stdout.fileno(), 1 << 16)
            if not chunk:
                return
            *whole, rest = (rest + chunk).split(b"\n")
            yield from whole


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(line)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _result_of(answer: dict[str, Any]) -> dict[str, Any]:
    if "error" in answer:
        code, reason = str(answer["error"]), str(answer.get("reason", ""))
        log.info("recording_not_decoded", code=code, reason=reason)
        if code == "no_room":
            raise OSError(errno.ENOSPC, "no room for the samples of a recording")
        raise Undecodable(code if code in Undecodable.MESSAGES else "not_audio", reason=reason)
    result: dict[str, Any] = answer["result"]
    return result


def _how_it_died(status: int | None) -> str:
    """The decoder left without an answer: name the signal that a limit or a hostile file ended it with."""
    if status is not None and status < 0:
        return f"ended by {signal.Signals(-status).name}"
    return f"ended with status {status}"

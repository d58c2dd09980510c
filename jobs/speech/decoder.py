"""The decoder's own process: untrusted media on one inherited descriptor, 16 kHz mono samples out on another.

Started by `jobs.speech.decode` as `python -m jobs.speech.decoder INPUT_FD OUTPUT_FD LONGEST_MS`. It answers with
JSON lines on standard output: `{"done": share}` while it works, then one `{"result": …}` or `{"error": code}`.

Before the first byte of the file is looked at, the process gives up the right to open anything (no descriptor
can be made any more, so no file, no socket), to start a process, and to take more memory, CPU or disk than a
recording needs. What a hostile file can still do is to end this process.
"""

from __future__ import annotations

import base64
import ctypes
import errno
import importlib
import json
import os
import pkgutil
import resource
import signal
import sys
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from typing import Any, BinaryIO, Never

import av
import av.audio.resampler
import av.error
import numpy as np
from numpy.typing import NDArray

from jobs.speech.completeness import cut_short, promises_length
from jobs.speech.peaks import Outline

RATE = 16_000  # samples a second, what speech models hear
MEMORY = 1_200 << 20  # bytes of address space: the libraries map 600 MB, a recording adds less than 100
CPU_SECONDS = 900  # six hours of MP3 take 30 to 60 on a slow core
PROGRESS_EVERY = 5 * RATE  # samples between two signs of life
SILENCE_FROM = 0.25  # seconds: a shorter hole between two frames is how the format rounds
MISSING_FROM = 1.0  # seconds, or …
MISSING_SHARE = 0.02  # … this part of the stated length may be absent: padding, rounding, late streams

FORMATS = "wav,mp3,mov,aac,flac,ogg,matroska"
CODECS = (
    "aac,alac,flac,mp3,mp3float,opus,libopus,vorbis,adpcm_ms,adpcm_ima_wav,pcm_alaw,pcm_mulaw,pcm_u8,pcm_s8,pcm_s16le,"
    "pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be"
)
CONTAINER_OPTIONS = {
    "format_whitelist": FORMATS,
    "codec_whitelist": CODECS,  # also for the look at the first packets: no video decoder ever runs
    "protocol_whitelist": "none",  # matches no protocol: the bytes come through our own reader alone
    "enable_drefs": "0",  # mov: samples kept in other files
    "use_absolute_path": "0",
}


class Refused(Exception):
    """The file can't become samples: a code of `jobs.speech.base.Undecodable` and a reason for the log."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass
class Result:
    """What is known once the last sample is written."""

    samples: int
    container: str
    codec: str
    peaks: str  # base64
    warnings: list[str] = field(default_factory=list)


class Reader:
    """The file as FFmpeg sees it: bytes without a name, so that nothing can be found next to it."""

    def __init__(self, file: BinaryIO) -> None:
        self.read = file.read
        self.seek = file.seek
        self.tell = file.tell


class Samples:
    """Writes what was decoded, keeps count, and gives signs of life."""

    def __init__(self, out: BinaryIO, longest: int, expected: float | None) -> None:
        self.count = 0
        self.damaged = 0  # packets that the codec could not read
        self.outline = Outline()
        self._out, self._longest, self._expected = out, longest, expected
        self._said = 0

    def write(self, samples: NDArray[np.int16]) -> None:
        self.count += len(samples)
        if self.count > self._longest:
            raise Refused("too_long", f"more than {self._longest // RATE} s")
        self._out.write(samples.astype("<i2", copy=False).tobytes())
        self.outline.add(samples)
        if self.count - self._said >= PROGRESS_EVERY:
            self._said = self.count
            say({"done": min(self.count / RATE / self._expected, 1.0) if self._expected else 0.0})

    def silence_until(self, second: float) -> None:
        """Fill a hole, so that times in the words are the times of the player."""
        missing = int(second * RATE) - self.count
        while missing > 0:
            step = min(missing, RATE)
            self.write(np.zeros(step, dtype=np.int16))
            missing -= step


def main() -> None:
    """Decode, answer, and leave without running anything of the libraries again."""
    source = os.fdopen(int(sys.argv[1]), "rb")
    out = os.fdopen(int(sys.argv[2]), "wb", buffering=1 << 16)
    longest = int(sys.argv[3]) * RATE // 1000
    av.logging.set_level(None)
    load_everything()
    lock_down(longest * 2 + (1 << 20))
    try:
        result = decode(source, out, longest)
        out.flush()
    except Refused as refused:
        finish({"error": refused.code, "reason": refused.reason})
    except MemoryError:
        finish({"error": "decoder_limits", "reason": "memory"})
    except Exception as error:  # noqa: BLE001 - whatever the file did to the libraries, it is the file's fault
        finish({"error": _code_of(error), "reason": f"{type(error).__name__}: {error}"[:200]})
    finish({"result": asdict(result)})


def load_everything() -> None:
    """Import what PyAV would import on first use: after `lock_down` no file of it can be read."""
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if not module.name.endswith(("__main__", "datasets")):  # a command line, and a downloader
            importlib.import_module(module.name)


def lock_down(largest_file: int) -> None:
    """Give up every right that decoding does not need; see the module's first lines."""
    libc = ctypes.CDLL(None)
    for option, value in ((1, signal.SIGKILL), (38, 1), (4, 0)):  # die with the parent; no new rights; no dump
        libc.prctl(option, int(value), 0, 0, 0)
    limits = {
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_FSIZE: largest_file,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: 0,  # root is not bound by this one
        resource.RLIMIT_NOFILE: 0,  # what is open stays open; nothing can be opened
    }
    for which, value in limits.items():
        resource.setrlimit(which, (value, value))


def decode(source: BinaryIO, out: BinaryIO, longest: int) -> Result:
    """Write all samples of the first sound track; raise Refused when they are not all there."""
    size = source.seek(0, os.SEEK_END)
    if not size:
        raise Refused("empty", "no bytes")
    cut = cut_short(source, size)
    source.seek(0)
    try:
        container = av.open(Reader(source), "r", options=CONTAINER_OPTIONS, io_open=_refuse_to_open)
    except av.error.FFmpegError as error:
        raise Refused("truncated" if cut else "not_audio", cut or f"open: {error}") from None
    stream = _sound_track(container)
    promised = _promised(source, container, stream)
    if promised and promised * RATE > longest * (1 + MISSING_SHARE):
        raise Refused("too_long", f"states {promised:.0f} s")
    if cut:
        raise Refused("truncated", cut)
    samples = Samples(out, longest, promised or _guessed(container))
    try:
        _write_all(container, stream, samples, promised)
    except av.error.FFmpegError as error:
        if not promised:
            raise Refused("truncated", f"broken after {samples.count / RATE:.1f} s: {error}") from None
    _check_whole(samples, promised)
    warnings = [f"{samples.damaged} damaged packets were left out"] if samples.damaged else []
    peaks = base64.b64encode(samples.outline.peaks()).decode("ascii")
    return Result(samples.count, container.format.name, stream.codec_context.name, peaks, warnings)


def _check_whole(samples: Samples, promised: float | None) -> None:
    heard = samples.count / RATE
    if not samples.count:
        raise Refused("not_audio" if samples.damaged else "empty", f"no samples, {samples.damaged} damaged packets")
    if promised and heard < promised - max(MISSING_FROM, promised * MISSING_SHARE):
        raise Refused("truncated", f"{heard:.1f} s of {promised:.1f} s")


def _sound_track(container: Any) -> Any:
    tracks = container.streams.audio
    if not tracks:
        if any(stream.type == "video" for stream in container.streams):
            raise Refused("no_audio_track", f"{len(container.streams)} streams, no sound")
        raise Refused("not_audio", "no stream with sound")
    stream = container.streams.best("audio") or tracks[0]
    context = stream.codec_context
    if context is None or context.name not in CODECS.split(","):
        raise Refused("not_audio", f"codec {context.name if context else 'unknown'}")
    context.thread_count = 1
    return stream


def _promised(source: BinaryIO, container: Any, stream: Any) -> float | None:
    """Seconds that the file says it has, where that is more than a guess."""
    at = source.tell()
    duration = stream.duration and float(stream.duration * stream.time_base)
    if not duration and container.duration:
        duration = container.duration / av.time_base
    sure = promises_length(source, container.format.name, bool(duration))
    source.seek(at)  # FFmpeg's buffer expects the file where it left it
    return float(duration) if duration and duration > 0 and sure else None


def _guessed(container: Any) -> float | None:
    return container.duration / av.time_base if container.duration and container.duration > 0 else None


def _write_all(container: Any, stream: Any, samples: Samples, promised: float | None) -> None:
    """Decode packet by packet to the end, or to where the container breaks."""
    timed = container.format.name.startswith(("mov", "matroska"))  # the others number their samples, no more
    track = Track(samples, timed, promised)
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            samples.damaged += 1
            continue
        for frame in frames:
            track.take(frame)
    track.finish()


class Track:
    """Frames of any shape, one after the other, to 16 kHz mono; holes in time become silence."""

    def __init__(self, samples: Samples, timed: bool, promised: float | None) -> None:
        self._samples, self._timed, self._promised = samples, timed, promised
        self._shape: tuple[str, str, int] | None = None
        self._resampler: Any = None
        self._given = Fraction(0)  # samples that must come out for what went in

    def take(self, frame: Any) -> None:
        """Add one decoded frame."""
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        hole = self._timed and frame.time is not None and frame.time - float(self._given) / RATE > SILENCE_FROM
        if hole and (self._promised is None or frame.time <= self._promised + MISSING_FROM):
            self.finish()
            self._samples.silence_until(frame.time)
            self._given = Fraction(self._samples.count)
        elif shape != self._shape:
            self.finish()  # some streams change their rate or channels on the way
        if self._resampler is None:
            self._shape = shape
            self._resampler = av.audio.resampler.AudioResampler(format="s16", layout="mono", rate=RATE)
        self._given += Fraction(frame.samples * RATE, frame.sample_rate)
        frame.pts = None  # jumps in time are our silence, not the filter's business
        self._write(self._resampler.resample(frame))

    def finish(self) -> None:
        """Write what the resampler still holds."""
        if self._resampler is not None:
            self._write(self._resampler.resample(None))
            self._resampler = None

    def _write(self, frames: list[Any]) -> None:
        for frame in frames:
            self._samples.write(frame.to_ndarray().reshape(-1))


def _refuse_to_open(url: str, flags: int, options: dict[str, str]) -> Never:
    raise PermissionError("a recording may not name other files")


def _code_of(error: Exception) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if number in {errno.ENOSPC, errno.EDQUOT}:
        return "no_room"  # ours, not the file's: the parent raises it as an OSError
    return "decoder_limits" if number in {errno.ENOMEM, errno.EFBIG} else "not_audio"


def say(message: dict[str, Any]) -> None:
    """One JSON line to the parent."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def finish(message: dict[str, Any]) -> Never:
    """The last line; no destructor of a library that a file may have broken runs after it."""
    say(message)
    os._exit(0)


if __name__ == "__main__":
    main()

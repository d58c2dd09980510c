"""Sounds for the tests: made here, encoded by PyAV, and spoken by a small synthesizer from a pinned package."""

from __future__ import annotations

import os
import subprocess
import sys
import wave
import zipfile
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from jobs import downloads

Samples = NDArray[np.int16]
FORMATS = {  # suffix: container, codec, rate
    "wav": ("wav", "pcm_s16le", 44_100),
    "mp3": ("mp3", "libmp3lame", 44_100),
    "m4a": ("mp4", "aac", 48_000),
    "mp4": ("mp4", "aac", 44_100),
    "mov": ("mov", "aac", 48_000),
    "aac": ("adts", "aac", 48_000),
    "flac": ("flac", "flac", 16_000),
    "ogg": ("ogg", "libopus", 48_000),
    "opus": ("ogg", "libopus", 48_000),
    "webm": ("webm", "libopus", 48_000),
}
SYNTHESIZER = downloads.Wheel(
    "espeak-english", "0.1.1", "9405be636e582ebb95382fd7c2be203d67a914031f8a365cb121cbf1d5650d64", 676_945
)


def tone(seconds: float, rate: int, hertz: float = 440.0, level: float = 0.3) -> Samples:
    at = np.arange(int(seconds * rate)) / rate
    return (level * 32767 * np.sin(2 * np.pi * hertz * at)).astype(np.int16)


def encode(samples: Samples, rate: int, path: Path, container: str, codec: str) -> Path:
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate, layout="mono")
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=rate, frame_size=1024)
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate = rate
        for part in (*resampler.resample(frame), *resampler.resample(None), None):
            out.mux(stream.encode(part))
    return path


@pytest.fixture
def sound(tmp_path: Path) -> Callable[..., Path]:
    """A file of the given kind with a tone of some seconds."""

    def make(suffix: str, seconds: float = 6.0) -> Path:
        container, codec, rate = FORMATS[suffix]
        return encode(tone(seconds, rate), rate, tmp_path / f"tone.{suffix}", container, codec)

    return make


@pytest.fixture(scope="session")
def models(pytestconfig: pytest.Config) -> Path:
    """Weights stay between runs: they are 150 MB."""
    return Path(os.environ.get("MODELS_DIR") or pytestconfig.cache.mkdir("models")).absolute()  # type: ignore[union-attr]


SAY = """
import array, ctypes, sys, wave
root, path, text, pitch = sys.argv[1:]
lib = ctypes.CDLL(root + "/libespeak-ng.so")
rate = lib.espeak_Initialize(1, 500, root.encode(), 0)
out = array.array("h")
@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
def take(samples, count, events):
    out.extend(samples[:count] if samples and count > 0 else [])
    return 0
lib.espeak_SetSynthCallback(take)
lib.espeak_SetVoiceByName(b"en-us")
lib.espeak_SetParameter(1, 150, 0)
lib.espeak_SetParameter(3, int(pitch), 0)
data = text.encode() + b"\\0"
lib.espeak_Synth(data, len(data), 0, 0, 0, 1, None, None)
lib.espeak_Synchronize()
with wave.open(path, "wb") as file:
    file.setnchannels(1), file.setsampwidth(2), file.setframerate(rate)
    file.writeframes(out.tobytes())
"""


@pytest.fixture(scope="session")
def say(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Samples]:
    """Speech of a text at 22,050 Hz, by espeak-ng: plain, but the recognizer understands it."""
    folder = models / "espeak-english-0.1.1"
    with downloads.locked(models, folder.name, lambda share, stage: None, "tests"):
        if not folder.is_dir():
            work = tmp_path_factory.mktemp("espeak")
            wheels = downloads.from_packages([SYNTHESIZER], work / "wheels", lambda share, stage: None, "tests")
            with zipfile.ZipFile(wheels[SYNTHESIZER.name]) as archive:
                archive.extractall(models / f".{folder.name}")
            (models / f".{folder.name}").rename(folder)

    def speak(text: str, pitch: int = 50) -> Samples:
        path = tmp_path_factory.mktemp("said") / "said.wav"
        subprocess.run(
            [sys.executable, "-c", SAY, str(folder / "espeak_english"), str(path), text, str(pitch)], check=True
        )
        with wave.open(str(path)) as file:
            return np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16)

    return speak


SPOKEN_RATE = 22_050

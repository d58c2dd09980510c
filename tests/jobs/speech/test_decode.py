from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import threading
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from jobs.speech.base import Cancelled, Undecodable
from jobs.speech.decode import decode
from jobs.speech.peaks import POINTS
from tests.jobs.speech.conftest import FORMATS, tone

ROOT = Path(__file__).resolve().parents[3]
WHOLE_ENDS = ("wav", "mp3", "m4a", "mp4", "mov", "aac", "flac", "ogg", "opus", "webm")


def refusal(path: Path, **options: float) -> Undecodable:
    with pytest.raises(Undecodable) as refused, decode(path, **options):  # type: ignore[arg-type]
        pass
    return refused.value


@pytest.mark.parametrize("suffix", sorted(FORMATS))
def test_every_accepted_format_becomes_the_same_sound(sound: Callable[..., Path], suffix: str) -> None:
    with decode(sound(suffix)) as audio:
        assert audio.duration_ms == pytest.approx(6000, abs=70)
        samples = np.array(audio.samples()).astype(float)
        assert len(samples) * 1000 // 16_000 == audio.duration_ms
        middle = samples[16_000:80_000]
        spectrum = np.abs(np.fft.rfft(middle))
        assert np.fft.rfftfreq(len(middle), 1 / 16_000)[spectrum.argmax()] == pytest.approx(440, abs=1)
        assert np.sqrt((middle**2).mean()) / 32768 == pytest.approx(0.3 / np.sqrt(2), rel=0.06)
        assert 36 <= sorted(audio.peaks)[len(audio.peaks) // 2] <= 42  # the encoders click at the ends
        assert audio.pcm_path.exists()
    assert not audio.pcm_path.exists()


@pytest.mark.parametrize("share", [0.3, 0.85])
@pytest.mark.parametrize("suffix", WHOLE_ENDS)
def test_a_cut_file_is_called_cut(sound: Callable[..., Path], suffix: str, share: float) -> None:
    path = sound(suffix, 20.0)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    error = refusal(path)
    assert error.code == "truncated"
    assert "missing" in error.message
    assert error.reason


def test_a_wav_that_never_learned_its_length_is_whole(sound: Callable[..., Path]) -> None:
    path = sound("wav", 2.0)
    data = bytearray(path.read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    with decode(path) as audio:
        assert audio.duration_ms == pytest.approx(2000, abs=5)


def test_the_length_is_counted_and_limited(sound: Callable[..., Path]) -> None:
    assert refusal(sound("wav"), longest_ms=3000).code == "too_long"
    assert refusal(sound("mp3"), longest_ms=3000).code == "too_long"
    with decode(sound("wav"), longest_ms=6000) as audio:
        assert audio.duration_ms == 6000


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file.mp3"
    path.write_bytes(b"")
    assert refusal(path).code == "empty"
    path.write_bytes(random.Random(1).randbytes(200_000))
    assert refusal(path).code == "not_audio"
    path.write_text("Minutes of the meeting\n" * 400)
    assert refusal(path).code == "not_audio"


def test_a_wav_without_samples_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(b"")
    assert refusal(path).code in {"empty", "not_audio"}


def silent_film(path: Path) -> Path:
    with av.open(str(path), "w", format="mp4") as out:
        stream = out.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        for _ in range(20):
            frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), dtype=np.uint8), format="rgb24")
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def test_a_film_without_sound_says_so(tmp_path: Path) -> None:
    assert refusal(silent_film(tmp_path / "film.mp4")).code == "no_audio_track"


@pytest.fixture
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """A port of this machine, and whoever knocked there."""
    knocks: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                try:
                    caller, _ = server.accept()
                except TimeoutError:
                    continue
                with caller:
                    knocks.append(b"knock")

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1], knocks
        stop.set()
        thread.join()


@pytest.mark.parametrize("suffix", ["mp3", "m3u8", "wav"])
def test_a_playlist_reaches_neither_the_network_nor_files(
    tmp_path: Path, sound: Callable[..., Path], listener: tuple[int, list[bytes]], suffix: str
) -> None:
    port, knocks = listener
    secret = sound("wav").rename(tmp_path / "other.wav")
    lists = {
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1:{port}/a.ts\n#EXT-X-ENDLIST\n",
        "hls of a file": f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile://{secret}\n#EXT-X-ENDLIST\n",
        "concat": f"ffconcat version 1.0\nfile '{secret}'\n",
        "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet>'
        f'<Representation id="1"><BaseURL>http://127.0.0.1:{port}/a.mp4</BaseURL></Representation></AdaptationSet>'
        "</Period></MPD>",
    }
    for text in lists.values():
        path = tmp_path / f"list.{suffix}"
        path.write_text(text)
        assert refusal(path).code == "not_audio"
    assert knocks == []


def test_the_decoder_can_open_nothing_once_it_looks_at_a_file() -> None:
    attempt = """
import os, socket
from jobs.speech.decoder import load_everything, lock_down
load_everything()
lock_down(1 << 20)
for name, act in {
    "file": lambda: open("/etc/hostname"),
    "socket": lambda: socket.socket(),
    "pipe": os.pipe,
}.items():
    try:
        act()
    except OSError as error:
        print(name, error.errno)
try:
    bytearray(2 << 30)
except MemoryError:
    print("memory")
"""
    done = subprocess.run([sys.executable, "-c", attempt], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.split("\n")[:4] == ["file 24", "socket 24", "pipe 24", "memory"]


def test_the_decoder_sees_no_setting_of_the_worker(monkeypatch: pytest.MonkeyPatch, sound: Callable[..., Path]) -> None:
    seen: list[dict[str, str]] = []
    real = subprocess.Popen

    def spy(*args: object, **options: object) -> subprocess.Popen[bytes]:
        seen.append(options["env"])  # type: ignore[arg-type]
        return real(*args, **options)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "canary")
    monkeypatch.setattr(subprocess, "Popen", spy)
    with decode(sound("wav")):
        pass
    assert set(seen[0]) == {"LANG", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"}


def test_a_wish_to_stop_and_a_time_limit_end_the_work_and_leave_nothing(
    sound: Callable[..., Path], tmp_path: Path
) -> None:
    path = sound("wav")
    folder = tmp_path / "work"
    folder.mkdir()
    with pytest.raises(Cancelled):
        decode(path, folder=folder, should_stop=lambda: True)
    with pytest.raises(Undecodable) as late:
        decode(path, folder=folder, wall_seconds=0.0)
    assert late.value.code == "decoder_limits"
    assert list(folder.iterdir()) == []


def test_a_full_disk_is_not_the_files_fault(sound: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    path = sound("wav")
    full = os.open("/dev/full", os.O_WRONLY)
    monkeypatch.setattr("tempfile.mkstemp", lambda **options: (full, str(path.with_suffix(".pcm"))))
    with pytest.raises(OSError, match="no room"):
        decode(path)


def test_an_open_file_is_decoded_and_progress_never_falls(sound: Callable[..., Path]) -> None:
    shares: list[float] = []
    with (
        sound("m4a", 40.0).open("rb") as source,
        decode(source, progress=lambda share, stage: shares.append(share)) as audio,
    ):
        assert audio.duration_ms == pytest.approx(40_000, abs=70)
        assert len(audio.peaks) <= POINTS
    assert shares == sorted(shares)
    assert len(shares) > 2
    assert shares[-1] == 1.0


def test_a_late_sound_track_keeps_the_times_of_the_film(tmp_path: Path) -> None:
    path = tmp_path / "late.mkv"
    with av.open(str(path), "w", format="matroska") as out:
        stream = out.add_stream("flac", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(tone(2.0, 16_000)[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts = 16_000, 3 * 16_000
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with decode(path) as audio:
        assert audio.duration_ms == pytest.approx(5000, abs=20)
        assert np.abs(audio.samples()[: int(2.9 * 16_000)]).max() == 0


@pytest.mark.skipif("SAMPLES_DIR" not in os.environ, reason="SAMPLES_DIR is not set")
def test_the_same_conversation_in_every_format_has_the_same_length() -> None:
    clips = Path(os.environ["SAMPLES_DIR"]) / "clips"
    lengths = {}
    for path in sorted(clips.glob("conversation.*")):
        with decode(path) as audio:
            lengths[path.suffix] = audio.duration_ms
    assert len(lengths) == 8
    assert max(lengths.values()) - min(lengths.values()) < 150

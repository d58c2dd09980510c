from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from jobs.evaluation.speech import evaluate_speech
from jobs.evaluation.words import word_error_rate
from jobs.speech.base import Cancelled, NoSpeech, Transcript
from jobs.speech.decode import decode
from jobs.speech.local import LocalTranscriber
from tests.jobs.speech.conftest import FORMATS, SPOKEN_RATE, Samples, encode, tone

pytestmark = pytest.mark.speech
RATE = 16_000
TEXT = (
    "Good morning everyone. Thanks for joining the meeting. Please send the report to the customer on Friday. "
    "The next meeting is on Monday."
)


def hear(path: Path, models: Path, **options: object) -> Transcript:
    settings: dict[str, object] = {"language": None, "speakers": None, "progress": lambda share, stage: None} | options
    with decode(path) as audio:
        return LocalTranscriber(models=models, threads=2).transcribe(audio, **settings)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def speech(say: Callable[..., Samples], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("speech") / "speech.wav"
    return encode(say(TEXT), SPOKEN_RATE, path, "wav", "pcm_s16le")


def test_speech_becomes_words_with_times(speech: Path, models: Path) -> None:
    stages: list[str] = []
    transcript = hear(speech, models, progress=lambda share, stage: stages.append(f"{stage} {0 <= share <= 1}"))
    text = " ".join(segment.text for segment in transcript.segments)
    assert word_error_rate(TEXT, text) < 0.2
    assert (transcript.language, transcript.engine, transcript.model) == ("en", "faster-whisper", "base")
    assert 0.5 < transcript.language_probability <= 1.0
    words = [word for segment in transcript.segments for word in segment.words]
    assert all(word.start_ms <= word.end_ms <= transcript.duration_ms for word in words)
    assert [word.start_ms for word in words] == sorted(word.start_ms for word in words)
    assert transcript.speaker_count == 1
    assert {segment.speaker for segment in transcript.segments} == {0}
    assert {"listening True", "speakers True"} <= set(stages)
    assert not any(stage.endswith("False") for stage in stages)


@pytest.mark.parametrize("suffix", ["mp3", "m4a", "webm", "ogg"])
def test_the_words_do_not_depend_on_the_format(
    say: Callable[..., Samples], tmp_path: Path, speech: Path, models: Path, suffix: str
) -> None:
    container, codec, rate = FORMATS[suffix]
    said = say(TEXT)
    samples = np.interp(np.arange(0, len(said), SPOKEN_RATE / rate), np.arange(len(said)), said).astype(np.int16)
    other = hear(encode(samples, rate, tmp_path / f"speech.{suffix}", container, codec), models, speakers=1)
    one = hear(speech, models, speakers=1)
    texts = [" ".join(segment.text for segment in found.segments) for found in (one, other)]
    assert word_error_rate(*texts) < 0.1


def test_a_chosen_language_is_kept(speech: Path, models: Path) -> None:
    transcript = hear(speech, models, language="de-CH", speakers=1)
    assert (transcript.language, transcript.language_probability) == ("de", 1.0)


def test_an_unknown_language_is_found_out_instead(speech: Path, models: Path) -> None:
    assert hear(speech, models, language="tlh", speakers=1).language == "en"


def test_a_blink_of_sound_is_nobody(tmp_path: Path, models: Path) -> None:
    path = encode(tone(0.05, RATE), RATE, tmp_path / "blink.wav", "wav", "pcm_s16le")
    with pytest.raises(NoSpeech):
        hear(path, models)


@pytest.mark.parametrize("kind", ["silence", "hiss", "loud noise", "tone", "beeps"])
def test_no_word_is_made_up_where_nobody_speaks(tmp_path: Path, models: Path, kind: str) -> None:
    random = np.random.default_rng(1)
    beat = np.arange(20 * RATE) // (RATE // 4) % 2
    sounds = {
        "silence": np.zeros(20 * RATE),
        "hiss": random.standard_normal(20 * RATE) * 60,
        "loud noise": random.standard_normal(20 * RATE) * 4000,
        "tone": tone(20.0, RATE),
        "beeps": tone(20.0, RATE, 1000.0) * beat,
    }
    path = encode(sounds[kind].astype(np.int16), RATE, tmp_path / "nobody.wav", "wav", "pcm_s16le")
    with pytest.raises(NoSpeech):
        hear(path, models)


def test_progress_may_cancel(speech: Path, models: Path) -> None:
    def stop(share: float, stage: str) -> None:
        if stage == "listening":
            raise Cancelled

    with pytest.raises(Cancelled):
        hear(speech, models, progress=stop)


def test_without_a_speaker_model_one_nameless_person_speaks(speech: Path, models: Path, tmp_path: Path) -> None:
    for name in ("", str(tmp_path / "missing.onnx")):
        with decode(speech) as audio:
            transcript = LocalTranscriber(models=models, speaker_model=name).transcribe(
                audio, language="en", speakers=None, progress=lambda share, stage: None
            )
        assert transcript.speaker_count == 0
        assert {segment.speaker for segment in transcript.segments} == {None}


@pytest.mark.timeout(1200)
@pytest.mark.skipif("SAMPLES_DIR" not in os.environ, reason="SAMPLES_DIR is not set")
def test_real_recordings_are_heard_as_well_as_we_say(models: Path) -> None:
    transcriber = LocalTranscriber(models=models, threads=2)
    scores = {score.name: score for score in evaluate_speech(Path(os.environ["SAMPLES_DIR"]), transcriber)}
    assert scores["jfk.flac"].word_error_rate == 0
    for name, words, speakers in (("meeting1.wav", 0.01, 0.10), ("phone_call.wav", 0.14, 0.30)):
        score = scores[name]
        assert score.word_error_rate is not None
        assert score.word_error_rate <= words
        assert score.diarization_exact is not None
        assert score.diarization_exact.rate <= speakers
        assert score.speakers_found == score.speakers_true
    assert (scores["conversation.mp3"].word_error_rate or 1) <= 0.21
    rooms = [score.diarization_exact for name, score in scores.items() if name[:3] in {"dev", "trn", "tst"}]
    assert sum(room.rate for room in rooms if room) / len(rooms) <= 0.46


@pytest.mark.timeout(900)
@pytest.mark.skipif("SAMPLES_DIR" not in os.environ, reason="SAMPLES_DIR is not set")
def test_real_talk_gives_the_same_words_in_every_format(models: Path) -> None:
    """The first half minute: enough words to tell, little enough to wait for. Codecs lose different sounds."""
    clips = Path(os.environ["SAMPLES_DIR"]) / "clips"
    texts = {}
    for suffix in ("flac", "mp3", "m4a", "mp4", "aac", "ogg", "opus", "webm"):
        texts[suffix] = _first_words(clips / f"conversation.{suffix}", models)
    texts["8 kHz wav"] = _first_words(clips / "conversation_8khz.wav", models)
    rates = {name: word_error_rate(texts["flac"], text) for name, text in texts.items()}
    assert len(texts["flac"].split()) > 40
    assert max(rates.values()) <= 0.12, rates


def _first_words(clip: Path, models: Path, seconds: int = 28) -> str:
    with decode(clip) as audio:
        os.truncate(audio.pcm_path, min(audio.pcm_path.stat().st_size, seconds * 16_000 * 2))
        part = replace(audio, duration_ms=min(audio.duration_ms, seconds * 1000))
        heard = LocalTranscriber(models=models, speaker_model="", threads=2).transcribe(
            part, language="en", speakers=None, progress=lambda share, stage: None
        )
    return " ".join(segment.text for segment in heard.segments)

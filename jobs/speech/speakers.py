"""Who speaks: a suggestion by voice alone, one label a word, for people to correct and to name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

from jobs import weights
from jobs.speech.base import ModelUnavailable, Progress, Word
from jobs.speech.clustering import voices
from jobs.speech.cutting import ends_sentence
from jobs.speech.voiceprint import BATCH, PIECE, VoicePrints, pieces_at, read_voice_prints

__all__ = ["SpeakerTeller"]

log = structlog.get_logger(__name__)

Floats = NDArray[np.float32]
SAMPLES_PER_MS = 16
BREATH_MS = 300  # words closer than this are one stretch of speech
EDGE_MS = 400  # pieces are centred at least so far from the ends of a stretch, so that they are mostly speech
STEP_MS = 400  # between two pieces; …
MOST_STEP_MS = 2000
MOST_PIECES = 4500  # … wider in recordings with more than half an hour of speech, so that time grows slowly

CHANGE_COST = 0.3  # in seconds times cosine: how much better another voice must fit before the speaker changes …
SENTENCE_ENDED = 0.35  # … less where a sentence ended
SHORT_GAP_MS, LONG_GAP_MS, GAP = 200, 600, 0.5  # … and half of it at each length of silence
SHORTEST_WORD_S = 0.15


@dataclass(frozen=True, slots=True)
class SpeakerTeller:
    """Labels words by voice. Made by `load`; a network is read once a process."""

    prints: VoicePrints

    @classmethod
    def load(cls, model: str, folder: Path, progress: Progress) -> SpeakerTeller | None:
        """The teller over the named model, or None (and a line in the log) when its weights can't be had."""
        try:
            return cls(_network(weights.ensure_speaker_model(model, folder, progress)))
        except (ModelUnavailable, ValueError, OSError) as error:
            reason = error.reason if isinstance(error, ModelUnavailable) else str(error)
            log.warning("speaker_model_unavailable", model=model, reason=reason)
            return None

    def tell(
        self, samples: NDArray[np.int16], words: Sequence[Word], number: int | None, progress: Progress
    ) -> list[int]:
        """A speaker for each word (in the order of time), numbered from 0 as they first speak."""
        if not words:
            return []
        centres = _centres(words)
        prints = self._embed(samples, centres, progress)
        known = voices(prints, number, self.prints.same_voice)
        by_word = prints[[_nearest(centres, (word.start_ms + word.end_ms) // 2) for word in words]]
        labels = _best_path(by_word, known, words)
        labels = _best_path(by_word, _centres_of(by_word, labels, known), words)
        progress(1.0, "speakers")
        return _by_first_appearance(labels)

    def _embed(self, samples: NDArray[np.int16], centres: NDArray[np.int64], progress: Progress) -> Floats:
        starts = [int(centre) * SAMPLES_PER_MS - PIECE // 2 for centre in centres]
        parts: list[Floats] = []
        for at in range(0, len(starts), BATCH):
            parts.append(self.prints.embed(pieces_at(samples, starts[at : at + BATCH])))
            progress(at / len(starts), "speakers")
        return np.concatenate(parts)


@lru_cache(maxsize=1)
def _network(path: Path) -> VoicePrints:
    return read_voice_prints(path)


def _centres(words: Sequence[Word]) -> NDArray[np.int64]:
    """Where voice prints are taken: evenly along each stretch of speech, in ms, at least one a stretch."""
    stretches: list[list[int]] = []
    for word in words:
        if stretches and word.start_ms - stretches[-1][1] < BREATH_MS:
            stretches[-1][1] = max(stretches[-1][1], word.end_ms)
        else:
            stretches.append([word.start_ms, word.end_ms])
    spoken = sum(end - start for start, end in stretches)
    step = min(max(STEP_MS, spoken / MOST_PIECES), MOST_STEP_MS)
    found: list[float] = []
    for start, end in stretches:
        edge = min(EDGE_MS, (end - start) / 2)
        count = round((end - start - 2 * edge) / step) + 1
        found.extend(np.linspace(start + edge, end - edge, count) if count > 1 else [(start + end) / 2])
    return np.unique(np.asarray(found).astype(np.int64))


def _nearest(centres: NDArray[np.int64], ms: int) -> int:
    after = int(np.searchsorted(centres, ms))
    if after == len(centres) or (after and ms - centres[after - 1] < centres[after] - ms):
        return after - 1
    return after


def _best_path(prints: Floats, known: Floats, words: Sequence[Word]) -> NDArray[np.int64]:
    """The cheapest sequence of voices for the words (Viterbi): fit against the cost of a change."""
    seconds = np.array([max(SHORTEST_WORD_S, (word.end_ms - word.start_ms) / 1000) for word in words])
    fit = (prints @ known.T) * seconds[:, None]
    total = fit[0].astype(np.float64)
    came_from = np.zeros(fit.shape, dtype=np.int64)
    for at in range(1, len(words)):
        best = int(total.argmax())
        changed = total[best] - _change_cost(words[at - 1], words[at])
        came_from[at] = np.where(total >= changed, np.arange(len(known)), best)
        total = np.maximum(total, changed) + fit[at]
    path = np.zeros(len(words), dtype=np.int64)
    path[-1] = int(total.argmax())
    for at in range(len(words) - 1, 0, -1):
        path[at - 1] = came_from[at, path[at]]
    return path


def _change_cost(before: Word, after: Word) -> float:
    gap = after.start_ms - before.end_ms
    cost = CHANGE_COST * (SENTENCE_ENDED if ends_sentence(before) else 1.0)
    return cost * GAP ** ((gap > SHORT_GAP_MS) + (gap > LONG_GAP_MS))


def _centres_of(prints: Floats, labels: NDArray[np.int64], known: Floats) -> Floats:
    """Each voice anew from the words it got: they are more, and cleaner at the edges, than the first groups."""
    fresh = known.copy()
    for voice in range(len(known)):
        if (labels == voice).any():
            mean = prints[labels == voice].mean(axis=0)
            fresh[voice] = mean / max(float(np.linalg.norm(mean)), 1e-9)
    return fresh


def _by_first_appearance(labels: NDArray[np.int64]) -> list[int]:
    order: dict[int, int] = {}
    return [order.setdefault(int(label), len(order)) for label in labels]

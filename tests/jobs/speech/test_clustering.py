import numpy as np
import pytest

from jobs.speech.clustering import MOST_POINTS, voices


def prints(counts: list[int], spread: float = 0.15) -> np.ndarray:
    """So many prints around each of some directions that are far apart."""
    random = np.random.default_rng(7)
    rows = [np.eye(64)[voice] + random.standard_normal((count, 64)) * spread / 8 for voice, count in enumerate(counts)]
    found = np.concatenate(rows).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


@pytest.mark.parametrize("counts", [[40], [40, 40], [80, 40, 30], [50, 50, 50, 50, 50]])
def test_the_number_of_voices_is_found(counts: list[int]) -> None:
    known = voices(prints(counts), None, 0.3)
    assert len(known) == len(counts)
    assert np.allclose(np.linalg.norm(known, axis=1), 1, atol=1e-5)
    assert sorted(known.argmax(axis=1)) == list(range(len(counts)))


def test_a_cough_is_nobody() -> None:
    assert len(voices(prints([60, 50, 3]), None, 0.3)) == 2


def test_the_number_can_be_set_and_outliers_do_not_use_it_up() -> None:
    assert sorted(voices(prints([60, 50, 1, 1]), 2, 0.3).argmax(axis=1)) == [0, 1]
    assert len(voices(prints([60, 50]), 1, 0.3)) == 1
    assert len(voices(prints([60]), 3, 0.3)) == 3
    assert len(voices(prints([2]), 5, 0.3)) <= 2
    assert len(voices(prints([1]), None, 0.3)) == 1


def test_hours_of_speech_are_sampled() -> None:
    assert len(voices(prints([MOST_POINTS, MOST_POINTS]), None, 0.3)) == 2

from pathlib import Path

import numpy as np
import pytest

from jobs.evaluation.sentences import embed


@pytest.mark.speech
def test_sentences_that_mean_the_same_are_close(pytestconfig: pytest.Config) -> None:
    models = Path(pytestconfig.cache.mkdir("models"))  # type: ignore[union-attr]
    texts = ["Send the report to the customer.", "The report has to go to the client.", "It rained in Lisbon."]
    vectors = embed(texts, models=models)
    assert vectors.shape == (3, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    likeness = vectors @ vectors.T
    assert likeness[0, 1] > 0.6 > likeness[0, 2] + 0.2
    one = embed(texts[:1], models=models)
    assert one @ vectors[:1].T > 0.98  # int8 rounds by the batch, padding changes no more
    assert embed([], models=models).shape == (0, 384)

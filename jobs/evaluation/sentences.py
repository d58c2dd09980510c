"""Sentences as vectors (all-MiniLM-L6-v2, int8), for judging whether two texts mean the same."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobs import weights

__all__ = ["embed"]

SIZE = 384
BATCH = 32
LONGEST = 256  # tokens; what the model was trained on, the rest of a longer text is not read


def embed(texts: Sequence[str], *, models: Path) -> NDArray[np.float32]:
    """Texts × 384, each vector of length 1, so that a product is a cosine; weights are kept in `models`.

    Raise `jobs.speech.base.ModelUnavailable` when the weights are neither there nor to be had.
    """
    if not texts:
        return np.empty((0, SIZE), dtype=np.float32)
    session, tokenizer = _load(weights.ensure_sentence_encoder(models, lambda share, stage: None))
    parts = [_embed(session, tokenizer, texts[at : at + BATCH]) for at in range(0, len(texts), BATCH)]
    return np.concatenate(parts)


@lru_cache(maxsize=1)
def _load(folder: Path) -> tuple[Any, Any]:
    import onnxruntime
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(LONGEST)
    tokenizer.enable_padding()
    return onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"]), tokenizer


def _embed(session: Any, tokenizer: Any, texts: Sequence[str]) -> NDArray[np.float32]:
    """Mean of the token vectors, padding left out, scaled to length 1."""
    encoded = tokenizer.encode_batch(list(texts))
    ids = np.array([text.ids for text in encoded], dtype=np.int64)
    mask = np.array([text.attention_mask for text in encoded], dtype=np.int64)
    feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    tokens = np.asarray(session.run(None, feed)[0], dtype=np.float32)
    weight = mask[:, :, None].astype(np.float32)
    mean = (tokens * weight).sum(axis=1) / np.maximum(weight.sum(axis=1), 1.0)
    return np.asarray(mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-9), dtype=np.float32)

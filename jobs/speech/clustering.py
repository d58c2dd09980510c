"""How many voices there are, and what each is like: agglomerative clustering of voice prints."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist

__all__ = ["voices"]

Floats = NDArray[np.float32]

MOST_POINTS = 4000  # prints that are compared with each other: 64 MB of distances, some seconds
FEWEST_PRINTS = 8  # a voice is at least 3 seconds of speech; less is a cough, a laugh, or two people at once
SMALL_SHARE = 0.1  # in a short recording a voice has at least a tenth of it …
ENOUGH_PRINTS = 60  # … and in a long one half a minute is enough to be somebody
TWIN_SHARE = 0.4  # of `same_voice`: centres that are so close belong to one voice
MOST_VOICES = 20  # more people than this in one recording is the clustering falling apart


def voices(prints: Floats, number: int | None, same_voice: float) -> Floats:
    """One vector of length 1 for each voice among the prints (pieces × values).

    `number` fixes how many there are, as far as so many can be told apart; otherwise groups are joined until they
    are further apart than `same_voice` (cosine distance, average linkage), and groups too small to be a person go.
    """
    prints = prints[np.linspace(0, len(prints) - 1, min(len(prints), MOST_POINTS)).astype(np.int64)]
    if len(prints) < 2 or number == 1:
        return _centre(prints)[None]
    tree = linkage(pdist(prints.astype(np.float64), "cosine"), "average")
    if number is None:
        fewest = max(FEWEST_PRINTS, min(round(SMALL_SHARE * len(prints)), ENOUGH_PRINTS))
        groups = _large(fcluster(tree, same_voice, "distance"), fewest)[:MOST_VOICES]
        groups = _joined(prints, groups, same_voice * TWIN_SHARE)
    else:
        groups = _so_many(tree, len(prints), min(number, len(prints)))
    return np.stack([_centre(prints[group]) for group in groups]) if groups else _centre(prints)[None]


def _joined(prints: Floats, groups: list[NDArray[np.bool_]], twins: float) -> list[NDArray[np.bool_]]:
    """Groups whose centres are closer than `twins` as one: in noise, average linkage splits one voice in halves."""
    groups = list(groups)
    while len(groups) > 1:
        centres = np.stack([_centre(prints[group]) for group in groups])
        likeness = centres @ centres.T - 2 * np.eye(len(groups))
        one, other = (int(at) for at in np.unravel_index(int(likeness.argmax()), likeness.shape))
        if 1 - likeness[one, other] > twins:
            break
        groups[one] = groups[one] | groups[other]
        del groups[other]
    return groups


def _so_many(tree: NDArray[np.float64], points: int, number: int) -> list[NDArray[np.bool_]]:
    """The coarsest cut with so many groups that are large; outliers make groups of their own and do not count."""
    fewest = max(2, min(FEWEST_PRINTS, points // (3 * number)))
    for cut in range(number, min(points, number * 12) + 1):
        groups = _large(fcluster(tree, cut, "maxclust"), fewest)
        if len(groups) >= number:
            return groups[:number]
    return _large(fcluster(tree, number, "maxclust"), 1)[:number]


def _large(labels: NDArray[np.int32], fewest: int) -> list[NDArray[np.bool_]]:
    """The groups with at least so many members, largest first, as masks over the prints."""
    names, counts = np.unique(labels, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return [labels == names[at] for at in order if counts[at] >= fewest]


def _centre(prints: Floats) -> Floats:
    mean = prints.mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), dtype=np.float32)

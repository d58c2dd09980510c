"""Whatever code a worker stores, people read words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask_babel import Babel

from jalapeno.failures import FAILURES, failure
from jobs.speech.base import Cancelled, ModelUnavailable, NoSpeech, Undecodable


@pytest.fixture(autouse=True)
def _words() -> Iterator[None]:
    app = Flask(__name__)
    Babel(app)
    with app.test_request_context():
        yield


def test_every_code_of_the_workers_has_words() -> None:
    codes = {*Undecodable.MESSAGES, NoSpeech.code, ModelUnavailable.code, Cancelled.code}
    assert codes | {"recording_missing", "crashed", "internal"} == set(FAILURES)


def test_an_unknown_code_reads_like_our_own_mistake() -> None:
    assert failure("something_new") == failure(None) == FAILURES["internal"]


@pytest.mark.parametrize("code", FAILURES)
def test_words_are_whole_sentences(code: str) -> None:
    for words in (FAILURES[code].happened, FAILURES[code].to_do):
        assert str(words)[0].isupper()
        assert str(words).endswith(".")

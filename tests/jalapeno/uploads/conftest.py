"""Words need an app to speak through: a bare one with its languages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask_babel import Babel


@pytest.fixture
def words() -> Iterator[None]:
    """Messages can be made."""
    app = Flask(__name__)
    Babel(app)
    with app.test_request_context():
        yield

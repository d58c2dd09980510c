"""Recordings come in here: the page, the streaming door, the meeting that begins."""

from flask import Blueprint

bp = Blueprint("uploads", __name__)

from jalapeno.uploads import views  # noqa: E402, F401  views register themselves on bp

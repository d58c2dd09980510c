"""Meetings: the list of them, how far each is, and the page on which one is read, heard and reviewed."""

from flask import Blueprint

bp = Blueprint("meetings", __name__)

from jalapeno.meetings import audio, details, runs, segments, show, speakers  # noqa: E402, F401  views register on bp

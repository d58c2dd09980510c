"""Meetings: the list of them, how far each is, and the page on which one is read, heard and reviewed."""

from flask import Blueprint

bp = Blueprint("meetings", __name__)

from jalapeno.meetings import audio, details, items, listing, runs, segments, show, speakers, status  # noqa: E402, F401  views register on bp

"""The front page: what this is, or, signed in, the workspace's meetings."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template
from werkzeug.wrappers import Response

__all__ = ["bp"]

bp = Blueprint("home", __name__)


@bp.get("/")
def index() -> str | Response:
    """Where one starts."""
    if g.user_id is not None:
        return redirect("/meetings", 303)
    return render_template("home/landing.html")

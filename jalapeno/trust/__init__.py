"""What operators and visitors may ask about this service without signing in: is it alive, is it ready."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("trust", __name__)

from jalapeno.trust import health  # noqa: E402  the views need the blueprint

__all__ = ["bp", "health"]

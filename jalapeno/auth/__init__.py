"""Accounts: register, sign in and out, set a new password by a link, one's own settings.

register, login, forgotten,
profile, safety              the pages: check, change rows, answer
accounts, sessions, letters  what they do, in the open transaction
fields, passwords            what people type, made usable or refused with a reason
"""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("auth", __name__)

from jalapeno.auth import forgotten, login, profile, register, safety  # noqa: E402  the views need the blueprint

__all__ = ["bp", "forgotten", "login", "profile", "register", "safety"]

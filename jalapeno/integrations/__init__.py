"""Connections to other tools as people see them: connect, choose where items go, look before anything leaves."""

from flask import Blueprint

bp = Blueprint("integrations", __name__)

from jalapeno.integrations import (  # noqa: E402, F401  the views register themselves on `bp`
    connecting,
    deliveries,
    people,
    pushing,
    pushing_meeting,
    views,
    webhook_setup,
)

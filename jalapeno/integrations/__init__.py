"""Connections to other tools as people see them: connect, choose where items go, look before anything leaves."""

from flask import Blueprint

bp = Blueprint("integrations", __name__)

from jalapeno.integrations import connecting, deliveries, people, pushing, views, webhook_setup  # noqa: E402, F401

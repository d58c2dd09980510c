"""Jalapeño turns recorded meetings into reviewed action items that quote their source. This is its web app.

Workers import parts of this package (models, queue, blobs …) and never `create_app`: Flask is loaded by it alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from jalapeno.settings import Settings

__all__ = ["create_app"]


def create_app(settings: Settings) -> Flask:
    """The web app, in order: settings, extensions, security, errors, blueprints, commands."""
    from jalapeno import factory

    app = factory.make_flask(settings)
    factory.connect_ground(app, settings)
    factory.connect_extensions(app)
    factory.connect_security(app, settings)
    factory.connect_errors(app)
    factory.register_blueprints(app)
    factory.register_commands(app)
    return app

"""The web process: `gunicorn wsgi:app`."""

from jalapeno import create_app, logs
from jalapeno.settings import Settings

settings = Settings.from_env(role="web")
logs.configure("web", level=settings.log_level)
app = create_app(settings)

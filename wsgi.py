"""The web process: `gunicorn wsgi:app`."""

from jalapeno import create_app
from jalapeno.settings import Settings

app = create_app(Settings.from_env(role="web"))

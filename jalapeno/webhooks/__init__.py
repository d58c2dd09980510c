"""What other tools tell us: verified before anything is parsed, taken in once, acted on only by reading again."""

from flask import Blueprint

bp = Blueprint("webhooks", __name__, url_prefix="/webhooks")

from jalapeno.webhooks import views  # noqa: E402, F401  the views register themselves on `bp`

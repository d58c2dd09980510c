"""Where to go after signing in: a path of our own, or the front page."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

HOME: Final = "/"
_LONGEST: Final = 512
# A path and a query in the characters of RFC 3986, without backslash, control characters, spaces or a second slash.
_PATH: Final = re.compile(r"/(?![/\\])[A-Za-z0-9\-._~%!$&'()*+,;=:@/?]*")


def safe_next(target: str | None) -> str:
    """`target` when it is a plain path on this site, else the front page.

    Browsers read `//host`, `/\\host` and tabs within as another site; sign-in pages are no place to come back to.
    """
    if not target or len(target) > _LONGEST or not _PATH.fullmatch(target):
        return HOME
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or parts.path.startswith("/auth/"):
        return HOME
    return target

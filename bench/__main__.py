"""`make bench`: every measurement, one after the other; or those that are named."""

from __future__ import annotations

import sys
from importlib import import_module

ALL = ("start", "upload", "meeting", "transcribe")

if __name__ == "__main__":
    names = sys.argv[1:] or ALL
    sys.argv = sys.argv[:1]
    for name in names:
        import_module(f"bench.{name}").main()
        print(flush=True)

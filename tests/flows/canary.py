"""Finds known secrets in any bytes: in clear, encoded, and inside of what is compressed or encoded as a whole."""

from __future__ import annotations

import base64
import html
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

_DEEPEST = 3  # containers within containers
_MOST = 4 * 1024 * 1024  # bytes of one container
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}){16,}")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{24,}={0,2}")
_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08", re.DOTALL)


@dataclass(frozen=True)
class Secret:
    """Something that must not lie about. `name` says what it is, and is all that a failing test shows of it."""

    name: str
    value: bytes


@dataclass(frozen=True, order=True)
class Find:
    """A secret where one was found, and how it was written."""

    place: str
    secret: str
    form: str


def spellings(value: bytes) -> dict[str, bytes]:
    """All ways to write the value that are looked for: form -> bytes."""
    found = {"clear": value, "hex": value.hex().encode(), "hex, capitals": value.hex().upper().encode()}
    for shift in range(3):
        core = _base64_core(value, shift)
        found[f"base64 at {shift}"] = core
        found[f"base64url at {shift}"] = core.translate(bytes.maketrans(b"+/", b"-_"))
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return found
    found["percent-encoded"] = quote(text, safe="").encode()
    found["form-encoded"] = quote_plus(text).encode()
    found["JSON"] = json.dumps(text)[1:-1].encode()
    found["HTML"] = html.escape(text).encode()
    found["UTF-16"] = text.encode("utf-16-le")
    return found


def _base64_core(value: bytes, shift: int) -> bytes:
    """The digits of base64 that are the same whatever stands around the value, `shift` bytes into a group of three."""
    digits = base64.b64encode(b"\0" * shift + value)
    return digits[(shift * 8 + 5) // 6 : (shift + len(value)) * 8 // 6]


def search(place: str, data: bytes, secrets: list[Secret]) -> set[Find]:
    """Every secret that is in there, in every spelling, with the container it is in."""
    finds = set()
    for container, content in _containers(data, _DEEPEST):
        for secret in secrets:
            for form, spelling in spellings(secret.value).items():
                if spelling in content:
                    finds.add(Find(place, secret.name, f"{form}{container}"))
    return finds


def _containers(data: bytes, deep: int) -> Iterator[tuple[str, bytes]]:
    yield "", data
    if deep == 0:
        return
    for name, content in _opened(data):
        for inner, deepest in _containers(content, deep - 1):
            yield f"{inner} in {name}", deepest


def _opened(data: bytes) -> Iterator[tuple[str, bytes]]:
    for start in _ZLIB.finditer(data):
        content = _inflated(data[start.start() : start.start() + _MOST])
        if content:
            yield "zlib", content
    for run in _HEX.finditer(data):
        yield "hex", bytes.fromhex(run[0].decode())
    for run in _BASE64.finditer(data):
        digits = run[0].rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
        whole = digits[: len(digits) - (len(digits) % 4 == 1)]
        yield "base64", base64.b64decode(whole + b"=" * (-len(whole) % 4))


def _inflated(data: bytes) -> bytes:
    """What a stream that begins here holds; nothing when none does. A stream that is cut gives its beginning."""
    try:
        return zlib.decompressobj(wbits=47).decompress(data, _MOST)  # 47: a header of zlib or gzip
    except zlib.error:
        return b""

"""What a file is, judged by its first bytes alone: a recording we take, or a named reason why not.

`sniff(head)` walks one table in order; the first row that knows the bytes decides. Names and declared types count
for nothing. Whether the sound is whole and readable only decoding shows, and the worker does that.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from jalapeno.uploads import frames

__all__ = ["CONTAINERS", "HEAD_BYTES", "REFUSALS", "Sniffed", "sniff"]

HEAD_BYTES: Final = 64 * 1024

CONTAINERS: Final = ("wav", "mp3", "aac", "flac", "ogg", "webm", "matroska", "mp4", "mov", "3gp")
REFUSALS: Final = (
    "empty", "playlist", "archive", "page", "drawing", "document", "picture", "executable", "notes", "video",
    "audio_format", "text", "unknown",
)  # fmt: skip


@dataclass(frozen=True)
class Sniffed:
    """Exactly one of the two: the container of a recording we take, or the code of the refusal."""

    container: str | None = None
    refusal: str | None = None


_ARCHIVES: Final = (
    b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b", b"BZh",
    b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd", b"MSCF", b"\x1f\x9d", b"\x04\x22\x4d\x18", b"!<arch>",
)  # fmt: skip
_PICTURES: Final = (
    b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*", b"\x00\x00\x01\x00", b"8BPS",
    b"\xff\x0a", b"\x00\x00\x00\x0cJXL ", b"\x00\x00\x00\x0cjP  ",
)  # fmt: skip
_EXECUTABLES: Final = (
    b"MZ", b"\x7fELF", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe", b"\x00asm", b"#!", b"dex\n",
)  # fmt: skip
_OTHER_AUDIO: Final = (
    b"#!AMR", b"caff", b"MAC ", b"wvpk", b".snd", b".RMF", b"MPCK", b"MP+", b"TTA1", b"DSD ",
    b"0&\xb2u\x8ef\xcf\x11", b"riff\x2e\x91\xcf\x11", b"Creative Voice File",
)  # fmt: skip
_PLAYLISTS: Final = (b"#extm3u", b"#extinf", b"[playlist]", b"ffconcat", b"[reference]", b"#ext-x-")
_PLAYLIST_TAGS: Final = (b"<playlist", b"<asx", b"<mpd", b"<smil", b"<wpl", b"<smoothstreamingmedia", b"<?wpl")
_MOVIE_ATOMS: Final = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_STILL_BRANDS: Final = (b"avif", b"avis", b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"crx ")
_MARKUP: Final = re.compile(rb"<(?:[a-z!?/])")
_COMMENT: Final = re.compile(rb"\A(?:\s|<!--.*?-->|<\?.*?\?>)*", re.DOTALL)


def sniff(head: bytes) -> Sniffed:
    """Judge a file by its first bytes: up to HEAD_BYTES, all of them when the file is shorter."""
    if not head:
        return Sniffed(refusal="empty")
    for judge in _JUDGES:
        verdict = judge(head)
        if verdict is not None:
            return verdict
    return Sniffed(refusal="unknown")


def _riff(head: bytes) -> Sniffed | None:
    if head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:12] == b"WAVE":
        return Sniffed("wav")
    if head[:4] != b"RIFF":
        return None
    kinds = {b"WEBP": "picture", b"RMID": "notes", b"AVI ": "video"}
    return Sniffed(refusal=kinds.get(head[8:12], "unknown"))


def _ogg(head: bytes) -> Sniffed | None:
    if head[:5] != b"OggS\x00" or len(head) < 28:
        return None
    # The first packet of each stream names its codec; streams begin one after another on pages flagged "first".
    sound = (b"\x01vorbis", b"OpusHead", b"\x7fFLAC", b"Speex   ")
    return Sniffed("ogg") if any(mark in head[:4096] for mark in sound) else Sniffed(refusal="video")


def _ebml(head: bytes) -> Sniffed | None:
    if head[:4] != b"\x1a\x45\xdf\xa3":
        return None
    kind = re.search(rb"\x42\x82[\x81-\x90](webm|matroska)", head[:4096], re.DOTALL)
    names = {b"webm": "webm", b"matroska": "matroska"}
    return Sniffed(names[kind.group(1)]) if kind else Sniffed(refusal="unknown")


def _iso(head: bytes) -> Sniffed | None:
    size, kind = int.from_bytes(head[:4], "big"), head[4:8]
    if kind == b"ftyp" and size >= 16:
        brand = head[8:12]
        if brand in _STILL_BRANDS:
            return Sniffed(refusal="picture")
        return Sniffed("mov" if brand == b"qt  " else "3gp" if brand[:2] == b"3g" else "mp4")
    if kind in _MOVIE_ATOMS and (size >= 8 or size in (0, 1)):
        return Sniffed("mov")
    return None


def _flac(head: bytes) -> Sniffed | None:
    # The stream begins with its description: block type 0 of 34 bytes.
    if head[:4] != b"fLaC":
        return None
    return Sniffed("flac") if head[4:5] in (b"\x00", b"\x80") and head[5:8] == b"\x00\x00\x22" else None


def _tagged(head: bytes) -> Sniffed | None:
    end = frames.end_of_id3(head)
    if end is None:
        return None
    if end >= len(head):
        return Sniffed("mp3")  # a tag longer than what we look at, as with a large cover: decoding will tell
    rest = head[end:].lstrip(b"\x00")
    return _flac(rest) or _framed(rest) or (Sniffed("mp3") if not rest else Sniffed(refusal="unknown"))


def _framed(head: bytes) -> Sniffed | None:
    start = head.lstrip(b"\x00") if head[:1] == b"\x00" else head
    if frames.is_adts(start):
        return Sniffed("aac")
    return Sniffed("mp3") if frames.is_mpeg(start) else None


def _binary(head: bytes) -> Sniffed | None:
    """Other things that say what they are."""
    for marks, code in (
        (_ARCHIVES, "archive"),
        (_PICTURES, "picture"),
        ((b"%PDF", b"{\\rtf", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "document"),
        ((b"MThd",), "notes"),
        (_OTHER_AUDIO, "audio_format"),
        (_EXECUTABLES, "executable"),
        ((b"FLV\x01", b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3"), "video"),
    ):
        if head.startswith(marks):
            return Sniffed(refusal=code)
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return Sniffed(refusal="audio_format")
    if head[:2] == b"BM" and head[6:10] == b"\x00" * 4:
        return Sniffed(refusal="picture")
    if head[257:262] == b"ustar":
        return Sniffed(refusal="archive")
    return None


def _words(head: bytes) -> Sniffed | None:
    """Text of any kind: playlists and markup by name, else plain text."""
    text = _as_text(head)
    if text is None:
        return None
    start = text.lstrip().lower()
    if start.startswith(_PLAYLISTS):
        return Sniffed(refusal="playlist")
    body = start[_COMMENT.match(start).end() :] if start[:1] == b"<" else b""  # type: ignore[union-attr]  # the pattern matches the empty string too
    if any(tag in body[:1024] for tag in _PLAYLIST_TAGS) or start.startswith(b"<?wpl"):
        return Sniffed(refusal="playlist")
    if b"<svg" in body[:1024]:
        return Sniffed(refusal="drawing")
    if _MARKUP.match(body) or _MARKUP.match(start):
        return Sniffed(refusal="page")
    return Sniffed(refusal="text")


def _as_text(head: bytes) -> bytes | None:
    """The head as UTF-8 bytes when it is text, without its byte order mark; else None."""
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if head.startswith(mark):
            return head[2:].decode(encoding, "replace").encode("utf-8", "replace")
    plain = head.removeprefix(b"\xef\xbb\xbf")
    control = sum(plain.count(byte) for byte in range(32) if byte not in b"\t\n\r\f\x1b")
    if control:
        return None
    try:
        plain.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(plain) - 3:  # anything but a character cut off by the end of the head
            return None
    return plain


_JUDGES: Final[tuple[Callable[[bytes], Sniffed | None], ...]] = (
    _riff, _ogg, _ebml, _iso, _flac, _tagged, _binary, _framed, _words,
)  # fmt: skip

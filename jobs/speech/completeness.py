"""Whether a media file is all there, read from its own structure; runs inside the decoder's process.

Decoders play what they get and end quietly, so half an hour may be missing without an error. Each container
promises its length in another way (RFC 3533 for Ogg, ISO/IEC 14496-12 for MP4, ISO/IEC 13818-7 for AAC, the Xing
header as LAME writes it for MP3). Where nothing is promised (live WebM, MP3 without that header) nothing can be said.
"""

from __future__ import annotations

from typing import BinaryIO

MP4_BOXES = frozenset(
    {b"ftyp", b"moov", b"mdat", b"moof", b"free", b"skip", b"wide", b"sidx", b"mfra", b"uuid", b"udta"}
)
MOST_BOXES = 200_000  # fragments of one second for many hours; more is a file made to keep us busy
TAIL = 131_072  # bytes; an Ogg page is at most 65,307 bytes, so the last one starts within
WAV_UNKNOWN = 0x7FFF0000  # bytes; recorders that stream write such a size, or 0, because they do not know theirs


def cut_short(file: BinaryIO, size: int) -> str | None:
    """Say what is missing at the end of the file, or None when its structure is whole or says nothing."""
    file.seek(0)
    head = file.read(16)
    if head[4:8] in MP4_BOXES:
        return _mp4(file, size)
    if head[:4] == b"OggS":
        return _ogg(file, size)
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return _wav(file, size)
    if head[:3] == b"ID3" or head[:1] == b"\xff":
        return _adts(file, size)
    return None


def promises_length(file: BinaryIO, container: str, stated_by_header: bool) -> bool:
    """Whether the stated duration is a promise, not a guess from the bit rate or from the file's end."""
    if container == "mp3":
        file.seek(0)
        return _has_frame_count(file.read(10), file)
    return stated_by_header and container in {"flac", "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"}


def _mp4(file: BinaryIO, size: int) -> str | None:
    at, index = 0, False
    for _ in range(MOST_BOXES):
        file.seek(at)
        head = file.read(16)
        if len(head) < 8 or head[4:8] not in MP4_BOXES:
            break  # the end, or padding that players skip
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length == 0:
            length = size - at  # "to the end of the file"
        if length < 8:
            break
        index = index or head[4:8] == b"moov"
        if at + length > size:
            return f"mp4 box {head[4:8].decode('ascii')} is {at + length - size} bytes short"
        at += length
    return None if index else "mp4 index (moov) is missing"


def _ogg(file: BinaryIO, size: int) -> str | None:
    file.seek(max(0, size - TAIL))
    tail = file.read(TAIL)
    at = tail.rfind(b"OggS\x00")
    if at < 0:
        return "no ogg page near the end"
    segments = tail[at + 27 : at + 27 + tail[at + 26]] if len(tail) > at + 26 else b""
    if len(tail) < at + 27 or len(segments) < tail[at + 26]:
        return "the last ogg page has no whole header"
    missing = at + 27 + len(segments) + sum(segments) - len(tail)
    return f"the last ogg page is {missing} bytes short" if missing > 0 else None


def _wav(file: BinaryIO, size: int) -> str | None:
    at, second = 12, 0
    for _ in range(64):  # chunks before the samples are few
        file.seek(at)
        head = file.read(24)
        if len(head) < 8:
            return "wav ends before its samples"
        length = int.from_bytes(head[4:8], "little")
        if head[:4] == b"fmt " and len(head) == 24:
            second = int.from_bytes(head[16:20], "little")
        if head[:4] == b"data":
            missing = at + 8 + length - size
            unknown = length == 0 or length >= WAV_UNKNOWN
            return None if unknown or missing <= second // 2 else f"wav samples are {missing} bytes short"
        at += 8 + length + length % 2
    return None


def _adts(file: BinaryIO, size: int) -> str | None:
    file.seek(max(0, size - TAIL))
    tail = file.read(TAIL)
    at = _first_frame(tail)
    while at is not None and (length := _frame_length(tail, at)):
        if at + length > len(tail):
            return f"the last aac frame is {at + length - len(tail)} bytes short"
        at += length
    return None


def _first_frame(tail: bytes) -> int | None:
    """Where three frames follow each other: two bytes alone also occur inside of the sound."""
    at = tail.find(b"\xff")
    while at >= 0:
        second = at + _frame_length(tail, at)
        third = second + _frame_length(tail, second)
        if at < second < third and _frame_length(tail, third):
            return at
        at = tail.find(b"\xff", at + 1)
    return None


def _frame_length(data: bytes, at: int) -> int:
    """Bytes of the ADTS frame that starts here, 0 when none does (ISO/IEC 13818-7, 6.2)."""
    if len(data) < at + 6 or data[at] != 0xFF or data[at + 1] & 0xF6 != 0xF0:
        return 0
    return (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5


def _has_frame_count(head: bytes, file: BinaryIO) -> bool:
    start = 0
    if head[:3] == b"ID3" and len(head) == 10:
        start = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
    file.seek(start)
    first_frame = file.read(4096)
    return any(mark in first_frame for mark in (b"Xing", b"Info", b"VBRI"))

"""Frame headers of MPEG audio and ADTS, and the length of an ID3 tag: what tells sound from bytes that look like it.

One header of four bytes is matched by chance once in a few thousand files, two in a row where the first says that the
second must stand hardly ever: so two are asked for. Sources: ISO/IEC 11172-3 2.4.2.3, ISO/IEC 13818-7 6.2, ID3v2.4 3.1.
"""

from __future__ import annotations

from typing import Final

__all__ = ["end_of_id3", "is_adts", "is_mpeg"]

# Bit rates in kbit/s by index 1..14, for (is MPEG-1, layer).
_RATES: Final = {
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_SAMPLES_PER_SECOND: Final = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def end_of_id3(head: bytes) -> int | None:
    """Where the ID3v2 tag at the start ends, counted in bytes; None without one."""
    if head[:3] != b"ID3" or len(head) < 10 or head[3] > 4 or any(byte > 127 for byte in head[6:10]):
        return None
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte
    footer = 10 if head[5] & 0x10 else 0
    return 10 + size + footer


def is_mpeg(data: bytes) -> bool:
    """Whether MPEG audio frames stand at the start: two in a row, or one layer III frame that is the whole file."""
    length = _mpeg_frame(data)
    if length is None:
        return False
    if len(data) > length:
        return _mpeg_frame(data[length : length + 4]) is not None or data[length : length + 3] == b"TAG"
    return len(data) == length and (data[1] >> 1) & 3 == 1


def is_adts(data: bytes) -> bool:
    """Whether ADTS frames (raw AAC) stand at the start: two in a row, or one that is the whole file."""
    length = _adts_frame(data)
    if length is None:
        return False
    if len(data) > length:
        return _adts_frame(data[length : length + 7]) is not None
    return len(data) == length


def _mpeg_frame(header: bytes) -> int | None:
    """The length in bytes of the frame that this header begins; None when it is none."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version, layer = (header[1] >> 3) & 3, 4 - ((header[1] >> 1) & 3)
    rate, frequency, padding = header[2] >> 4, (header[2] >> 2) & 3, (header[2] >> 1) & 1
    if version == 1 or layer == 4 or rate in (0, 15) or frequency == 3 or header[3] & 3 == 2:
        return None
    bits = _RATES[version == 3, layer][rate - 1] * 1000
    hertz = _SAMPLES_PER_SECOND[version][frequency]
    if layer == 1:
        return (12 * bits // hertz + padding) * 4
    return (144 if layer == 2 or version == 3 else 72) * bits // hertz + padding


def _adts_frame(header: bytes) -> int | None:
    if len(header) < 7 or header[0] != 0xFF or header[1] & 0xF6 != 0xF0 or (header[2] >> 2) & 15 > 12:
        return None
    length = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    return length if length > 7 else None

"""What the door says to each kind of file that it does not take: what it is, and what to do."""

from __future__ import annotations

from typing import Final

from flask_babel import lazy_gettext as _

from jalapeno.errors import BadInput, UnsupportedMedia
from jalapeno.uploads.sniff import REFUSALS

__all__ = ["MESSAGES", "refusal"]

_TAKEN: Final = _("Send WAV, MP3, M4A, MP4, MOV, AAC, FLAC, OGG, Opus or WebM.")

MESSAGES: Final = {
    "empty": _("This file is empty. Check that the recording was saved, then send it again."),
    "playlist": _("This is a playlist: it only points to recordings. Send the recording itself."),
    "archive": _("This is an archive. Unpack it and send the recording that is inside."),
    "page": _("This is a web page, not a recording. Download the recording itself and send that file."),
    "drawing": _("This is a drawing (SVG), not a recording."),
    "document": _("This is a document, not a recording."),
    "picture": _("This is a picture, not a recording."),
    "executable": _("This is a program, not a recording."),
    "notes": _("This is a MIDI file: notes without sound. Send a recording of it."),
    "video": _("We can't read this kind of video. Convert it to MP4 or WebM, or send its sound alone."),
    "audio_format": _("This is sound in a format that we don't take. Convert it to WAV, MP3 or M4A."),
    "text": _("This is a text file, not a recording."),
    "unknown": _("We don't recognise this file as a recording, whatever its name says."),
}
if set(MESSAGES) != set(REFUSALS):
    raise LookupError("every refusal of sniff has its words here, and no other")


def refusal(code: str) -> BadInput | UnsupportedMedia:
    """The error to raise for a refused file."""
    if code == "empty":
        return BadInput(str(MESSAGES[code]), field="recording")
    return UnsupportedMedia(
        f"{MESSAGES[code]} {_TAKEN}" if code in ("unknown", "text", "video") else str(MESSAGES[code])
    )

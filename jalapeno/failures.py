"""Why a meeting could not be finished: what happened, what to do, and whether another try can help.

The workers store a code (`Meeting.failure_code`); these are its words. A code that has none here is shown as
`internal`, so that nobody ever reads a code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

__all__ = ["FAILURES", "Failure", "failure"]


@dataclass(frozen=True)
class Failure:
    """Whole sentences. `again`: the same recording may do better another time; else another file is needed."""

    happened: LazyString
    to_do: LazyString
    again: bool = False


FAILURES: Final = {
    "truncated": Failure(
        _("The file ends too early: a part of the recording is missing."),
        _("It may still have been copied or written when it was sent. Send the whole file."),
    ),
    "too_long": Failure(
        _("The recording is longer than 6 hours."),
        _("Cut it into shorter parts and send them one by one."),
    ),
    "no_audio_track": Failure(
        _("This video has no sound track, so there is nothing to write down."),
        _("Record it again with sound, or send the sound file that belongs to it."),
    ),
    "not_audio": Failure(
        _("We could not play this file."),
        _("Open it in a player to see whether it is whole, or save it again as WAV, MP3 or M4A and send that."),
    ),
    "decoder_limits": Failure(
        _("This file needs far more memory or time to play than a recording of its kind should."),
        _("Convert it to MP3 or WAV and send that."),
    ),
    "empty": Failure(
        _("The file holds no sound at all."),
        _("Check that the recording was saved, and send it again."),
    ),
    "no_speech": Failure(
        _("No speech was found: we could not hear anybody speak in this recording."),
        _("Check that it is the right file and that the microphone was on. If somebody does speak, set the language "
          "and try again."),
        again=True,
    ),
    "model_unavailable": Failure(
        _("The speech model could not be loaded."),
        _("Try again in some minutes. If it stays like this, tell whoever runs this server: it needs the model's "
          "files, or a way to download them."),
        again=True,
    ),
    "recording_missing": Failure(
        _("The recording is not in the store any more."),
        _("Send it again; and tell whoever runs this server, for this should not happen."),
    ),
    "cancelled": Failure(
        _("The work on this recording was stopped."),
        _("Start it again whenever you like."),
        again=True,
    ),
    "crashed": Failure(
        _("The work on this recording broke off several times."),
        _("Save it again as WAV or MP3 and send that. If that breaks off too, tell whoever runs this server."),
        again=True,
    ),
    "internal": Failure(
        _("Something broke on our side."),
        _("Try again. If it happens once more, tell whoever runs this server; the recording is kept."),
        again=True,
    ),
}  # fmt: skip


def failure(code: str | None) -> Failure:
    """The words of a code."""
    return FAILURES.get(code or "", FAILURES["internal"])

"""What the door takes and what it refuses, by first bytes alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jalapeno.uploads.frames import end_of_id3, is_adts, is_mpeg
from jalapeno.uploads.sniff import CONTAINERS, HEAD_BYTES, REFUSALS, Sniffed, sniff

MPEG_FRAME = b"\xff\xfb\x90\x00" + bytes(413)  # MPEG-1 layer III, 128 kbit/s, 44.1 kHz: 417 bytes
ADTS_FRAME = b"\xff\xf1\x50\x80\x02\x1f\xfc" + bytes(9)  # 16 bytes


def id3(size: int, body: bytes = b"") -> bytes:
    sizes = bytes((size >> shift) & 127 for shift in (21, 14, 7, 0))
    return b"ID3\x04\x00\x00" + sizes + body


def ogg(packet: bytes) -> bytes:
    return b"OggS\x00\x02" + bytes(20) + b"\x01" + bytes([len(packet)]) + packet


@pytest.mark.parametrize(
    ("head", "container"),
    [
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "wav"),
        (b"RF64\xff\xff\xff\xffWAVEds64", "wav"),
        (MPEG_FRAME * 3, "mp3"),
        (MPEG_FRAME, "mp3"),
        (bytes(600) + MPEG_FRAME * 2, "mp3"),
        (id3(64, bytes(64)) + MPEG_FRAME * 2, "mp3"),
        (id3(300_000, b"\x89PNG" * 5000), "mp3"),
        (ADTS_FRAME * 4, "aac"),
        (id3(10, bytes(10)) + ADTS_FRAME * 4, "aac"),
        (b"fLaC\x00\x00\x00\x22" + bytes(34), "flac"),
        (id3(10, bytes(10)) + b"fLaC\x00\x00\x00\x22" + bytes(34), "flac"),
        (ogg(b"\x01vorbis" + bytes(23)), "ogg"),
        (ogg(b"OpusHead" + bytes(11)), "ogg"),
        (ogg(b"\x7fFLAC\x01\x00"), "ogg"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm", "webm"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska", "matroska"),
        (b"\x00\x00\x00\x20ftypisom" + bytes(20), "mp4"),
        (b"\x00\x00\x00\x20ftypM4A " + bytes(20), "mp4"),
        (b"\x00\x00\x00\x14ftypqt  " + bytes(20), "mov"),
        (b"\x00\x00\x00\x18ftyp3gp4" + bytes(20), "3gp"),
        (b"\x00\x00\x00\x08wide\x00\x10\x00\x00mdat", "mov"),
    ],
)
def test_recordings_are_known_by_their_first_bytes(head: bytes, container: str) -> None:
    assert sniff(head) == Sniffed(container)


@pytest.mark.parametrize(
    ("head", "refusal"),
    [
        (b"", "empty"),
        (b"#EXTM3U\n#EXTINF:10,x\nhttp://example.com/a.ts\n", "playlist"),
        (b"\xef\xbb\xbf#EXTM3U\n", "playlist"),
        ("\ufeff#EXTM3U\n".encode("utf-16-le"), "playlist"),
        (b"[playlist]\nFile1=http://example.com\n", "playlist"),
        (b'<?xml version="1.0"?>\n<!-- a -->\n<playlist version="1">', "playlist"),
        (b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011">', "playlist"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "playlist"),
        (b"PK\x03\x04\x14\x00", "archive"),
        (b"Rar!\x1a\x07\x01\x00", "archive"),
        (b"7z\xbc\xaf\x27\x1c", "archive"),
        (b"\x1f\x8b\x08\x00", "archive"),
        (b"song.wav" + bytes(249) + b"ustar\x0000", "archive"),
        (b"<!DOCTYPE html><title>x</title>", "page"),
        (b"\n  <html><audio src=x>", "page"),
        (b'<?xml version="1.0"?><rss>', "page"),
        (b'<svg xmlns="http://www.w3.org/2000/svg">', "drawing"),
        (b'<?xml version="1.0"?>\n<!DOCTYPE svg>\n<svg>', "drawing"),
        (b"%PDF-1.7\n", "document"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "picture"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "picture"),
        (b"\x00\x00\x00\x20ftypheic" + bytes(20), "picture"),
        (b"MZ\x90\x00", "executable"),
        (b"\x7fELF\x02\x01", "executable"),
        (b"#!/bin/sh\nrm -rf x\n", "executable"),
        (b"MThd\x00\x00\x00\x06", "notes"),
        (b"RIFF\x24\x00\x00\x00RMIDdata", "notes"),
        (b"RIFF\x24\x00\x00\x00AVI LIST", "video"),
        (b"FORM\x00\x00\x00\x10AIFFCOMM", "audio_format"),
        (b"#!AMR\n<", "audio_format"),
        (b"Minutes of the meeting: nothing was said.\n", "text"),
        ("Größe: 5 €".encode(), "text"),
        (b"http://example.com/recording.mp3\n", "text"),
        (bytes(5000), "unknown"),
        (id3(10, bytes(10)) + b"<script>alert(1)</script>", "unknown"),
        (MPEG_FRAME[:400] + b"nonsense" * 20, "unknown"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84evil", "unknown"),
        (b"fLaC\x00\x00\x00\x99", "unknown"),
    ],
)
def test_other_files_are_refused_by_what_they_are(head: bytes, refusal: str) -> None:
    assert sniff(head) == Sniffed(refusal=refusal)


def test_a_name_or_a_renamed_file_changes_nothing() -> None:
    """A UTF-16 text begins like a frame of MPEG audio; the second frame is not where the first says."""
    assert sniff("a text of somebody".encode("utf-16")).refusal == "text"


@given(st.binary(max_size=2048))
def test_any_bytes_get_exactly_one_verdict(head: bytes) -> None:
    verdict = sniff(head)
    assert (verdict.container in CONTAINERS) != (verdict.refusal in REFUSALS)


@given(st.sampled_from([MPEG_FRAME, ADTS_FRAME]), st.binary(max_size=64))
def test_frames_cut_anywhere_raise_nothing(frame: bytes, rest: bytes) -> None:
    for end in range(len(frame)):
        is_mpeg(frame[:end] + rest)
        is_adts(frame[:end] + rest)


def test_the_length_of_a_tag_counts_its_footer() -> None:
    assert end_of_id3(b"ID3\x04\x00\x10\x00\x00\x01\x00") == 10 + 128 + 10
    assert end_of_id3(b"ID3\x04\x00\x00\x00\x00\x01\x80") is None


@pytest.mark.skipif("SAMPLES_DIR" not in os.environ, reason="SAMPLES_DIR is not set")
def test_real_recordings_of_all_formats_are_taken() -> None:
    endings = {".aac", ".flac", ".m4a", ".mp3", ".mp4", ".ogg", ".opus", ".webm", ".wav"}
    clips = [file for file in (Path(os.environ["SAMPLES_DIR"]) / "clips").iterdir() if file.suffix in endings]
    assert {file.suffix for file in clips} == endings
    for file in clips:
        with file.open("rb") as opened:
            assert sniff(opened.read(HEAD_BYTES)).container, file.name

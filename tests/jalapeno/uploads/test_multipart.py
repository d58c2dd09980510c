"""A form is read part by part, whole or refused, without holding the file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import IO, cast

import pytest

from jalapeno.errors import BadInput, TooLarge
from jalapeno.uploads import multipart
from jalapeno.uploads.multipart import FilePart, Text, parts

pytestmark = pytest.mark.usefixtures("words")
TYPE = "multipart/form-data; boundary=edge"


def text(name: str, value: str) -> bytes:
    return f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()


def file(content: bytes, filename: str = "a.wav") -> bytes:
    head = f'--edge\r\nContent-Disposition: form-data; name="recording"; filename="{filename}"\r\n\r\n'
    return head.encode() + content + b"\r\n"


END = b"--edge--\r\n"


def read(body: bytes) -> list[object]:
    return [
        part if isinstance(part, Text) else (part.name, part.filename, b"".join(part.chunks))
        for part in parts(io.BytesIO(body), TYPE)
    ]


def test_texts_and_file_come_in_the_order_they_were_sent() -> None:
    body = text("title", "Größe") + file(b"\x00\r\n--edg\r\n\x01") + text("language", "de") + END
    assert read(body) == [
        Text("title", "Größe"),
        ("recording", "a.wav", b"\x00\r\n--edg\r\n\x01"),
        Text("language", "de"),
    ]


def test_a_file_that_nobody_reads_is_read_over() -> None:
    found = list(parts(io.BytesIO(file(b"x" * 1_000_000) + text("title", "t") + END), TYPE))
    assert found[1] == Text("title", "t")


@pytest.mark.parametrize("size", [0, 1, 255, 262_143, 262_144, 262_145, 700_001])
def test_every_byte_arrives_wherever_reads_fall(size: int) -> None:
    content = (b"\r\n--edge-not" * (size // 12 + 1))[:size]
    assert read(text("a", "b") + file(content) + END)[1] == ("recording", "a.wav", content)


class Trickle(io.RawIOBase):
    """A stream that gives one byte at a time, and counts what it was asked for."""

    def __init__(self, body: bytes) -> None:
        self.bytes: Iterator[int] = iter(body)

    def read(self, _size: int = -1, /) -> bytes:
        return bytes(byte for _turn, byte in zip(range(1), self.bytes, strict=False))


@pytest.mark.parametrize("content", [b"", b"\r", b"\r\n\r\n--edg\r\n-\r", b"\r\n--edge-", b"\r\n--edge-\r\n--edgy"])
def test_a_slow_line_gives_the_same_parts(content: bytes) -> None:
    body = text("title", "t") + file(content) + END
    stream = cast(IO[bytes], Trickle(body))
    found = [b"".join(part.chunks) for part in parts(stream, TYPE) if isinstance(part, FilePart)]
    assert found == [content]


def test_a_read_that_ends_within_the_last_boundary_adds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    body = text("title", "t") + file(b"0123456789") + END
    for size in range(1, len(body) + 1):
        monkeypatch.setattr(multipart, "_READ_BYTES", size)
        assert read(body) == [Text("title", "t"), ("recording", "a.wav", b"0123456789")], size


def test_chunks_are_never_larger_than_what_is_read_at_once() -> None:
    largest = 0
    for part in parts(io.BytesIO(file(b"x" * 5_000_000) + END), TYPE):
        assert isinstance(part, FilePart)
        largest = max(largest, *(len(chunk) for chunk in part.chunks))
    assert largest <= multipart._READ_BYTES


@pytest.mark.parametrize(
    "body", [b"", b"--edge", text("a", "b"), file(b"half")[:-3], text("a", "b") + b"--ed", b"no form at all"]
)
def test_a_form_that_ends_early_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput, match="cut off"):
        read(body)


def test_a_connection_that_breaks_is_refused_too() -> None:
    class Broken(io.RawIOBase):
        def read(self, _size: int = -1, /) -> bytes:
            raise TimeoutError

    with pytest.raises(BadInput, match="cut off"):
        list(parts(cast(IO[bytes], Broken()), TYPE))


def test_texts_are_short() -> None:
    with pytest.raises(TooLarge):
        read(text("title", "x" * 5000) + END)


def test_headers_do_not_fill_the_memory() -> None:
    with pytest.raises(TooLarge):
        read(b"--edge\r\nContent-Disposition: form-data; name=a" + b"a" * 2_000_000 + END)


def test_parts_do_not_come_without_end() -> None:
    with pytest.raises(TooLarge):
        read(text("a", "b") * 100 + END)


@pytest.mark.parametrize("kind", ["", "application/json", "multipart/form-data", "multipart/mixed; boundary=edge"])
def test_other_bodies_are_refused(kind: str) -> None:
    with pytest.raises(BadInput, match="form of the upload page"):
        list(parts(io.BytesIO(file(b"x") + END), kind))


def test_text_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(BadInput, match="UTF-8"):
        read(b'--edge\r\nContent-Disposition: form-data; name="title"\r\n\r\n\xff\xfe\r\n' + END)

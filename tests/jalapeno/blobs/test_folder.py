import errno
import hashlib
import os
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from jalapeno.blobs import (
    BadBlobName,
    BlobExists,
    BlobMissing,
    BlobStore,
    BlobTooLarge,
    Stat,
    StoreFull,
    StoreUnavailable,
    blob_name,
    open_store,
)

OLD_ENOUGH = timedelta(0)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(root: Path) -> BlobStore:
    return open_store(root.as_uri())


@pytest.fixture
def name() -> str:
    return blob_name(uuid4(), uuid4())


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_what_was_put_is_read_back(store: BlobStore, name: str) -> None:
    content = os.urandom(1_000_000)
    stored = store.put(name, (content[at : at + 70_001] for at in range(0, len(content), 70_001)))
    assert stored.size == len(content)
    assert stored.sha256 == hashlib.sha256(content).digest()
    assert b"".join(store.open(name)) == content
    with store.open_file(name) as file:
        file.seek(-5, os.SEEK_END)
        assert file.read() == content[-5:]
        assert os.fstat(file.fileno()).st_size == len(content)


def test_stat_gives_size_tag_and_time(store: BlobStore, name: str) -> None:
    stored = store.put(name, [b"abc"])
    found = store.stat(name)
    assert found == Stat(3, stored.etag, found.modified)
    assert abs(found.modified - datetime.now(UTC)) < timedelta(minutes=1)


def test_an_empty_blob_is_a_blob(store: BlobStore, name: str) -> None:
    assert store.put(name, []).size == 0
    assert list(store.open(name)) == []


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(0, None, b"0123456789"), (3, None, b"3456789"), (3, 7, b"3456"), (3, 3, b""), (8, 99, b"89"), (50, None, b"")],
)
def test_ranges_are_cut_to_what_is_there(
    store: BlobStore, name: str, start: int, end: int | None, expected: bytes
) -> None:
    store.put(name, [b"0123456789"])
    assert b"".join(store.open(name, start, end)) == expected


@pytest.mark.parametrize(("start", "end"), [(-1, None), (5, 4)])
def test_a_range_that_makes_no_sense_is_refused(store: BlobStore, name: str, start: int, end: int) -> None:
    with pytest.raises(ValueError, match="range"):
        store.open(name, start, end)


def test_pieces_are_small_and_a_reader_may_leave_early(store: BlobStore, name: str) -> None:
    store.put(name, [bytes(1_000_000)])
    with store.open(name, 10, 600_010) as chunks:
        assert [len(chunk) for chunk in chunks] == [262_144, 262_144, 75_712]
    left = store.open(name)
    next(left)
    left.close()
    left.close()
    assert list(left) == []
    before = open_descriptors()
    store.open(name)  # dropped without a word
    assert open_descriptors() == before


def test_a_reader_keeps_what_it_opened(store: BlobStore, name: str) -> None:
    store.put(name, [b"content"])
    chunks = store.open(name)
    store.delete(name)
    assert b"".join(chunks) == b"content"


def test_nothing_is_overwritten(store: BlobStore, root: Path, name: str) -> None:
    store.put(name, [b"first"])
    pulled: list[bytes] = []

    def second() -> Iterator[bytes]:
        pulled.append(b"second")
        yield b"second"

    with pytest.raises(BlobExists):
        store.put(name, second())
    assert pulled == []  # refused before the first byte was asked for
    assert b"".join(store.open(name)) == b"first"
    assert files(root) == [name]


def test_of_two_writers_at_once_the_first_to_finish_wins(store: BlobStore, root: Path, name: str) -> None:
    with store.create(name) as one, store.create(name) as other:
        one.write(b"one")
        other.write(b"other")
        other.commit()
        with pytest.raises(BlobExists):
            one.commit()
    assert b"".join(store.open(name)) == b"other"
    assert files(root) == [name]


def test_a_blob_is_not_there_before_it_is_whole(store: BlobStore, name: str) -> None:
    with store.create(name) as writer:
        writer.write(b"half")
        with pytest.raises(BlobMissing):
            store.stat(name)
        assert list(store.list()) == []
        writer.write(bytearray(b" and "))
        writer.write(memoryview(b"half"))
        stored = writer.commit()
        with pytest.raises(ValueError, match="committed"):
            writer.write(b"more")
    assert b"".join(store.open(name)) == b"half and half"
    assert stored.size == 13


def test_a_source_that_breaks_leaves_nothing(store: BlobStore, root: Path, name: str) -> None:
    def breaking() -> Iterator[bytes]:
        yield b"some"
        raise ConnectionResetError("the browser left")

    with pytest.raises(ConnectionResetError):
        store.put(name, breaking())
    with store.create(name) as given_up:
        given_up.write(b"some")
    writer = store.create(name)
    writer.write(b"some")
    del writer
    assert files(root) == []
    store.put(name, [b"again"])


def test_a_limit_is_kept_to_the_byte(store: BlobStore, root: Path, name: str) -> None:
    with pytest.raises(BlobTooLarge):
        store.put(name, [b"12345", b"6"], limit=5)
    assert files(root) == []
    assert store.put(name, [b"12345"], limit=5).size == 5


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (errno.ENOSPC, StoreFull),
        (errno.EDQUOT, StoreFull),
        (errno.EIO, StoreUnavailable),
        (errno.EROFS, StoreUnavailable),
    ],
)
@pytest.mark.parametrize("call", ["write", "fsync", "link"])
def test_a_failing_disk_has_a_name_and_leaves_nothing(
    store: BlobStore,
    root: Path,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    error: type[Exception],
    call: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(code, "no", "/secret/path")

    with store.create(name) as writer:
        with monkeypatch.context() as patch:
            patch.setattr(os, call, fail)
            act = partial(writer.write, b"some") if call == "write" else writer.commit
            with pytest.raises(error) as failed:
                act()
        assert "/secret" not in str(failed.value)
    assert files(root) == []


def test_memory_does_not_grow_with_the_blob(store: BlobStore, name: str) -> None:
    piece = os.urandom(1 << 20)
    tracemalloc.start()
    try:
        store.put(name, (piece for _ in range(48)))
        sum(len(chunk) for chunk in store.open(name))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20


KILLED = """
import os, signal, sys
from jalapeno.blobs import open_store
writer = open_store(sys.argv[1]).create(sys.argv[2])
writer.write(b"half of a recording")
print("ready", flush=True)
sys.stdin.read()
"""


def test_what_a_killed_writer_leaves_is_swept_but_not_while_it_lives(store: BlobStore, root: Path, name: str) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, root.as_uri(), name], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        assert store.sweep_partial(OLD_ENOUGH) == 0
        child.send_signal(signal.SIGKILL)
        child.wait(10)
    assert len(files(root)) == 1
    assert list(store.list()) == []
    with pytest.raises(BlobMissing):
        store.open(name)
    assert store.sweep_partial(timedelta(hours=1)) == 0
    assert store.sweep_partial(OLD_ENOUGH) == 1
    assert files(root) == []


def test_a_writer_killed_between_its_two_names_leaves_the_blob(store: BlobStore, root: Path, name: str) -> None:
    store.put(name, [b"whole"])
    hidden = root / name.replace("/", "/.")
    os.link(root / name, f"{hidden}.0123456789abcdef.part")
    assert store.sweep_partial(OLD_ENOUGH) == 1
    assert b"".join(store.open(name)) == b"whole"
    assert files(root) == [name]


def test_the_sweep_leaves_finished_blobs_and_foreign_files(store: BlobStore, root: Path, name: str) -> None:
    store.put(name, [b"x"])
    foreign = root / name.split("/")[0] / "notes.part"
    foreign.write_text("x")
    (root / "README").write_text("x")
    assert store.sweep_partial(OLD_ENOUGH) == 0
    assert foreign.exists()
    assert list(store.list()) == [name]


def test_delete_is_for_good_and_may_be_repeated(store: BlobStore, root: Path) -> None:
    workspace = uuid4()
    one, other = blob_name(workspace, uuid4()), blob_name(workspace, uuid4())
    store.put(one, [b"1"])
    store.put(other, [b"2"])
    for _ in range(2):
        store.delete(one)
    assert files(root) == [other]
    store.delete(other)
    assert list(root.iterdir()) == []
    store.put(one, [b"again"])


def test_a_workspace_emptied_while_another_upload_begins(
    store: BlobStore, root: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, lost = os.stat, []

    def emptied_first(*args: object, **options: object) -> os.stat_result:
        if args == (name.split("/")[1],) and not lost:
            lost.append((root / name.split("/")[0]).rmdir())
        return real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "stat", emptied_first)
    store.put(name, [b"x"])
    assert lost
    assert files(root) == [name]


def test_names_are_listed_in_order_by_prefix(store: BlobStore) -> None:
    workspaces = sorted(str(uuid4()) for _ in range(3))
    names = sorted(f"{workspace}/{uuid4()}" for workspace in workspaces for _ in range(2))
    for each in reversed(names):
        store.put(each, [b"x"])
    assert list(store.list()) == names
    assert list(store.list(f"{workspaces[1]}/")) == names[2:4]
    assert list(store.list(names[5])) == [names[5]]
    assert list(store.list(names[0][:20])) == [each for each in names if each.startswith(names[0][:20])]
    assert list(store.list(f"{uuid4()}/")) == []
    assert list(store.list("../")) == []


ID = str(uuid4())


@pytest.mark.parametrize(
    "bad",
    [
        "", "/", "a/b", "..", "../../etc/passwd", ID, f"{ID}/..", f"../{ID}", f"{ID}/{ID}/x", f"/{ID}/{ID}",
        f"{ID}/{ID}\n", f"{ID}/{ID}\0", f"{ID.upper()}/{ID}", f"{ID}//{ID}", f"{ID}\\{ID}", f"{ID}/{ID}/",
        f"{ID.replace('-', '')}/{ID}",
    ],
)  # fmt: skip
def test_only_two_ids_are_a_name(store: BlobStore, root: Path, bad: str) -> None:
    for act in (store.open, store.stat, store.delete, store.create):
        with pytest.raises(BadBlobName):
            act(bad)
    with pytest.raises(BadBlobName), store.open_file(bad):
        pass
    assert list(root.iterdir()) == []


def test_symbolic_links_lead_nowhere(store: BlobStore, root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    secret = uuid4()
    (outside / str(secret)).write_text("secret")
    linked_folder, real_folder, linked_file = uuid4(), uuid4(), uuid4()
    (root / str(linked_folder)).symlink_to(outside)
    (root / str(real_folder)).mkdir()
    (root / str(real_folder) / str(linked_file)).symlink_to(outside / str(secret))
    for name in (blob_name(linked_folder, secret), blob_name(real_folder, linked_file)):
        with pytest.raises(StoreUnavailable):
            store.open(name)
        with pytest.raises(StoreUnavailable):
            store.stat(name)
    with pytest.raises(StoreUnavailable):
        store.put(blob_name(linked_folder, uuid4()), [b"x"])
    with pytest.raises(BlobExists):
        store.put(blob_name(real_folder, linked_file), [b"x"])
    store.delete(blob_name(real_folder, linked_file))
    assert (outside / str(secret)).read_text() == "secret"
    assert len(list(outside.iterdir())) == 1


def test_something_other_than_a_file_is_not_read(store: BlobStore, root: Path, name: str) -> None:
    (root / name).parent.mkdir()
    os.mkfifo(root / name)
    with pytest.raises(StoreUnavailable):
        store.open(name)


def test_nobody_else_may_look(store: BlobStore, root: Path, name: str) -> None:
    previous = os.umask(0)
    try:
        store.put(name, [b"x"])
    finally:
        os.umask(previous)
    assert (root / name).stat().st_mode & 0o777 == 0o600
    assert (root / name).parent.stat().st_mode & 0o777 == 0o700
    assert root.stat().st_mode & 0o777 == 0o700


def test_missing_blobs_are_named_so_at_once(store: BlobStore, name: str) -> None:
    with pytest.raises(BlobMissing):
        store.open(name)
    with pytest.raises(BlobMissing):
        store.stat(name)
    with pytest.raises(BlobMissing), store.open_file(name):
        pass
    store.delete(name)

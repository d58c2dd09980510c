import base64
from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jalapeno.keyring import (
    BadKeys,
    Context,
    HandoffPrivateKeys,
    HandoffPublicKey,
    SealBroken,
    new_key,
    open_sealed,
    public_of,
    seal_to,
)

CONTEXT = Context("oauth_attempt", "sealed_code", uuid4(), uuid4())
OLD, NEW = new_key(1), new_key(2)
PRIVATE = HandoffPrivateKeys.parse(f"{NEW},{OLD}")
PUBLIC = HandoffPublicKey.parse(PRIVATE.public())


def test_the_worker_opens_what_web_sealed() -> None:
    sealed = seal_to(PUBLIC, b"one-time code", CONTEXT)
    assert b"one-time code" not in sealed
    assert open_sealed(PRIVATE, sealed, CONTEXT) == b"one-time code"


def test_the_public_half_has_no_way_to_open() -> None:
    assert not hasattr(PUBLIC, "open")
    assert repr(PUBLIC) == "<HandoffPublicKey version 2>"


@pytest.mark.parametrize(
    "moved",
    [
        replace(CONTEXT, column="sealed_verifier"),
        replace(CONTEXT, row_id=uuid4()),
        replace(CONTEXT, workspace_id=uuid4()),
    ],
)
def test_a_message_moved_to_another_place_stays_closed(moved: Context) -> None:
    with pytest.raises(SealBroken):
        PRIVATE.open(PUBLIC.seal(b"code", CONTEXT), moved)


def test_messages_sealed_before_a_rotation_still_open() -> None:
    sealed = HandoffPublicKey.parse(public_of(OLD)).seal(b"code", CONTEXT)
    assert PRIVATE.open(sealed, CONTEXT) == b"code"
    with pytest.raises(SealBroken):
        HandoffPrivateKeys.parse(NEW).open(sealed, CONTEXT)


def test_every_changed_byte_is_noticed() -> None:
    sealed = PUBLIC.seal(b"code", CONTEXT)
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(SealBroken):
            PRIVATE.open(bytes(changed), CONTEXT)


@given(st.binary(max_size=80))
def test_garbage_is_refused(garbage: bytes) -> None:
    for start in (b"", b"\x01\x00\x02"):
        with pytest.raises(SealBroken):
            PRIVATE.open(start + garbage, CONTEXT)


def test_the_public_key_is_one_key() -> None:
    with pytest.raises(BadKeys, match="one key"):
        HandoffPublicKey.parse(f"{public_of(NEW)},{public_of(OLD)}")


@pytest.mark.parametrize("point", [bytes(32), b"\x01" + bytes(31)])
def test_a_point_that_gives_everyone_the_same_secret_is_refused(point: bytes) -> None:
    with pytest.raises(BadKeys, match="not a usable"):
        HandoffPublicKey.parse(f"1:{base64.b64encode(point).decode()}")

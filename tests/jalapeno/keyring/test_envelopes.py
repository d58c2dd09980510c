from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jalapeno.keyring import Context, Keyring, SealBroken, new_key

CONTEXT = Context("integration_token", "access_envelope", uuid4(), uuid4())
OLD, NEW = new_key(1), new_key(2)
KEYRING = Keyring.parse(f"{NEW},{OLD}", "tokens")


@given(st.binary(max_size=4096))
def test_what_was_sealed_opens(plaintext: bytes) -> None:
    envelope = KEYRING.seal(plaintext, CONTEXT)
    assert KEYRING.open(envelope, CONTEXT) == plaintext
    assert len(envelope) == 1 + 2 + 12 + len(plaintext) + 16


def test_two_envelopes_of_one_text_differ() -> None:
    assert KEYRING.seal(b"token", CONTEXT) != KEYRING.seal(b"token", CONTEXT)


@pytest.mark.parametrize(
    "moved",
    [
        replace(CONTEXT, table="webhook_secret"),
        replace(CONTEXT, column="refresh_envelope"),
        replace(CONTEXT, row_id=uuid4()),
        replace(CONTEXT, workspace_id=uuid4()),
        replace(CONTEXT, workspace_id=None),
        replace(CONTEXT, table="integration_tokena", column="ccess_envelope"),
    ],
)
def test_an_envelope_moved_to_another_place_stays_closed(moved: Context) -> None:
    with pytest.raises(SealBroken):
        KEYRING.open(KEYRING.seal(b"token", CONTEXT), moved)


def test_a_row_without_workspace_is_a_place_of_its_own() -> None:
    nowhere = replace(CONTEXT, workspace_id=None)
    assert KEYRING.open(KEYRING.seal(b"token", nowhere), nowhere) == b"token"
    with pytest.raises(SealBroken):
        KEYRING.open(KEYRING.seal(b"token", nowhere), replace(CONTEXT, workspace_id=UUID(int=0)))


def test_another_purpose_with_the_same_keys_opens_nothing() -> None:
    other = Keyring.parse(f"{NEW},{OLD}", "webhooks")
    with pytest.raises(SealBroken):
        other.open(KEYRING.seal(b"token", CONTEXT), CONTEXT)


def test_every_changed_byte_is_noticed() -> None:
    envelope = KEYRING.seal(b"token", CONTEXT)
    for place in range(len(envelope)):
        for bit in (0x01, 0x80):
            changed = bytearray(envelope)
            changed[place] ^= bit
            with pytest.raises(SealBroken):
                KEYRING.open(bytes(changed), CONTEXT)


@given(st.binary(max_size=64))
def test_garbage_is_refused_without_detail(garbage: bytes) -> None:
    for start in (b"", b"\x01\x00\x01", b"\x01\x00\x02"):
        with pytest.raises(SealBroken) as broken:
            KEYRING.open(start + garbage, CONTEXT)
        assert str(broken.value) == "The seal does not open."
        assert broken.value.__suppress_context__ or broken.value.__context__ is None


def test_a_cut_envelope_stays_closed() -> None:
    envelope = KEYRING.seal(b"token", CONTEXT)
    for length in range(len(envelope)):
        with pytest.raises(SealBroken):
            KEYRING.open(envelope[:length], CONTEXT)


def test_rotation_opens_old_envelopes_and_says_which_to_rewrap() -> None:
    before = Keyring.parse(OLD, "tokens").seal(b"token", CONTEXT)
    assert KEYRING.version_of(before) == 1
    assert KEYRING.needs_rewrap(before)
    after = KEYRING.seal(KEYRING.open(before, CONTEXT), CONTEXT)
    assert KEYRING.version_of(after) == 2
    assert not KEYRING.needs_rewrap(after)
    assert Keyring.parse(NEW, "tokens").open(after, CONTEXT) == b"token"


def test_a_retired_key_opens_nothing() -> None:
    with pytest.raises(SealBroken):
        Keyring.parse(NEW, "tokens").open(Keyring.parse(OLD, "tokens").seal(b"token", CONTEXT), CONTEXT)


def test_relabelling_an_envelope_with_another_version_does_not_open_it() -> None:
    two_keys = Keyring.parse(f"{new_key(3)},{OLD}", "tokens")
    envelope = bytearray(two_keys.seal(b"token", CONTEXT))
    envelope[1:3] = (1).to_bytes(2, "big")
    with pytest.raises(SealBroken):
        two_keys.open(bytes(envelope), CONTEXT)


@pytest.mark.parametrize("garbage", [b"", b"\x01", b"\x01\x00", b"\x02\x00\x01" + bytes(40)])
def test_the_version_of_garbage_is_refused(garbage: bytes) -> None:
    with pytest.raises(SealBroken):
        KEYRING.version_of(garbage)
    with pytest.raises(SealBroken):
        KEYRING.needs_rewrap(garbage)

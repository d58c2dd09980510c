import base64
import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jalapeno import keyring
from jalapeno.keyring import (
    BadKeys,
    HandoffPrivateKeys,
    Keyring,
    Keys,
    PasswordKeys,
    Signer,
    new_key,
)


def text_of(key: bytes, version: int | str = 1) -> str:
    return f"{version}:{base64.b64encode(key).decode()}"


def test_keys_are_read_newest_first() -> None:
    keys = Keys.parse(f"{new_key(7)}, {new_key(3)}", "tokens")
    assert keys.versions == (7, 3)
    assert keys.newest == 7


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not written as version:base64"),
        ("AAAA", "not written as version:base64"),
        (f"{new_key(1)},", "not written as version:base64"),
        (f"x:{new_key(1)[2:]}", "no whole number"),
        (f"-1:{new_key(1)[2:]}", "no whole number"),
        (f"²:{new_key(1)[2:]}", "no whole number"),
        (f"0:{new_key(1)[2:]}", "outside 1 to 65535"),
        (f"65536:{new_key(1)[2:]}", "outside 1 to 65535"),
        ("1:not base64!", "not valid base64"),
        ("1:ñandú", "not valid base64"),
        (text_of(b"short"), "has 5 bytes"),
        (text_of(bytes(range(33))), "has 33 bytes"),
        (f"{new_key(2)},{new_key(2)}", "repeats version 2"),
        (",".join([(same := new_key(1)), "2" + same[1:]]), "repeats an earlier key"),
        (text_of(bytes(32)), "not random"),
        (text_of(b"\xff" * 32), "not random"),
        (text_of(bytes(range(32))), "not random"),
        (text_of(bytes(range(0, 256, 8))), "not random"),
        (text_of(b"change-me-change-me-change-me-32"), "not random"),
        (text_of(b"0123456789abcdefghijklmnopqrstuv"), "not random"),
    ],
)
def test_a_bad_key_text_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(BadKeys, match=reason):
        Keys.parse(text, "tokens")


@given(st.text(min_size=12, max_size=200), st.sampled_from(["1:", "", "x:"]))
def test_a_refusal_does_not_repeat_the_text(encoded: str, start: str) -> None:
    with pytest.raises(BadKeys) as refusal:
        Keys.parse(start + encoded + "!", "tokens")
    assert encoded not in str(refusal.value)
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


@pytest.mark.parametrize(
    "holder",
    [
        Keys.parse(new_key(), "tokens"),
        Keyring.parse(new_key(), "tokens"),
        HandoffPrivateKeys.parse(new_key()),
        Signer.parse(new_key()),
        PasswordKeys.parse(new_key(), rounds=4),
    ],
    ids=lambda holder: type(holder).__name__,
)
def test_nothing_that_holds_keys_is_pickled_copied_or_shown(holder: object) -> None:
    for leave in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="holds keys"):
            leave(holder)
    assert "\\x" not in repr(holder)
    assert not hasattr(holder, "__dict__")


def test_no_representation_contains_the_key() -> None:
    text = new_key()
    encoded = text.partition(":")[2]
    raw = base64.b64decode(encoded)
    holders = (Keys.parse(text, "t"), Keyring.parse(text, "t"), Signer.parse(text), HandoffPrivateKeys.parse(text))
    for holder in holders:
        shown = f"{holder!r} {holder!s} {holder}"
        assert encoded not in shown
        assert raw.hex() not in shown
        assert repr(raw)[2:-1] not in shown


def test_purposes_and_labels_have_keys_of_their_own() -> None:
    text = new_key()
    one, other = Keyring.parse(text, "one"), Keyring.parse(text, "other")
    derived = {*one.derive("cookie"), *one.derive("csrf"), *other.derive("cookie")}
    assert len(derived) == 3
    assert one.derive("cookie") == Keyring.parse(text, "one").derive("cookie")
    assert [len(key) for key in one.derive("cookie", 64)] == [64]


def test_derived_keys_keep_the_order_of_versions() -> None:
    newer, older = new_key(2), new_key(1)
    both = Keyring.parse(f"{newer},{older}", "sessions").derive("cookie")
    assert both == (
        *Keyring.parse(newer, "sessions").derive("cookie"),
        *Keyring.parse(older, "sessions").derive("cookie"),
    )


def test_new_keys_differ_and_parse() -> None:
    assert new_key() != new_key()
    assert Keys.parse(new_key(9), "tokens").newest == 9


def test_the_public_names_are_all_there() -> None:
    assert all(hasattr(keyring, name) for name in keyring.__all__)

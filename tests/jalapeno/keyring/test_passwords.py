import time

import bcrypt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jalapeno.keyring import PasswordHash, PasswordKeys, new_key
from jalapeno.keyring.passwords import prehash

OLD, NEW = new_key(1), new_key(2)
KEYS = PasswordKeys.parse(f"{NEW},{OLD}", rounds=4)


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=300))
def test_any_password_checks_against_its_hash(password: str) -> None:
    stored = KEYS.hash(password)
    assert KEYS.check(password, stored)
    assert not KEYS.check(password + "x", stored)
    assert not KEYS.needs_upgrade(stored)


def test_every_character_counts_beyond_72_bytes() -> None:
    stored = KEYS.hash("ñ" * 100 + "a")
    assert not KEYS.check("ñ" * 100 + "b", stored)
    assert not KEYS.check("ñ" * 100, stored)


def test_what_follows_a_nul_counts() -> None:
    assert not KEYS.check("a\0c", KEYS.hash("a\0b"))


def test_a_lone_surrogate_is_a_password_like_any_other() -> None:
    assert KEYS.check("\ud800", KEYS.hash("\ud800"))


def test_one_password_typed_on_two_keyboards_matches() -> None:
    assert KEYS.check("jalapen\u0303o", KEYS.hash("jalape\u00f1o"))


@pytest.mark.parametrize(
    "malformed",
    ["", "x", "$2b$04$short", "$2b$99$" + "a" * 53, "$2b$03$" + "a" * 53, "$2b$04$" + "a" * 53 + "\n", "\ud800"],
)
def test_a_malformed_hash_is_false_and_wants_an_upgrade_where_it_can(malformed: str) -> None:
    stored = PasswordHash(malformed, 2)
    assert not KEYS.check("password", stored)
    KEYS.needs_upgrade(stored)


def test_a_hash_without_its_key_is_worth_nothing() -> None:
    stored = KEYS.hash("password")
    assert not PasswordKeys.parse(new_key(2), rounds=4).check("password", stored)
    assert not KEYS.check("password", PasswordHash(stored.text, 1))
    assert not KEYS.check("password", PasswordHash(stored.text, 9))
    assert not bcrypt.checkpw(b"password", stored.text.encode())


def test_older_keys_and_fewer_rounds_want_an_upgrade() -> None:
    older = PasswordKeys.parse(OLD, rounds=4).hash("password")
    assert KEYS.check("password", older)
    assert KEYS.needs_upgrade(older)
    assert PasswordKeys.parse(NEW, rounds=5).needs_upgrade(KEYS.hash("password"))
    assert KEYS.needs_upgrade(PasswordHash("plain", 2))


def test_an_unknown_address_costs_as_much_as_a_known_one() -> None:
    keys = PasswordKeys.parse(NEW, rounds=9)
    stored = keys.hash("password")

    def cost(work: object) -> float:
        start = time.thread_time()
        work()  # type: ignore[operator]
        return time.thread_time() - start

    known = min(cost(lambda: keys.check("wrong", stored)) for _ in range(3))
    unknown = min(cost(lambda: keys.waste("wrong")) for _ in range(3))
    malformed = min(cost(lambda: keys.check("wrong", PasswordHash("x", 2))) for _ in range(3))
    assert unknown > known / 2
    assert malformed > known / 2


def test_the_prehash_is_64_plain_bytes() -> None:
    for password in ("", "a", "ñ" * 1000):
        assert len(prehash(b"k" * 32, password)) == 64
        assert b"\0" not in prehash(b"k" * 32, password)

import hashlib

from jalapeno.keyring import equal, hmac_sha256, random_token, token_hash


def test_hmac_is_the_standard_one() -> None:  # RFC 4231, test case 2
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert hmac_sha256(b"Jefe", b"what do ya want for nothing?").hex() == expected


def test_values_compare_as_bytes_or_text() -> None:
    assert equal("señal", "señal".encode())
    assert not equal("a", "b")
    assert not equal("a", "aa")
    assert not equal("\ud800", "a")


def test_tokens_are_long_and_differ() -> None:
    tokens = {random_token() for _ in range(100)}
    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {43}
    assert len(random_token(16)) == 22


def test_a_token_is_stored_as_its_sha256() -> None:
    assert token_hash("abc") == hashlib.sha256(b"abc").digest()
    assert len(token_hash("\ud800")) == 32

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from jalapeno.keyring import BadKeys, Signature, Signer, Verifier, new_key

OLD, NEW = new_key(1), new_key(2)
SIGNER = Signer.parse(f"{NEW},{OLD}")


def test_the_newest_key_signs_and_both_verify() -> None:
    signature = SIGNER.sign(b"tree head")
    earlier = Signer.parse(OLD).sign(b"earlier head")
    verifier = Verifier.parse(SIGNER.public_keys())
    assert signature.key_version == 2
    assert verifier.verify(signature, b"tree head")
    assert verifier.verify(earlier, b"earlier head")
    assert SIGNER.verifier().verify(signature, b"tree head")


@pytest.mark.parametrize(
    "forged",
    [
        SIGNER.sign(b"other"),
        Signer.parse(new_key(2)).sign(b"tree head"),
        Signature(1, SIGNER.sign(b"tree head").value),
        Signature(9, SIGNER.sign(b"tree head").value),
        Signature(2, b""),
        Signature(2, bytes(64)),
        Signature(2, SIGNER.sign(b"tree head").value + b"\x00"),
    ],
)
def test_a_forged_signature_is_false(forged: Signature) -> None:
    assert not SIGNER.verifier().verify(forged, b"tree head")


def test_public_keys_are_plain_ed25519() -> None:
    newest = base64.b64decode(SIGNER.public_keys().split(",")[0].removeprefix("2:"))
    Ed25519PublicKey.from_public_bytes(newest).verify(SIGNER.sign(b"x").value, b"x")


def test_a_signing_key_is_a_32_byte_seed() -> None:
    with pytest.raises(BadKeys, match="64 bytes"):
        Signer.parse("1:" + base64.b64encode(bytes(range(64))).decode())

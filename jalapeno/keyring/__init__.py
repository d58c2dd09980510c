"""The one door to `cryptography`: sealing, handing over, signing, hashing.

keys        `version:base64[,…]` texts -> Keys; what is refused as a key; how keys are made
envelopes   Keyring: AES-256-GCM, bound to the place a ciphertext is kept at
handoff     HPKE: web seals what only the connections worker may read
signing     Ed25519 over the audit log's tree heads
passwords   bcrypt over a keyed pre-hash
digests     HMAC, tokens and their hashes, comparison in constant time

KeyringError
  BadKeys         a key text that keeps the process from starting; names the setting's purpose, never its value
  SealBroken      an envelope that does not open: wrong place, wrong key or changed bytes, and nobody is told which
"""

from jalapeno.keyring.digests import equal, hmac_sha256, random_token, token_hash
from jalapeno.keyring.envelopes import Context, Keyring
from jalapeno.keyring.handoff import HandoffPrivateKeys, HandoffPublicKey, open_sealed, public_of, seal_to
from jalapeno.keyring.keys import BadKeys, KeyringError, Keys, SealBroken, new_key
from jalapeno.keyring.passwords import PasswordHash, PasswordKeys
from jalapeno.keyring.signing import Signature, Signer, Verifier

WEBHOOK_PURPOSE = "the webhook keys"
"""The purpose of the keyring for webhook secrets, which the web process and the connections worker both open."""

__all__ = [
    "WEBHOOK_PURPOSE",
    "BadKeys",
    "Context",
    "HandoffPrivateKeys",
    "HandoffPublicKey",
    "Keyring",
    "KeyringError",
    "Keys",
    "PasswordHash",
    "PasswordKeys",
    "SealBroken",
    "Signature",
    "Signer",
    "Verifier",
    "equal",
    "hmac_sha256",
    "new_key",
    "open_sealed",
    "public_of",
    "random_token",
    "seal_to",
    "token_hash",
]

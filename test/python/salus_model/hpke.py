"""HPKE base mode, one message per encapsulation; AES-256-GCM under a plain key (sealing.md, S-3 and S-4)."""

import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from . import cbor, derive, xwing
from .refused import Refused

XWING, X25519 = 0x647A, 0x0020
AES_256_GCM = 0x0002


def gcm_seal(key: bytes, nonce: bytes, aad: bytes, plaintext: bytes) -> bytes:
    return AESGCM(key).encrypt(nonce, plaintext, aad)


def gcm_open(key: bytes, nonce: bytes, aad: bytes, sealed: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(nonce, sealed, aad)
    except (InvalidTag, ValueError):
        raise Refused("CANNOT_OPEN") from None


def seal_under_key(key: bytes, aad: bytes, plaintext: bytes, nonce: bytes) -> bytes:
    """S-4: nonce 12, ciphertext, tag 16."""
    return nonce + gcm_seal(key, nonce, aad, plaintext)


def open_under_key(key: bytes, aad: bytes, sealed: bytes) -> bytes:
    if len(key) != 32 or len(sealed) < 28:
        raise Refused("CANNOT_OPEN")
    return gcm_open(key, sealed[:12], aad, sealed[12:])


def _extract(suite: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + ikm, "sha256")


def _expand(suite: bytes, prk: bytes, label: bytes, info: bytes, length: int) -> bytes:
    labelled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return hmac.digest(prk, labelled + b"\1", "sha256")[:length]


def dhkem_secret(shared: bytes, enc: bytes, public: bytes) -> bytes:
    """RFC 9180, 4.1: ExtractAndExpand for X25519."""
    suite = b"KEM" + X25519.to_bytes(2, "big")
    prk = _extract(suite, b"", b"eae_prk", shared)
    return _expand(suite, prk, b"shared_secret", enc + public, 32)


def key_schedule(secret: bytes, info: bytes, kem: int = XWING, aead: int = AES_256_GCM) -> tuple[bytes, bytes]:
    """RFC 9180, 5.1, mode_base: key 32 and base nonce 12."""
    suite = b"HPKE" + b"".join(number.to_bytes(2, "big") for number in (kem, 1, aead))
    psk_id_hash = _extract(suite, b"", b"psk_id_hash", b"")
    context = b"\0" + psk_id_hash + _extract(suite, b"", b"info_hash", info)
    prk = _extract(suite, secret, b"secret", b"")
    return _expand(suite, prk, b"key", context, 32), _expand(suite, prk, b"base_nonce", context, 12)


def seal_with_secret(secret: bytes, info: bytes, aad: bytes, plaintext: bytes, kem: int = XWING) -> bytes:
    key, nonce = key_schedule(secret, info, kem)
    return gcm_seal(key, nonce, aad, plaintext)


def open_with_secret(secret: bytes, info: bytes, aad: bytes, ciphertext: bytes, kem: int = XWING) -> bytes:
    key, nonce = key_schedule(secret, info, kem)
    return gcm_open(key, nonce, aad, ciphertext)


def seal_to(public: bytes, label: str, context: cbor.Cbor, aad: bytes, plaintext: bytes, coins: bytes) -> bytes:
    """S-3, a letter: enc 1120, ciphertext, tag 16."""
    secret, enc = xwing.encapsulate(public, coins)
    return enc + seal_with_secret(secret, derive.info(label, context), aad, plaintext)


def open_with(seed: bytes, label: str, context: cbor.Cbor, aad: bytes, sealed: bytes) -> bytes:
    if len(sealed) < xwing.ENC_BYTES + 16:
        raise Refused("CANNOT_OPEN")
    secret = xwing.decapsulate(seed, sealed[: xwing.ENC_BYTES])
    return open_with_secret(secret, derive.info(label, context), aad, sealed[xwing.ENC_BYTES :])

"""X-Wing, HPKE KEM 0x647A, and DHKEM(X25519) (docs/protocol/sealing.md, S-2)."""

import hashlib

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from . import mlkem
from .refused import Refused

LABEL = b"\\.//^\\"
PUBLIC_BYTES, ENC_BYTES = 1216, 1120


def x25519_public(secret: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def x25519(secret: bytes, public: bytes) -> bytes | None:
    """None for the all-zero secret."""
    try:
        peer = X25519PublicKey.from_public_bytes(public)
        return X25519PrivateKey.from_private_bytes(secret).exchange(peer)
    except ValueError:
        return None


def _expand(seed: bytes) -> tuple[bytes, bytes]:
    expanded = hashlib.shake_256(seed).digest(96)
    return expanded[:64], expanded[64:]


def _combine(ss_m: bytes, ss_x: bytes, ct_x: bytes, pk_x: bytes) -> bytes:
    return hashlib.sha3_256(ss_m + ss_x + ct_x + pk_x + LABEL).digest()


def public_key(seed: bytes) -> bytes:
    """ML-KEM-768 1184 and X25519 32."""
    mlkem_seed, x_secret = _expand(seed)
    return mlkem.keys(mlkem_seed)[0] + x25519_public(x_secret)


def encapsulate(public: bytes, coins: bytes) -> tuple[bytes, bytes]:
    """Secret 32 and encapsulation 1120; `coins`: ML-KEM randomness 32 and X25519 secret 32."""
    if len(public) != PUBLIC_BYTES or not mlkem.is_reduced(public[:1184]):
        raise Refused("KEY_WEAK")
    ss_m, ct_m = mlkem.encapsulate(public[:1184], coins[:32])
    ss_x, ct_x = x25519(coins[32:], public[1184:]), x25519_public(coins[32:])
    if ss_x is None:
        raise Refused("KEY_WEAK")
    return _combine(ss_m, ss_x, ct_x, public[1184:]), ct_m + ct_x


def decapsulate(seed: bytes, enc: bytes) -> bytes:
    if len(enc) != ENC_BYTES:
        raise Refused("CANNOT_OPEN")
    mlkem_seed, x_secret = _expand(seed)
    ss_m = mlkem.decapsulate(mlkem.keys(mlkem_seed)[1], enc[:1088])
    ss_x = x25519(x_secret, enc[1088:])
    if ss_x is None:
        raise Refused("CANNOT_OPEN")
    return _combine(ss_m, ss_x, enc[1088:], x25519_public(x_secret))

"""Record bodies: C2SP chunked encryption, Cobblestone-256 (docs/protocol/sealing.md, S-5)."""

import hmac

from .hpke import gcm_open, gcm_seal
from .refused import Refused

CHUNK, TAG, SALT, HEAD = 16_384, 16, 24, 56
SUITE = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0"


def _session(key: bytes, salt: bytes, context: bytes) -> tuple[bytes, int, bytes]:
    """AEAD key, nonce base as a number, commitment: HKDF-Expand-SHA-512, 76 bytes."""
    info = SUITE + salt + context
    first = hmac.digest(key, info + b"\1", "sha512")
    expanded = (first + hmac.digest(key, first + info + b"\2", "sha512"))[:76]
    return expanded[:32], int.from_bytes(expanded[32:44], "big"), expanded[44:]


def _nonce(base: int, chunk: int) -> bytes:
    return (base ^ chunk).to_bytes(12, "big")


def seal(key: bytes, context: bytes, plaintext: bytes, salt: bytes) -> bytes:
    aead, base, commitment = _session(key, salt, context)
    count = len(plaintext) // CHUNK + 1
    chunks = [plaintext[i * CHUNK : (i + 1) * CHUNK] for i in range(count)]
    sealed = [gcm_seal(aead, _nonce(base, i), b"", chunk) for i, chunk in enumerate(chunks)]
    return salt + commitment + b"".join(sealed)


def open_whole(key: bytes, context: bytes, sealed: bytes) -> bytes:
    if len(key) != 32 or len(sealed) < HEAD + TAG:
        raise Refused("CANNOT_OPEN")
    aead, base, commitment = _session(key, sealed[:SALT], context)
    if not hmac.compare_digest(commitment, sealed[SALT:HEAD]):
        raise Refused("CANNOT_OPEN")
    body, step = sealed[HEAD:], CHUNK + TAG
    count = len(body) // step + 1
    chunks = [body[i * step : (i + 1) * step] for i in range(count)]
    if len(chunks[-1]) < TAG:
        raise Refused("CANNOT_OPEN")
    return b"".join(gcm_open(aead, _nonce(base, i), b"", chunk) for i, chunk in enumerate(chunks))

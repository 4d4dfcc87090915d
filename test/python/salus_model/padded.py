"""Padding to a power of two (docs/protocol/wallet.md, W-5; devices.md, D-6)."""

from .refused import Refused

LEAST = 16 * 1024


def size(length: int) -> int:
    most = LEAST
    while most < 4 + length:
        most *= 2
    return most


def pad(data: bytes) -> bytes:
    return (len(data).to_bytes(4, "big") + data).ljust(size(len(data)), b"\0")


def unpad(plain: bytes) -> bytes:
    length = int.from_bytes(plain[:4], "big")
    if len(plain) < 4 or len(plain) != size(length) or any(plain[4 + length :]):
        raise Refused("CANNOT_OPEN")
    return plain[4 : 4 + length]

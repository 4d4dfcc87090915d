"""ristretto255 (RFC 9496) and the proof that an account knows its point's scalar (sealing.md, S-7)."""

import hashlib

from . import derive
from .ed25519 import BASE, D, IDENTITY, L, P, SQRT_M1, Point, add, multiply, negate
from .refused import Refused


def _abs(value: int) -> int:
    value %= P
    return P - value if value & 1 else value


def _sqrt_ratio(u: int, v: int) -> tuple[bool, int]:
    """RFC 9496, 4.2: whether u/v is a square, and the non-negative root of u/v or of sqrt(-1) u/v."""
    r = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    check = v * r * r % P
    correct, flipped = check == u % P, check == -u % P
    flipped_i = check == -u * SQRT_M1 % P
    if flipped or flipped_i:
        r = r * SQRT_M1 % P
    return correct or flipped, _abs(r)


_, INVSQRT_A_MINUS_D = _sqrt_ratio(1, (-1 - D) % P)


def decode(data: bytes) -> Point | None:
    """RFC 9496, 4.3.1; None for anything but the canonical encoding of a group element."""
    s = int.from_bytes(data, "little")
    if len(data) != 32 or s >= P or s & 1:
        return None
    ss = s * s % P
    u1, u2 = (1 - ss) % P, (1 + ss) % P
    v = (-D * u1 * u1 - u2 * u2) % P
    was_square, invsqrt = _sqrt_ratio(1, v * u2 * u2 % P)
    x_den = invsqrt * u2 % P
    y_den = invsqrt * x_den * v % P
    x, y = _abs(2 * s * x_den), u1 * y_den % P
    t = x * y % P
    return None if not was_square or t & 1 or y == 0 else (x, y, 1, t)


def encode(point: Point) -> bytes:
    """RFC 9496, 4.3.2."""
    x0, y0, z0, t0 = point
    u1, u2 = (z0 + y0) * (z0 - y0) % P, x0 * y0 % P
    _, invsqrt = _sqrt_ratio(1, u1 * u2 * u2 % P)
    den1, den2 = invsqrt * u1 % P, invsqrt * u2 % P
    z_inv = den1 * den2 * t0 % P
    if t0 * z_inv % P & 1:
        x, y, den_inv = y0 * SQRT_M1 % P, x0 * SQRT_M1 % P, den1 * INVSQRT_A_MINUS_D % P
    else:
        x, y, den_inv = x0, y0, den2
    if x * z_inv % P & 1:
        y = -y % P
    return _abs(den_inv * (z0 - y)).to_bytes(32, "little")


def _scalar(wide: bytes) -> int:
    """S-7: 64 bytes, little-endian, reduced; zero is refused."""
    value = int.from_bytes(wide, "little") % L
    if len(wide) != 64 or value == 0:
        raise Refused("KEY_WEAK")
    return value


def _challenge(point: bytes, commitment: bytes, context: bytes) -> int:
    tag = derive.IDENTITY_POINT.encode() + b"\0"
    return int.from_bytes(hashlib.sha512(tag + point + commitment + context).digest(), "little") % L


def point_of(seed: bytes) -> bytes:
    return encode(multiply(_scalar(seed), BASE))


def prove(seed: bytes, context: bytes) -> bytes:
    """R 32 and s 32."""
    nonce = _scalar(derive.key(seed, derive.IDENTITY_POINT_NONCE, [context], 64))
    commitment = encode(multiply(nonce, BASE))
    challenge = _challenge(point_of(seed), commitment, context)
    response = (nonce + challenge * _scalar(seed)) % L
    return commitment + response.to_bytes(32, "little")


def verify(point: bytes, context: bytes, proof: bytes) -> bool:
    """S-7: sB - cP encodes to R, s is below l, neither P nor R is the identity."""
    decoded = decode(point)
    if decoded is None or len(proof) != 64 or point == encode(IDENTITY):
        return False
    response = int.from_bytes(proof[32:], "little")
    if response >= L:
        return False
    challenge = _challenge(point, proof[:32], context)
    reached = add(multiply(response, BASE), multiply(challenge, negate(decoded)))
    return encode(reached) == proof[:32] and proof[:32] != encode(IDENTITY)

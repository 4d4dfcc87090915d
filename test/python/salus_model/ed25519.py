"""Ed25519: the strict predicate of docs/protocol/sealing.md S-1, and ZIP-215 for CometBFT votes."""

import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)

Point = tuple[int, int, int, int]
"""Extended coordinates X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z."""

IDENTITY: Point = (0, 1, 1, 0)


def add(a: Point, b: Point) -> Point:
    """RFC 8032, 5.1.4; complete, so that it doubles too."""
    m = (a[1] - a[0]) * (b[1] - b[0]) % P
    n = (a[1] + a[0]) * (b[1] + b[0]) % P
    c = 2 * a[3] * b[3] * D % P
    d = 2 * a[2] * b[2] % P
    e, f, g, h = n - m, d - c, d + c, n + m
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(scalar: int, point: Point) -> Point:
    result = IDENTITY
    while scalar > 0:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def negate(point: Point) -> Point:
    return (-point[0] % P, point[1], point[2], -point[3] % P)


def equal(a: Point, b: Point) -> bool:
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def _x_of(y: int, sign: int) -> int | None:
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P != 0:
        x = x * SQRT_M1 % P
    if (x * x - square) % P != 0:
        return None
    return x if x & 1 == sign else -x % P


def decompress(data: bytes) -> Point | None:
    """Takes encodings that are not canonical too, as ZIP-215 demands; S-1 refuses them before."""
    encoded = int.from_bytes(data, "little")
    y = (encoded & (2**255 - 1)) % P
    x = _x_of(y, encoded >> 255)
    return None if x is None else (x, y, 1, x * y % P)


def compress(point: Point) -> bytes:
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


_BASE_Y = 4 * pow(5, -1, P) % P
_BASE_X = _x_of(_BASE_Y, 0) or 0
BASE: Point = (_BASE_X, _BASE_Y, 1, _BASE_X * _BASE_Y % P)


def _times8_is_identity(point: Point) -> bool:
    return equal(multiply(8, point), IDENTITY)


def is_strict_point(data: bytes) -> bool:
    """S-1: y below p, and not of small order. Whether it lies on the curve is asked later."""
    if int.from_bytes(data, "little") & (2**255 - 1) >= P:
        return False
    point = decompress(data)
    # Of x = 0 the encoding with the sign bit set decodes to nothing elsewhere: small order all the same.
    return point is None or not _times8_is_identity(point)


def _equation(key: bytes, message: bytes, signature: bytes, cofactor: int) -> bool:
    a, r = decompress(key), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    left = multiply(s, BASE)
    right = add(r, multiply(k, a))
    return equal(multiply(cofactor, left), multiply(cofactor, right))


def verify(key: bytes, message: bytes, signature: bytes) -> bool:
    """S-1: the strict predicate, then the cofactorless equation."""
    if len(key) != 32 or len(signature) != 64:
        return False
    if not is_strict_point(key) or not is_strict_point(signature[:32]):
        return False
    return _equation(key, message, signature, 1)


def verify_vote(key: bytes, message: bytes, signature: bytes) -> bool:
    """ZIP-215: non-canonical points, small order, and the equation times the cofactor."""
    if len(key) != 32 or len(signature) != 64:
        return False
    return _equation(key, message, signature, 8)


def _expand(seed: bytes) -> tuple[int, bytes]:
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little")
    return scalar & ((1 << 254) - 8) | 1 << 254, digest[32:]


def public_key(seed: bytes) -> bytes:
    return compress(multiply(_expand(seed)[0], BASE))


def sign(seed: bytes, message: bytes) -> bytes:
    """RFC 8032, 5.1.6."""
    scalar, prefix = _expand(seed)
    key = compress(multiply(scalar, BASE))
    r = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % L
    commitment = compress(multiply(r, BASE))
    k = int.from_bytes(hashlib.sha512(commitment + key + message).digest(), "little") % L
    return commitment + ((r + k * scalar) % L).to_bytes(32, "little")

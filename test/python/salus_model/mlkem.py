"""ML-KEM-768, FIPS 203: keys from a 64-byte seed, encapsulation with given randomness, decapsulation."""

import hashlib

Q = 3329
K = 3
ETA = 2
DU, DV = 10, 4

Poly = list[int]


def _reverse7(value: int) -> int:
    return int(f"{value:07b}"[::-1], 2)


ZETAS = [pow(17, _reverse7(i), Q) for i in range(128)]
GAMMAS = [pow(17, 2 * _reverse7(i) + 1, Q) for i in range(128)]


def _ntt(f: Poly) -> Poly:
    """Algorithm 9."""
    f, i, length = f[:], 1, 128
    while length >= 2:
        for start in range(0, 256, 2 * length):
            zeta, i = ZETAS[i], i + 1
            for j in range(start, start + length):
                t = zeta * f[j + length] % Q
                f[j], f[j + length] = (f[j] + t) % Q, (f[j] - t) % Q
        length //= 2
    return f


def _inverse_ntt(f: Poly) -> Poly:
    """Algorithm 10."""
    f, i, length = f[:], 127, 2
    while length <= 128:
        for start in range(0, 256, 2 * length):
            zeta, i = ZETAS[i], i - 1
            for j in range(start, start + length):
                t = f[j]
                f[j], f[j + length] = (t + f[j + length]) % Q, zeta * (f[j + length] - t) % Q
        length *= 2
    return [value * 3303 % Q for value in f]


def _multiply(f: Poly, g: Poly) -> Poly:
    """Algorithms 11 and 12."""
    h = []
    for i in range(128):
        a0, a1, b0, b1 = f[2 * i], f[2 * i + 1], g[2 * i], g[2 * i + 1]
        h += [(a0 * b0 + a1 * b1 * GAMMAS[i]) % Q, (a0 * b1 + a1 * b0) % Q]
    return h


def _add(*polys: Poly) -> Poly:
    return [sum(values) % Q for values in zip(*polys)]


def _dot(row: list[Poly], column: list[Poly]) -> Poly:
    return _add(*(_multiply(f, g) for f, g in zip(row, column)))


def _sample_ntt(seed: bytes) -> Poly:
    """Algorithm 7. 1,344 bytes are not enough once in 2^-120 cases."""
    stream, values = hashlib.shake_128(seed).digest(1344), []
    for at in range(0, len(stream), 3):
        low = stream[at] + 256 * (stream[at + 1] % 16)
        high = stream[at + 1] // 16 + 16 * stream[at + 2]
        values += [value for value in (low, high) if value < Q]
        if len(values) >= 256:
            return values[:256]
    raise AssertionError("too few samples")


def _sample_cbd(seed: bytes, counter: int) -> Poly:
    """Algorithm 8 over PRF_2."""
    stream = hashlib.shake_256(seed + bytes([counter])).digest(64 * ETA)
    bits = int.from_bytes(stream, "little")
    nibbles = [bits >> (4 * i) & 15 for i in range(256)]
    return [((n & 1) + (n >> 1 & 1) - (n >> 2 & 1) - (n >> 3)) % Q for n in nibbles]


def _pack(values: Poly, width: int) -> bytes:
    """Algorithm 5."""
    total = sum(value << (width * i) for i, value in enumerate(values))
    return total.to_bytes(32 * width, "little")


def _unpack(data: bytes, width: int) -> Poly:
    """Algorithm 6."""
    total, mask = int.from_bytes(data, "little"), (1 << width) - 1
    values = [total >> (width * i) & mask for i in range(256)]
    return [value % Q for value in values] if width == 12 else values


def _compress(values: Poly, width: int) -> Poly:
    return [((value << (width + 1)) + Q) // (2 * Q) % (1 << width) for value in values]


def _decompress(values: Poly, width: int) -> Poly:
    return [(2 * Q * value + (1 << width)) >> (width + 1) for value in values]


def _matrix(rho: bytes) -> list[list[Poly]]:
    return [[_sample_ntt(rho + bytes([j, i])) for j in range(K)] for i in range(K)]


def _g(data: bytes) -> tuple[bytes, bytes]:
    digest = hashlib.sha3_512(data).digest()
    return digest[:32], digest[32:]


def _h(data: bytes) -> bytes:
    return hashlib.sha3_256(data).digest()


def keys(seed: bytes) -> tuple[bytes, bytes]:
    """Public key 1184 and secret key 2400 of d and z (algorithms 13 and 16)."""
    rho, sigma = _g(seed[:32] + bytes([K]))
    s = [_ntt(_sample_cbd(sigma, n)) for n in range(K)]
    e = [_ntt(_sample_cbd(sigma, K + n)) for n in range(K)]
    t = [_add(_dot(row, s), e[i]) for i, row in enumerate(_matrix(rho))]
    public = b"".join(_pack(poly, 12) for poly in t) + rho
    return public, b"".join(_pack(poly, 12) for poly in s) + public + _h(public) + seed[32:]


def is_reduced(public: bytes) -> bool:
    """FIPS 203, 7.2: length, and no coefficient above q."""
    if len(public) != 1184:
        return False
    parts = [public[384 * i : 384 * i + 384] for i in range(K)]
    return all(_pack(_unpack(part, 12), 12) == part for part in parts)


def _encrypt(public: bytes, message: bytes, randomness: bytes) -> bytes:
    """Algorithm 14."""
    t = [_unpack(public[384 * i : 384 * i + 384], 12) for i in range(K)]
    a = _matrix(public[1152:])
    y = [_ntt(_sample_cbd(randomness, n)) for n in range(K)]
    e1 = [_sample_cbd(randomness, K + n) for n in range(K)]
    u = [_add(_inverse_ntt(_dot([a[j][i] for j in range(K)], y)), e1[i]) for i in range(K)]
    mu = _decompress(_unpack(message, 1), 1)
    v = _add(_inverse_ntt(_dot(t, y)), _sample_cbd(randomness, 2 * K), mu)
    return b"".join(_pack(_compress(poly, DU), DU) for poly in u) + _pack(_compress(v, DV), DV)


def encapsulate(public: bytes, message: bytes) -> tuple[bytes, bytes]:
    """Secret 32 and ciphertext 1088; `message`: the 32 random bytes (algorithm 17)."""
    shared, randomness = _g(message + _h(public))
    return shared, _encrypt(public, message, randomness)


def decapsulate(secret: bytes, ciphertext: bytes) -> bytes:
    """Algorithms 15 and 18: a ciphertext that does not come out again gives a secret nobody knows."""
    s = [_unpack(secret[384 * i : 384 * i + 384], 12) for i in range(K)]
    public, digest, z = secret[1152:2336], secret[2336:2368], secret[2368:]
    parts = [ciphertext[320 * i : 320 * i + 320] for i in range(K)]
    u = [_ntt(_decompress(_unpack(part, DU), DU)) for part in parts]
    v = _decompress(_unpack(ciphertext[960:], DV), DV)
    product = _inverse_ntt(_dot(s, u))
    w = [(a - b) % Q for a, b in zip(v, product)]
    message = _pack(_compress(w, 1), 1)
    shared, randomness = _g(message + digest)
    if _encrypt(public, message, randomness) == ciphertext:
        return shared
    return hashlib.shake_256(z + ciphertext).digest(32)

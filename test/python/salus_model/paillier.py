"""vitals-paillier.md: keys searched, numbers encrypted, added and opened, in whole Python numbers."""

import hashlib
import hmac
import math
from collections.abc import Callable

from . import cbor, derive
from .refused import Refused

PRIME_BITS = 1536
Draw = Callable[[int], bytes]


def chance(seed: bytes) -> Draw:
    """SHA-256(seed | u32 0) | SHA-256(seed | u32 1) ..., each byte used once."""
    state = {"left": b"", "block": 0}

    def draw(length: int) -> bytes:
        while len(state["left"]) < length:
            state["left"] += hashlib.sha256(seed + state["block"].to_bytes(4, "big")).digest()
            state["block"] += 1
        taken, state["left"] = state["left"][:length], state["left"][length:]
        return taken

    return draw


def number(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _small_primes() -> list[int]:
    composite = bytearray(1 << 16)
    found = []
    for n in range(2, 1 << 16):
        if not composite[n]:
            found.append(n)
            composite[n * n :: n] = b"\1" * len(composite[n * n :: n])
    return found


SMALL_PRIMES = _small_primes()
PRIMORIAL = math.prod(SMALL_PRIMES)


def passes_miller_rabin(n: int, base: int) -> bool:
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    power = pow(base, odd, n)
    if power in (1, n - 1):
        return True
    for _ in range(twos - 1):
        power = power * power % n
        if power == n - 1:
            return True
    return False


def is_prime(n: int, draw: Draw) -> bool:
    """By another way than the product's: ten more fixed bases in place of Lucas' test; the drawn bases are the same."""
    if math.gcd(n, PRIMORIAL) != 1 or not passes_miller_rabin(n, 2):
        return False
    if not all(passes_miller_rabin(n, base) for base in SMALL_PRIMES[1:11]):
        return False
    return all(passes_miller_rabin(n, 2 + number(draw(PRIME_BITS // 8 + 16)) % (n - 3)) for _ in range(4))


def find_prime(draw: Draw) -> int:
    """VD-3."""
    while True:
        start = number(draw(PRIME_BITS // 8)) | 3 | 3 << (PRIME_BITS - 2)
        for candidate in range(start, start + 4 * 4096, 4):
            if candidate.bit_length() > PRIME_BITS:
                break
            if is_prime(candidate, draw):
                return candidate


def fit(p: int, q: int) -> bool:
    """VD-1."""
    return abs(p - q) >= 1 << (PRIME_BITS - 100) and math.gcd(p - 1, q - 1) == 2


class Key:
    def __init__(self, p: int, q: int, root: int):
        self.p, self.q, self.root = p, q, root
        self.n = p * q
        self.square = self.n**2
        self.base = pow(root, self.n, self.square)

    @staticmethod
    def search(draw: Draw) -> "Key":
        p, q = find_prime(draw), find_prime(draw)
        while not fit(p, q):
            q = find_prime(draw)
        n = p * q
        x = number(draw(400)) % n
        return Key(p, q, n - x * x % n)

    def secret(self) -> bytes:
        """VD-6."""
        return cbor.encode([self.p.to_bytes(192, "big"), self.q.to_bytes(192, "big"), self.root.to_bytes(384, "big")])

    def encrypt(self, message: int, draw: Draw) -> int:
        """VD-4."""
        if not 0 <= message < self.n:
            raise Refused("SLOT_OVERFLOW")
        return (1 + message * self.n) * pow(self.base, number(draw(192)), self.square) % self.square

    def name(self) -> bytes:
        """VD-21."""
        return derive.labelled(derive.STAT_PAILLIER_KEY, long(self.n), long(self.root))

    def decrypt(self, ciphertext: int) -> int:
        """Paillier's own way, by lambda and without CRT."""
        if not 1 < ciphertext < self.square or math.gcd(ciphertext, self.n) != 1:
            raise Refused("CIPHERTEXT_INVALID")
        order = math.lcm(self.p - 1, self.q - 1)
        return (pow(ciphertext, order, self.square) - 1) // self.n * pow(order, -1, self.n) % self.n


    def public(self, owner: bytes, draw: Draw) -> bytes:
        """VD-14 to VD-16: the key with its proof."""
        n, p, q = self.n, self.p, self.q
        witness = number(draw(400)) % n
        while jacobi(witness, n) != -1:
            witness = number(draw(400)) % n
        seed = challenge_seed(n, self.root, owner, witness)
        order = math.lcm(p - 1, q - 1)
        roots = [pow(challenge(seed, i, n), pow(n, -1, order), n) for i in range(8)]
        fourth_roots, signs = [], 0
        for i in range(128):
            y = challenge(seed, 8 + i, n)
            for sign in range(4):
                value = y * (witness if sign & 2 else 1) * (-1 if sign & 1 else 1) % n
                if pow(value, (p - 1) // 2, p) == 1 and pow(value, (q - 1) // 2, q) == 1:
                    break
            signs |= sign << 2 * i
            choice = hmac.digest(p.to_bytes(192, "big"), seed + i.to_bytes(4, "big"), "sha256")[0]
            halves = [square_root(square_root(value, prime), prime) for prime in (p, q)]
            halves = [-root if choice >> at & 1 else root for at, root in enumerate(halves)]
            fourth_roots.append((halves[1] + q * ((halves[0] - halves[1]) * pow(q, -1, p) % p)) % n)
        proof = [long(witness), b"".join(map(long, roots)), b"".join(map(long, fourth_roots)), signs.to_bytes(32, "little")]
        return cbor.encode([2, 160, long(n), long(self.root), proof])


def long(value: int) -> bytes:
    return value.to_bytes(384, "big")


def square_root(value: int, prime: int) -> int:
    """The one that is a square itself; the prime is 3 modulo 4."""
    return pow(value, (prime + 1) // 4, prime)


def challenge_seed(n: int, root: int, owner: bytes, witness: int) -> bytes:
    """VD-15."""
    return derive.labelled(derive.STAT_KEY_PROOF, long(n), long(root), owner, long(witness))


def challenge(seed: bytes, i: int, n: int) -> int:
    return number(hashlib.shake_256(seed + i.to_bytes(4, "big")).digest(400)) % n


def jacobi(value: int, n: int) -> int:
    value, sign = value % n, 1
    while value:
        while value % 2 == 0:
            value //= 2
            sign = -sign if n % 8 in (3, 5) else sign
        value, n = n, value
        sign = -sign if value % 4 == n % 4 == 3 else sign
        value %= n
    return sign if n == 1 else 0


def proof_holds(encoded: bytes, owner: bytes) -> bool:
    """VD-5 and VD-16."""
    [suite, kind, modulus, root, [w, z, x, signs]] = cbor.decode(encoded)
    n, witness = number(modulus), number(w)
    lengths = [len(it) for it in (modulus, root, w, z, x, signs)]
    if [suite, kind, *lengths] != [2, 160, 384, 384, 384, 8 * 384, 128 * 384, 32]:
        return False
    if n.bit_length() != 3072 or math.gcd(n, PRIMORIAL) != 1 or pow(2, n - 1, n) == 1:
        return False
    if not 1 < number(root) < n - 1 or jacobi(number(root), n) != 1 or witness >= n or jacobi(witness, n) != -1:
        return False
    seed = challenge_seed(n, number(root), owner, witness)
    at = lambda data, i: number(data[384 * i : 384 * i + 384])  # noqa: E731
    if any(at(z, i) >= n or pow(at(z, i), n, n) != challenge(seed, i, n) for i in range(8)):
        return False
    bits = int.from_bytes(signs, "little")
    for i in range(128):
        sign = bits >> 2 * i & 3
        value = challenge(seed, 8 + i, n) * (witness if sign & 2 else 1) * (-1 if sign & 1 else 1)
        if at(x, i) >= n or pow(at(x, i), 4, n) != value % n:
            return False
    return True


def pack(values: list[int], bits: int) -> int:
    """VD-11."""
    return sum(value << bits * place for place, value in enumerate(values))


FIELD = 2**64 - 2**32 + 1


def unpack_sum(packed: int, count: int) -> list[int]:
    """VD-19: the elements that three parts add up to."""
    slots = [packed >> 72 * place & (1 << 72) - 1 for place in range(count)]
    if packed >> 72 * count or max(slots) > 3 * (FIELD - 1):
        raise Refused("SLOT_OVERFLOW")
    return [slot % FIELD for slot in slots]


def part(head: dict, place: int, ciphertext: int) -> bytes:
    """VD-24: `head` has query, selection and key, 32 bytes each."""
    return cbor.encode([2, 161, head["query"], place, head["selection"], head["key"], ciphertext.to_bytes(768, "big")])


def product_of(parts: list[bytes], square: int) -> int:
    """VD-25: of three parts of one question, in their places."""
    read = [cbor.decode(it) for it in parts]
    heads = {(it[2], it[4], it[5]) for it in read}
    if len(heads) != 1 or [it[:2] + [it[3]] for it in read] != [[2, 161, 1], [2, 161, 2], [2, 161, 3]]:
        raise Refused("ANSWERS_DIFFER")
    return math.prod(number(it[6]) for it in read) % square


def signed_numbers(elements: list[int]) -> list[int]:
    """VD-19: above the half they are negative."""
    return [it - FIELD if it > FIELD // 2 else it for it in elements]

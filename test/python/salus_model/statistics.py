"""Questions, noise and masks (docs/protocol/vitals-statistics.md: VQ-1, VQ-10, VQ-17)."""

import hashlib
import hmac
import math

from . import cbor, derive

FIELD = 2**64 - 2**32 + 1


def query_id(manifest: bytes) -> bytes:
    """VQ-1."""
    return derive.labelled(derive.STAT_ASKED, manifest)


def day_digest(pages: list) -> bytes:
    """VQ-8: of the pages of one patient in one batch and day; VQ-34: of those that count."""
    return derive.labelled(derive.STAT_DAY_PAGES, *sorted(pages))


def patient_digest(days: list) -> bytes:
    """VQ-8."""
    return derive.labelled(derive.STAT_PAGES_ASKED, *(day_digest(pages) for pages in days))


def counting(pages: list, query: bytes, most: int) -> list:
    """VQ-7."""
    return sorted(sorted(pages, key=lambda page: derive.labelled(derive.STAT_CONTRIBUTION, query, page))[:most])


def selection(query: bytes, patients: list, most: int) -> bytes:
    """VQ-34. Patients: pseudonym and days, by rising pseudonym."""
    rows = []
    for pseudonym, days in patients:
        pages = [page for day in days for page in day]
        digest = patient_digest(days) if len(pages) <= most else day_digest(counting(pages, query, most))
        rows.append(pseudonym + digest)
    return derive.labelled(derive.STAT_SELECTION, query, *rows)


class Stream:
    """VQ-17: whole numbers below a bound, out of a key, a label and a context."""

    def __init__(self, key: bytes, label: str, context: list):
        self.seed = hmac.digest(key, label.encode() + b"\0" + cbor.encode(context), "sha256")
        self.block, self.number = b"", 0

    def octets(self, length: int) -> bytes:
        while len(self.block) < length:
            block = self.seed + self.number.to_bytes(4, "big")
            self.block += hashlib.shake_256(block).digest(256)
            self.number += 1
        taken, self.block = self.block[:length], self.block[length:]
        return taken

    def below(self, bound: int) -> int:
        if bound <= 1:
            return 0
        bits = (bound - 1).bit_length()
        length = (bits + 7) // 8
        while True:
            value = int.from_bytes(self.octets(length), "big") & ((1 << bits) - 1)
            if value < bound:
                return value


def _exp_up_to_one(chance: Stream, numerator: int, denominator: int) -> bool:
    k = 1
    while chance.below(denominator * k) < numerator:
        k += 1
    return k % 2 == 1


def _exp(chance: Stream, numerator: int, denominator: int) -> bool:
    while numerator > denominator:
        if not _exp_up_to_one(chance, 1, 1):
            return False
        numerator -= denominator
    return _exp_up_to_one(chance, numerator, denominator)


def _laplace(chance: Stream, scale: int) -> int:
    while True:
        rest = chance.below(scale)
        if not _exp(chance, rest, scale):
            continue
        times = 0
        while _exp_up_to_one(chance, 1, 1):
            times += 1
        size = rest + scale * times
        negative = chance.below(2) == 1
        if negative and size == 0:
            continue
        return -size if negative else size


def gaussian(chance: Stream, variance: int) -> int:
    """Canonne, Kamath, Steinke (2020), algorithm 3."""
    scale = math.isqrt(variance) + 1
    while True:
        drawn = _laplace(chance, scale)
        distance = abs(drawn) * scale - variance
        if _exp(chance, distance * distance, 2 * variance * scale * scale):
            return drawn


def noise(key: bytes, query: bytes, variances: list[int]) -> list[int]:
    return [
        gaussian(Stream(key, derive.STAT_NOISE, [query, place]), variance)
        for place, variance in enumerate(variances)
    ]


def mask(following: bytes, previous: bytes, query: bytes, length: int) -> list[int]:
    """VQ-10."""
    ahead, behind = (Stream(key, derive.STAT_ZERO, [query]) for key in (following, previous))
    return [(ahead.below(FIELD) - behind.below(FIELD)) % FIELD for _ in range(length)]

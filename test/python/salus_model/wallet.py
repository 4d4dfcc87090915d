"""Passphrase key and printed code (docs/protocol/wallet.md, W-2 to W-4)."""

import re
import unicodedata

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from . import derive
from .refused import Refused

CONTENT = 50
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def passphrase_key(passphrase: str, memory_kib: int, passes: int, salt: bytes) -> bytes:
    """sealing.md S-6."""
    if not 19_456 <= memory_kib <= 1_048_576 or not 2 <= passes <= 10 or len(salt) != 16:
        raise Refused("WALLET_KDF")
    kdf = Argon2id(salt=salt, length=32, iterations=passes, lanes=1, memory_cost=memory_kib)
    return kdf.derive(unicodedata.normalize("NFKC", passphrase).encode())


def _base32(data: bytes) -> str:
    bits = int.from_bytes(data, "big")
    count = len(data) * 8 // 5
    return "".join(ALPHABET[bits >> (5 * (count - 1 - i)) & 31] for i in range(count))


def _checksum(code: bytes) -> str:
    return _base32(derive.labelled(derive.WALLET_CHECK, code)[:5])[:4]


def format_code(code: bytes) -> str:
    """W-4."""
    return "-".join(re.findall(".{4}", _base32(code) + _checksum(code)))


def parse_code(typed: str) -> bytes:
    clean = re.sub(r"[\s\-\u2013\u2014_.]", "", typed.upper())
    clean = clean.replace("O", "0").replace("I", "1").replace("L", "1")
    if len(clean) != 36 or any(character not in ALPHABET for character in clean[:32]):
        raise Refused("RECOVERY_CODE_WRONG")
    bits = 0
    for character in clean[:32]:
        bits = bits << 5 | ALPHABET.index(character)
    code = bits.to_bytes(20, "big")
    if _checksum(code) != clean[32:]:
        raise Refused("RECOVERY_CODE_WRONG")
    return code

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


def base32(data: bytes) -> str:
    bits = int.from_bytes(data, "big")
    count = len(data) * 8 // 5
    return "".join(ALPHABET[bits >> (5 * (count - 1 - i)) & 31] for i in range(count))


def _checksum(code: bytes) -> str:
    return base32(derive.labelled(derive.WALLET_CHECK, code)[:5])[:4]


def format_code(code: bytes) -> str:
    """W-4."""
    return "-".join(re.findall(".{4}", base32(code) + _checksum(code)))


def typed_letters(typed: str) -> str:
    """W-4: any case, spaces, marks that are not seen, any grouping, O, I and L for digits."""
    seen = "".join(character for character in typed.upper() if unicodedata.category(character) != "Cf")
    clean = re.sub(r"[\s\-\u2013\u2014_.]", "", seen)
    return clean.replace("O", "0").replace("I", "1").replace("L", "1")


def bytes_of(letters: str) -> bytes | None:
    """A multiple of eight letters; none: another character stands there."""
    if any(character not in ALPHABET for character in letters):
        return None
    bits = 0
    for character in letters:
        bits = bits << 5 | ALPHABET.index(character)
    return bits.to_bytes(len(letters) * 5 // 8, "big")


def parse_code(typed: str) -> bytes:
    clean = typed_letters(typed)
    code = bytes_of(clean[:32]) if len(clean) == 36 else None
    if code is None or _checksum(code) != clean[32:]:
        raise Refused("RECOVERY_CODE_WRONG")
    return code

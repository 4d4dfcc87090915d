"""A record in one line: the headline of an item's header (docs/protocol/items.md, I-60 to I-62)."""

from . import cbor, derive, hpke
from .refused import Refused

PLAIN, SEALED = 256, 316
CUTS = {"type": 34, "code": 40, "clinicalDate": 29, "value": 32, "unit": 16, "flag": 8}
MARKS = (
    "absent", "do-not-perform", "entered-in-error", "modified", "not-done", "not-taken", "refuted", "restricted", "withdrawn",
)  # fmt: skip
EMPTY = {name: "" for name in CUTS} | {"version": 1, "name": "", "marks": [], "nameIsFromOutside": True}


def cut(whole: str, most: int) -> str:
    """At a character, with an ellipsis of three bytes; half a character becomes U+FFFD."""
    clean = whole.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if len(clean.encode()) <= most:
        return clean
    return clean.encode()[: most - 3].decode("utf-8", "ignore") + "…"


def plain(line: dict, name: str, record_class: str) -> bytes:
    """I-61, I-62: of what the bytes give, and the head beside it."""
    restricted = record_class == "private"
    marks = set(line["marks"]) | ({"restricted"} if restricted else set())
    outside = (1 if line["nameIsFromOutside"] else 0) + (2 if restricted else 0)
    bits = sum(1 << MARKS.index(mark) for mark in marks)

    def encoded(shown: str) -> bytes:
        texts = {field: cut(line[field], most) for field, most in CUTS.items()}
        ordered = [texts["type"], texts["code"], shown, texts["clinicalDate"], texts["value"], texts["unit"], texts["flag"]]
        return cbor.encode([line["version"], *ordered, bits, outside])

    room = PLAIN - 1 - len(encoded("")) - 1
    whole = encoded(cut(name if line["nameIsFromOutside"] else line["name"], room))
    return (bytes([len(whole)]) + whole).ljust(PLAIN, b"\0")


def read(data: bytes) -> list:
    """Version, type, code, name, date, value, unit, flag, marks, from outside."""
    end = 1 + data[0]
    if len(data) != PLAIN or any(data[end:]):
        raise Refused("HEADLINE_WRONG")
    try:
        fields = cbor.array(cbor.decode(data[1:end]), 10)
        cbor.uint(fields[0], 65_535), cbor.text(fields[3])
        for place, most in zip((1, 2, 4, 5, 6, 7), CUTS.values()):
            if len(cbor.text(fields[place]).encode()) > most:
                raise Refused("HEADLINE_WRONG")
        cbor.uint(fields[8], (1 << len(MARKS)) - 1), cbor.uint(fields[9], 3)
    except Refused:
        raise Refused("HEADLINE_WRONG") from None
    return fields


def _keys(record: bytes, record_key: bytes) -> tuple[bytes, bytes]:
    derived = derive.key(record_key, derive.RECORD_HEADLINE, [record], 64)
    return derived[:32], derived[32:]


def _aad(record: bytes) -> bytes:
    return cbor.encode([2, 60, record])


def seal(record: bytes, record_key: bytes, data: bytes, nonce: bytes) -> bytes:
    """I-60: commitment, nonce, ciphertext, tag."""
    key, commitment = _keys(record, record_key)
    return commitment + hpke.seal_under_key(key, _aad(record), data, nonce)


def open_sealed(record: bytes, record_key: bytes, sealed: bytes) -> bytes:
    key, commitment = _keys(record, record_key)
    if len(sealed) != SEALED or sealed[:32] != commitment:
        raise Refused("CANNOT_OPEN")
    return hpke.open_under_key(key, _aad(record), sealed[32:])

"""An item: header, body, leaf (docs/protocol/items.md, I-20 to I-31)."""

from . import blob_id, cbor, cobblestone, derive, ed25519, headline, hpke, xwing
from .merkle import leaf_hash
from .refused import Refused

ITEM_CORE = 60
CLASSES = {
    "iot": 2, "genetic": 3, "lab": 2, "vital": 2, "medication": 2, "diagnosis": 2,
    "image": 2, "insurance": 1, "summary": 1, "note": 2, "other": 2, "private": 3,
}  # fmt: skip
SEGMENT_WRAP, WRITE_KEY_WRAP, DOUBLE_WRAP = 1, 2, 3


def core(record: bytes) -> list:
    return [2, ITEM_CORE, record]


def body_context(record: bytes) -> bytes:
    return derive.sha256(cbor.encode(core(record)))


def padded_length(length: int) -> int:
    """I-23: at least 4 KiB, then Padmé."""
    length = max(length, 4096)
    exponent = length.bit_length() - 1
    step = 1 << (exponent - exponent.bit_length())
    return -(-length // step) * step


def inside(head: list, data: bytes, author_seed: bytes) -> bytes:
    """I-21: the plaintext of a body."""
    encoded = cbor.encode(head)
    signed = len(encoded).to_bytes(4, "big") + encoded + data
    whole = signed + ed25519.sign(author_seed, derive.message(derive.RECORD_SIGN, signed))
    return whole.ljust(padded_length(len(whole)), b"\0")


def seal_body(record: bytes, record_key: bytes, plaintext: bytes, salt: bytes) -> bytes:
    return cobblestone.seal(record_key, body_context(record), plaintext, salt)


def wrap_aad(record: bytes, epoch: int, kind: int, lock: bytes | None = None) -> bytes:
    """I-26, and I-91 of a wrap inside a double one."""
    return cbor.encode([core(record), epoch, kind] if lock is None else [core(record), epoch, DOUBLE_WRAP, kind, lock])


def double_key(first: bytes, second: bytes, record: bytes) -> bytes:
    """I-90."""
    if len(second) != 32:
        raise Refused("CANNOT_OPEN")
    return derive.key(first + second, derive.RECORD_DOUBLE, [record])


def double_header(header: bytes, kind: int, lock: bytes) -> bytes:
    """I-91: of a header whose wrap was made for this lock."""
    record, epoch, _, wrap, line = read_header(header)
    return cbor.encode([core(record), epoch, DOUBLE_WRAP, cbor.encode([kind, wrap, lock]), line])


def ordinary_wrap(kind: int, wrap: bytes) -> tuple[int, bytes, bytes | None]:
    """Kind 1 or 2, its wrap, and the lock of a double one."""
    if kind != DOUBLE_WRAP:
        return kind, wrap, None
    fields = cbor.array(cbor.decode(wrap), 3)
    lock = cbor.octets(fields[2])
    if len(lock) > 1024:
        raise Refused("CANNOT_OPEN")
    return cbor.uint(fields[0], 2), cbor.octets(fields[1]), lock


def wrap_key(sek: bytes, record: bytes) -> bytes:
    """I-26: also the opening secret of an item with wrap 1."""
    return derive.key(sek, derive.RECORD_WRAP, [record])


SEAL_INFO = derive.info(derive.RECORD_SEAL, [])


def header_by_segment(
    record: bytes, epoch: int, record_key: bytes, sek: bytes, nonce: bytes, line: bytes, lock: bytes | None = None
) -> bytes:
    aad = wrap_aad(record, epoch, SEGMENT_WRAP, lock)
    wrap = hpke.seal_under_key(wrap_key(sek, record), aad, record_key, nonce)
    return cbor.encode([core(record), epoch, SEGMENT_WRAP, wrap, line])


def header_by_write_key(
    record: bytes, epoch: int, record_key: bytes, public: bytes, coins: bytes, line: bytes, lock: bytes | None = None
) -> bytes:
    secret, enc = xwing.encapsulate(public, coins)
    aad = wrap_aad(record, epoch, WRITE_KEY_WRAP, lock)
    wrap = enc + hpke.seal_with_secret(secret, SEAL_INFO, aad, record_key)
    return cbor.encode([core(record), epoch, WRITE_KEY_WRAP, wrap, line])


def read_header(header: bytes) -> tuple[bytes, int, int, bytes, bytes]:
    """Record id, epoch, wrap kind, wrap, headline as it is sealed."""
    fields = cbor.array(cbor.decode(header), 5)
    (record,) = cbor.object_fields(fields[0], ITEM_CORE, 1)
    wrap = cbor.octets(fields[3])
    if len(wrap) > 4096:
        raise Refused("CBOR_SHAPE")
    line = cbor.octets(fields[4], headline.SEALED)
    return cbor.octets(record, 16), cbor.uint(fields[1]), cbor.uint(fields[2], 255), wrap, line


def opening_secret(header: bytes, sek: bytes) -> bytes:
    """I-26: what opens this one item and nothing else."""
    record, _, outer, whole, _ = read_header(header)
    kind, wrap, _ = ordinary_wrap(outer, whole)
    if kind == SEGMENT_WRAP:
        return wrap_key(sek, record)
    if kind != WRITE_KEY_WRAP:
        raise Refused("CANNOT_OPEN")
    return xwing.decapsulate(derive.write_seed(sek), wrap[: xwing.ENC_BYTES])


def record_key(header: bytes, secret: bytes, half: bytes | None = None) -> bytes:
    """I-29, I-92: of a doubly encrypted item the first half must open before anybody is told of the second."""
    record, epoch, outer, whole, _ = read_header(header)
    kind, wrap, lock = ordinary_wrap(outer, whole)
    aad = wrap_aad(record, epoch, kind, lock)
    if kind == SEGMENT_WRAP and len(wrap) == 60:
        first = hpke.open_under_key(secret, aad, wrap)
    elif kind == WRITE_KEY_WRAP and len(wrap) == xwing.ENC_BYTES + 48:
        first = hpke.open_with_secret(secret, SEAL_INFO, aad, wrap[xwing.ENC_BYTES :])
    else:
        raise Refused("CANNOT_OPEN")
    if lock is None:
        return first
    if half is None:
        raise Refused("RECORD_DOUBLE")
    return double_key(first, half, record)


def leaf_content(header: bytes, body: bytes, record_class: str, padded: int) -> bytes:
    """I-27."""
    return cbor.encode([derive.sha256(header), blob_id.of(body), record_class, padded])


def leaf(salt: bytes, content: bytes) -> bytes:
    return leaf_hash(salt + content)


def read_head(data: bytes) -> list:
    """I-21, I-22: ITEM_FORGED for any other shape; what was opened is authentic, so it is its author's doing."""
    try:
        head = cbor.array(cbor.decode(data), 12)
        for value, length in zip(head, (16, 32, 32, 32)):
            cbor.octets(value, length)
        if cbor.text(head[4], 16) not in CLASSES or len(data) > 16 * 1024:
            raise Refused("ITEM_FORGED")
        if cbor.text(head[5], 16) not in CLASSES or head[5] == "private":
            raise Refused("ITEM_FORGED")
        cbor.text(head[6]), cbor.text(head[7]), cbor.optional_octets(head[8], 16)
        cbor.uint(head[9]), cbor.uint(head[10]), cbor.octets(head[11], 32)
    except Refused:
        raise Refused("ITEM_FORGED") from None
    return head


def open_item(row: dict, body: bytes) -> tuple[list, bytes]:
    """I-28 to I-31: believes nothing; `row`: header, leafContent, salt, leaf, account, secret, half. Head and bytes."""
    if leaf(row["salt"], row["leafContent"]) != row["leaf"]:
        raise Refused("PROOF_INVALID")
    fields = cbor.array(cbor.decode(row["leafContent"]), 4)
    record_class, padded = cbor.text(fields[2], 16), cbor.uint(fields[3])
    if record_class not in CLASSES:
        raise Refused("CLASS_UNKNOWN")
    if cbor.octets(fields[0], 32) != derive.sha256(row["header"]):
        raise Refused("ITEM_HEADER_CORRUPT")
    record, *_, line = read_header(row["header"])
    key = record_key(row["header"], row["secret"], row.get("half"))
    if blob_id.of(body) != blob_id.parse(fields[1]):
        raise Refused("BLOB_CORRUPT")
    plain = cobblestone.open_whole(key, body_context(record), body)
    head_end = 4 + int.from_bytes(plain[:4], "big")
    head = read_head(plain[4:head_end])
    data_end = head_end + head[10]
    signed, signature = plain[:data_end], plain[data_end : data_end + 64]
    holds = [head[0], head[1], head[4]] == [record, row["account"], record_class] and (
        record_class in ("private", head[5])
        and len(plain) == padded == padded_length(data_end + 64)
        and not any(plain[data_end + 64 :])
        and ed25519.verify(head[3], derive.message(derive.RECORD_SIGN, signed), signature)
    )
    if not holds:
        raise Refused("ITEM_FORGED")
    try:
        shown = headline.open_sealed(record, key, line)
        headline.read(shown)
    except Refused:
        raise Refused("ITEM_FORGED") from None
    if derive.sha256(shown) != head[11]:
        raise Refused("ITEM_FORGED")
    return head, plain[head_end:data_end]

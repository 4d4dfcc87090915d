"""A chart on its way: rows (docs/protocol/http.md, H-24) and the stream of bodies (H-25, storage.md S-12 to S-17)."""

from . import cbor
from .blob_id import LEAF, varint
from .derive import sha256
from .refused import Refused

CAR_HEAD = bytes.fromhex("19a265726f6f747381d82a4500015500006776657273696f6e01")
LEAF_HEAD, NOTE_HEAD = bytes([1, 0x55, 0x12, 32]), bytes([1, 0x51, 0x12, 32])
WHY = {"erased": 1, "not-stored": 2, "corrupt": 3, "alone": 4}


def rows_answer(head: list, anchors: list[tuple[list, list[bytes], list[list]]]) -> bytes:
    """`head` without its count of anchors; an anchor is what it says up to its count, its siblings and its rows."""
    out = cbor.encode(head + [len(anchors)])
    for said, siblings, rows in anchors:
        out += cbor.encode(said + [siblings, len(rows)])
        out += b"".join(cbor.encode(row) for row in rows)
    return out


def ask(account: bytes, records: list[bytes]) -> bytes:
    return cbor.encode([account, records])


def _section(head: bytes, content: bytes) -> bytes:
    return varint(36 + len(content)) + head + sha256(content) + content


def body_stream(sections: list) -> bytes:
    """A section is a body, or (record, why)."""
    out = CAR_HEAD
    for section in sections:
        if isinstance(section, bytes):
            out += _section(LEAF_HEAD, section)
        else:
            record, why = section
            out += _section(NOTE_HEAD, cbor.encode([record, WHY[why]]))
    return out + _section(NOTE_HEAD, cbor.encode([len(sections)]))


def read_body_stream(stream: bytes) -> list:
    """What a reader takes of it: bodies and (record, why), the last section being their count."""
    if not stream.startswith(CAR_HEAD):
        raise Refused("CAR_INVALID")
    at, read = len(CAR_HEAD), []
    while True:
        length, shift = 0, 0
        while True:
            if at >= len(stream):
                raise Refused("CAR_INVALID")
            byte = stream[at]
            at, length, shift = at + 1, length | (byte & 127) << shift, shift + 7
            if byte < 128:
                break
        head, digest, content = stream[at : at + 4], stream[at + 4 : at + 36], stream[at + 36 : at + length]
        at += length
        if length < 36 or at > len(stream) or length > 36 + LEAF or sha256(content) != digest:
            raise Refused("CAR_INVALID")
        if head == LEAF_HEAD:
            read.append(content)
            continue
        note = cbor.decode(content) if head == NOTE_HEAD else None
        if not isinstance(note, list):
            raise Refused("CAR_INVALID")
        if len(note) == 1:
            if note[0] != len(read) or at != len(stream):
                raise Refused("CAR_INVALID")
            return read
        read.append((note[0], {number: why for why, number in WHY.items()}[note[1]]))

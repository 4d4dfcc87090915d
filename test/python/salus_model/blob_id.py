"""Blob ids: CIDv1 text of the importer profile unixfs-v1-2025 (docs/protocol/storage.md, S-1 to S-3)."""

import base64
import re

from .derive import sha256
from .refused import Refused

LEAF, LINKS = 1024 * 1024, 1024
RAW, DAG_PB = 0x55, 0x70


def _cid(codec: int, digest: bytes) -> bytes:
    return bytes([1, codec, 0x12, 32]) + digest


def _text(cid: bytes) -> str:
    return "b" + base64.b32encode(cid).decode().rstrip("=").lower()


def parse(value: object) -> str:
    if type(value) is not str or not re.fullmatch(r"baf(kre|ybe)i[a-h][a-z2-7]{50}[aeimquy4]", value):
        raise Refused("ID_FORMAT")
    return value


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def _number(field: int, value: int) -> bytes:
    return varint(field * 8) + varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return varint(field * 8 + 2) + varint(len(value)) + value


Link = tuple[bytes, int, int]
"""Binary CID, bytes of the file below, bytes of the tree below."""


def _node(links: list[Link]) -> bytes:
    sizes = [size for _, size, _ in links]
    unixfs = _number(1, 2) + _number(3, sum(sizes)) + b"".join(_number(4, size) for size in sizes)
    pb = [_bytes(1, cid) + _bytes(2, b"") + _number(3, tree) for cid, _, tree in links]
    return b"".join(_bytes(2, link) for link in pb) + _bytes(1, unixfs)


def of(data: bytes) -> str:
    """Up to 1 MiB one raw leaf; above it a balanced tree of dag-pb nodes of up to 1,024 links."""
    leaves = [data[at : at + LEAF] for at in range(0, len(data), LEAF)] or [b""]
    level: list[Link] = [(_cid(RAW, sha256(leaf)), len(leaf), len(leaf)) for leaf in leaves]
    while len(level) > 1:
        groups = [level[at : at + LINKS] for at in range(0, len(level), LINKS)]
        above: list[Link] = []
        for group in groups:
            node = _node(group)
            tree = len(node) + sum(size for _, _, size in group)
            above.append((_cid(DAG_PB, sha256(node)), sum(size for _, size, _ in group), tree))
        level = above
    return _text(level[0][0])

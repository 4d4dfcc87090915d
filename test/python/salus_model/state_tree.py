"""The state: rows, compact sparse Merkle tree, logs, app hash (docs/protocol/state.md, ST-1 to ST-7)."""

from . import cbor, merkle
from .derive import sha256
from .refused import Refused

EMPTY = bytes(32)


def row_key(table: str, row_id: bytes) -> bytes:
    """ST-2."""
    return table.encode() + b"/" + row_id


def window_row(top: int, bits: bytes) -> list:
    return [top, b"" if bits == bytes(32) else bits]


def _bit(key_hash: bytes, depth: int) -> int:
    return key_hash[depth // 8] >> (7 - depth % 8) & 1


def leaf_hash(key_hash: bytes, value_hash: bytes) -> bytes:
    return sha256(b"\0", key_hash, value_hash)


Leaves = list[tuple[bytes, bytes]]
"""Hash of the key, hash of the value."""


def leaves_of(rows: dict[bytes, bytes]) -> Leaves:
    return [(sha256(key), sha256(value)) for key, value in rows.items()]


def root(leaves: Leaves, depth: int = 0) -> bytes:
    """ST-3, ST-4: what a subtree is follows from the leaves under it, in whatever order they came."""
    if len(leaves) == 0:
        return EMPTY
    if len(leaves) == 1:
        return leaf_hash(*leaves[0])
    zeros = [leaf for leaf in leaves if _bit(leaf[0], depth) == 0]
    ones = [leaf for leaf in leaves if _bit(leaf[0], depth) == 1]
    return sha256(b"\1", root(zeros, depth + 1), root(ones, depth + 1))


def prove(leaves: Leaves, key: bytes) -> tuple[list[bytes], list[bytes]]:
    """ST-6: siblings from the root downwards, and the neighbour ([] when there is none)."""
    key_hash, siblings, depth = sha256(key), [], 0
    while len(leaves) > 1:
        bit = _bit(key_hash, depth)
        siblings.append(root([leaf for leaf in leaves if _bit(leaf[0], depth) != bit], depth + 1))
        leaves = [leaf for leaf in leaves if _bit(leaf[0], depth) == bit]
        depth += 1
    is_other = len(leaves) == 1 and leaves[0][0] != key_hash
    return siblings, list(leaves[0]) if is_other else []


def root_of_proof(key: bytes, value: bytes | None, siblings: list[bytes], neighbour: list[bytes]) -> bytes | None:
    """ST-6; None when the proof contradicts the claim in itself."""
    key_hash = sha256(key)
    if len(siblings) > 256:
        return None
    reached = EMPTY
    if value is not None:
        if len(neighbour) > 0:
            return None
        reached = leaf_hash(key_hash, sha256(value))
    elif len(neighbour) > 0:
        if neighbour[0] == key_hash:
            return None
        if any(_bit(neighbour[0], i) != _bit(key_hash, i) for i in range(len(siblings))):
            return None
        reached = leaf_hash(*neighbour)
    for depth in reversed(range(len(siblings))):
        pair = (siblings[depth], reached) if _bit(key_hash, depth) else (reached, siblings[depth])
        reached = sha256(b"\1", *pair)
    return reached


def log_head(tx_ids: list[bytes]) -> tuple[bytes, int]:
    """ST-7: root and size over the ids of accepted transactions of this log."""
    return merkle.root([merkle.leaf_hash(tx_id) for tx_id in tx_ids]), len(tx_ids)


Head = tuple[bytes, int]


def app_hash(state_root: bytes, user: Head, doc: Head) -> bytes:
    """ST-1."""
    sizes = [size.to_bytes(8, "big") for _, size in (user, doc)]
    return sha256(b"\x10", state_root, user[0], sizes[0], doc[0], sizes[1])


def encode_answer(user: Head, doc: Head, siblings: list[bytes], neighbour: list[bytes]) -> bytes:
    """ST-6: the proof that travels."""
    short = [b"" if sibling == EMPTY else sibling for sibling in siblings]
    return cbor.encode([user[0], user[1], doc[0], doc[1], short, neighbour])


def answer_holds(expected: bytes, key: bytes, value: bytes | None, proof: bytes) -> bool:
    """ST-6, for clients: value, or absence, under this app hash. A malformed proof is a plain no."""
    try:
        fields = cbor.array(cbor.decode(proof), 6)
        user = (cbor.octets(fields[0], 32), cbor.uint(fields[1]))
        doc = (cbor.octets(fields[2], 32), cbor.uint(fields[3]))
        siblings = [cbor.optional_octets(part, 32) or EMPTY for part in cbor.array(fields[4])]
        neighbour = [cbor.octets(part, 32) for part in cbor.array(fields[5])]
    except Refused:
        return False
    if len(neighbour) not in (0, 2):
        return False
    reached = root_of_proof(key, value, siblings, neighbour)
    return reached is not None and app_hash(reached, user, doc) == expected

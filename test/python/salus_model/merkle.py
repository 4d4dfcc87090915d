"""RFC 9162 trees: anchors, batches, blocks, logs (docs/protocol: items.md I-27, state.md ST-7, blocks.md B-2)."""

from .derive import sha256


def leaf_hash(content: bytes) -> bytes:
    return sha256(b"\0", content)


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1", left, right)


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def root(leaves: list[bytes]) -> bytes:
    """Over leaf hashes; of none: SHA-256 of nothing."""
    if len(leaves) == 0:
        return sha256()
    if len(leaves) == 1:
        return leaves[0]
    split = _split(len(leaves))
    return node_hash(root(leaves[:split]), root(leaves[split:]))


def inclusion(leaves: list[bytes], index: int) -> list[bytes]:
    """Siblings from the leaf upwards (2.1.3.1)."""
    if len(leaves) <= 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return inclusion(leaves[:split], index) + [root(leaves[split:])]
    return inclusion(leaves[split:], index - split) + [root(leaves[:split])]


def is_included(leaf: bytes, index: int, count: int, path: list[bytes], expected: bytes) -> bool:
    """2.1.3.2, written from above: the way down says on which side each sibling stands."""
    if not 0 <= index < count or any(len(part) != 32 for part in [leaf, *path]):
        return False
    sides = []
    while count > 1:
        split = _split(count)
        is_right = index >= split
        sides.append(is_right)
        index, count = (index - split, count - split) if is_right else (index, split)
    if len(sides) != len(path):
        return False
    reached = leaf
    for is_right, sibling in zip(reversed(sides), path):
        reached = node_hash(sibling, reached) if is_right else node_hash(reached, sibling)
    return reached == expected


def consistency(leaves: list[bytes], size: int) -> list[bytes]:
    """2.1.4.1: that the first `size` leaves are a beginning of all of them."""

    def sub_proof(part: list[bytes], wanted: int, whole: bool) -> list[bytes]:
        if wanted == len(part):
            return [] if whole else [root(part)]
        split = _split(len(part))
        if wanted <= split:
            return sub_proof(part[:split], wanted, whole) + [root(part[split:])]
        return sub_proof(part[split:], wanted - split, False) + [root(part[:split])]

    return [] if size in (0, len(leaves)) else sub_proof(leaves, size, True)

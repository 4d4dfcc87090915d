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


def _climb(known: dict[int, bytes], count: int, shown) -> bytes:
    """From some leaves to the root, level by level; `shown(level, place)` gives what they do not."""
    level = 0
    while count > 1:
        above = {}
        for place in sorted(known):
            if place // 2 in above:
                continue
            left, right = place - place % 2, place - place % 2 + 1
            if right == count:
                above[place // 2] = known[place]
                continue
            pair = [known[at] if at in known else shown(level, at) for at in (left, right)]
            above[place // 2] = node_hash(*pair)
        known, count, level = above, (count + 1) // 2, level + 1
    return known[0]


def multiproof(leaves: list[bytes], indexes: list[int]) -> list[bytes]:
    """The siblings of some leaves together (docs/protocol/receipts.md, R-11)."""
    siblings = []

    def shown(level: int, place: int) -> bytes:
        start, width = place << level, 1 << level
        siblings.append(root(leaves[start : start + width]))
        return siblings[-1]

    _climb({index: leaves[index] for index in indexes}, len(leaves), shown)
    return siblings


def are_included(leaves: list[tuple[int, bytes]], count: int, siblings: list[bytes], expected: bytes) -> bool:
    places = [index for index, _ in leaves]
    if not places or len(places) > 4096 or places != sorted(set(places)) or not 0 <= places[0] <= places[-1] < count:
        return False
    if any(len(part) != 32 for part in siblings + [leaf for _, leaf in leaves]):
        return False
    left = list(siblings)
    reached = _climb(dict(leaves), count, lambda level, place: left.pop(0) if left else bytes(32))
    used_all = not left
    return used_all and reached == expected and multi_count(places, count) == len(siblings)


def multi_count(places: list[int], count: int) -> int:
    """How many siblings a proof of these places has."""
    needed = 0
    while count > 1:
        needed += sum(1 for place in places if place ^ 1 not in places and place ^ 1 < count)
        places, count = sorted({place // 2 for place in places}), (count + 1) // 2
    return needed


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

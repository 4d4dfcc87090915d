"""What a wallet holds: every place of its content, and what may stand there (docs/protocol/wallet.md, W-12)."""

import re

from . import blob_id, cbor, xwing
from .refused import Refused
from .transactions import ROLES
from .wallet import CONTENT

KIND = re.compile(r"[a-z][a-z0-9-]{0,31}")
WING = re.compile(r"[a-z][a-z0-9-]{0,31}(/[a-z0-9-]{1,31})?")
MOST_DRAWERS, MOST_ENTRIES, MOST_KEY, MOST_VALUE = 64, 16 * 1024, 64, 8 * 1024


def size(length: int):
    return lambda value: cbor.octets(value, length)


def or_none(length: int):
    return lambda value: cbor.optional_octets(value, length)


def text(most: int):
    return lambda value: cbor.text(value, most)


def to(most: int):
    def read(value: cbor.Cbor) -> None:
        if cbor.uint(value) > most:
            raise Refused("CBOR_SHAPE")

    return read


def word(words: tuple[str, ...]):
    def read(value: cbor.Cbor) -> None:
        if value not in words:
            raise Refused("CBOR_SHAPE")

    return read


def name(pattern: re.Pattern[str]):
    def read(value: cbor.Cbor) -> None:
        if not pattern.fullmatch(cbor.text(value)):
            raise Refused("CBOR_SHAPE")

    return read


def some(*shapes):
    """A list of entries, each with these places; of single values when there is one shape alone."""

    def read(value: cbor.Cbor) -> None:
        for entry in cbor.array(value):
            struct(*shapes)(entry) if len(shapes) > 1 else shapes[0](entry)

    return read


def at_most(most: int, shape):
    def read(value: cbor.Cbor) -> None:
        if len(cbor.array(value)) > most:
            raise Refused("CBOR_SHAPE")
        shape(value)

    return read


def struct(*shapes):
    def read(value: cbor.Cbor) -> None:
        for place, shape in zip(cbor.array(value, len(shapes)), shapes):
            shape(place)

    return read


ACCOUNT = HASH = SECRET = size(32)
CONSENT = RECORD = SALT = size(16)
KEM_KEY = size(xwing.PUBLIC_BYTES)
ROOT_ID, BYTES, UINT, FLAG = size(8), cbor.octets, cbor.uint, cbor.flag


def blob(value: cbor.Cbor) -> None:
    blob_id.parse(cbor.text(value))


def drawers(value: cbor.Cbor) -> None:
    """W-16: bounded, rising by wing and by key, nothing twice."""
    entry = struct(between(1, MOST_KEY), between(0, MOST_VALUE), FLAG)
    for drawer in cbor.array(value):
        struct(name(WING), some(entry))(drawer)
        rising([key for key, _, _ in drawer[1]], MOST_ENTRIES)
    rising([wing for wing, _ in value], MOST_DRAWERS)


def between(least: int, most: int):
    def read(value: cbor.Cbor) -> None:
        if not least <= len(cbor.octets(value)) <= most:
            raise Refused("CBOR_SHAPE")

    return read


def rising(keys: list, most: int) -> None:
    if len(keys) > most or any(a >= b for a, b in zip(keys, keys[1:])):
        raise Refused("CBOR_SHAPE")


WALLET = {
    "name": text(200),
    "roots": some(ROOT_ID, SECRET, UINT),
    "accounts": some(
        ACCOUNT, ACCOUNT, text(200), word(ROLES), text(50), text(2048), FLAG, some(ROOT_ID, UINT),
        BYTES,
    ),
    "printed": some(SECRET, UINT),
    "codes": some(ACCOUNT, SECRET, KEM_KEY),
    "devices": at_most(256, some(KEM_KEY, text(64), UINT, ROOT_ID, HASH, UINT)),
    "cards": some(ACCOUNT, text(200), BYTES),
    "keySets": some(ACCOUNT, UINT, SALT, ROOT_ID),
    "grants": some(
        ACCOUNT, CONSENT, ACCOUNT, text(200), ACCOUNT, HASH, BYTES, size(32), SECRET, or_none(32),
        UINT, UINT, FLAG, FLAG, UINT, to(2), UINT, UINT,
    ),
    "letters": some(CONSENT, ACCOUNT, ACCOUNT, text(200), BYTES, UINT, FLAG, UINT, UINT),
    "segments": some(CONSENT, text(32), UINT, SECRET),
    "openings": some(CONSENT, RECORD, SECRET),
    "openedSets": some(CONSENT, blob),
    "imports": some(ACCOUNT, RECORD, text(1024), HASH, UINT, UINT, UINT, FLAG, BYTES),
    "erased": some(RECORD),
    "pending": some(
        HASH, ACCOUNT, name(KIND), BYTES, UINT, some(CONSENT), some(RECORD), some(CONSENT, HASH),
        some(ACCOUNT, BYTES),
    ),
    "settled": some(HASH, UINT),
    "trust": some(
        text(50), text(16_384), UINT, HASH, UINT, some(ACCOUNT, text(2048)),
    ),
    "drawers": drawers,
}  # fmt: skip


# W-23: seeds, device root or none, rotations on their way, accounts to be frozen.
LOCAL = struct(
    at_most(32, some(SECRET)), at_most(1, some(ROOT_ID)),
    at_most(32, some(ACCOUNT, struct(ROOT_ID, SECRET, UINT), SECRET)), at_most(32, some(ACCOUNT)),
)  # fmt: skip

# W-2: secret, buckets, shards.
LAYOUT = struct(SECRET, to(4096), at_most(2 * 4096, some(UINT, size(16), SECRET, UINT)))


def read(content: bytes) -> dict[str, cbor.Cbor]:
    """The fields by name; WALLET_INVALID unless every place is as W-12 has it."""
    try:
        (fields,) = cbor.fields_of(content, CONTENT, 1)
        struct(*WALLET.values())(fields)
    except Refused:
        raise Refused("WALLET_INVALID") from None
    return dict(zip(WALLET, fields))


def for_copy(content: bytes) -> bytes:
    """W-5: the index of every import, its last place, is empty."""
    fields = list(read(content).values())
    place = list(WALLET).index("imports")
    fields[place] = [[*entry[:-1], b""] for entry in fields[place]]
    return cbor.encode([2, CONTENT, fields])


# W-2: the lists that lie in shards, in the order in which a shard has them, and what an entry is found by.
SHARDED = {
    "cards": lambda it: it[0].hex(),
    "keySets": lambda it: it[0].hex(),
    "letters": lambda it: it[0].hex(),
    "segments": lambda it: it[0].hex(),
    "openings": lambda it: it[0].hex(),
    "openedSets": lambda it: it[0].hex(),
    "imports": lambda it: it[1].hex(),
    "erased": lambda it: it.hex(),
    "drawers": lambda it: it[0],
}


def without_shards(content: bytes) -> bytes:
    kept = {name: [] if name in SHARDED else value for name, value in read(content).items()}
    return cbor.encode([2, CONTENT, list(kept.values())])


def joined(content: bytes, shards: list[list]) -> dict[str, cbor.Cbor]:
    """The fields with what lay in shards, in the order of ids."""
    fields = dict(read(content))
    for place, (name, id_of) in enumerate(SHARDED.items()):
        fields[name] = sorted([*fields[name], *(it for shard in shards for it in shard[place])], key=id_of)
    return fields

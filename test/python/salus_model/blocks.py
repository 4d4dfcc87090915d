"""Headers, votes, commits, validators (docs/protocol/blocks.md, B-1 to B-3)."""

from dataclasses import dataclass

from . import merkle, protobuf as pb
from .derive import sha256
from .refused import Refused

ABSENT, FOR_BLOCK, FOR_NIL = 1, 2, 3
PRECOMMIT = 2
MAX_VALIDATORS = 10_000
HASHES = (
    "lastCommitHash", "dataHash", "validatorsHash", "nextValidatorsHash", "consensusHash",
    "appHash", "lastResultsHash", "evidenceHash", "proposerAddress",
)  # fmt: skip


def _time(value: tuple[int, int]) -> bytes:
    return pb.number(1, value[0]) + pb.number(2, value[1])


def _read_time(data: bytes) -> tuple[int, int]:
    message = pb.Message(data)
    time = (message.number(1), message.number(2))
    if not 0 <= time[1] <= 999_999_999:
        raise Refused("HEADER_INVALID", "time")
    return time


def time_ms(time: tuple[int, int]) -> int:
    return time[0] * 1000 + time[1] // 1_000_000


BlockId = tuple[bytes, int, bytes]
"""Hash, number of parts, hash of the parts."""


def block_id(value: BlockId) -> bytes:
    return pb.octets(1, value[0]) + pb.nested(2, pb.number(1, value[1]) + pb.octets(2, value[2]))


def _read_block_id(data: bytes) -> BlockId:
    message = pb.Message(data)
    parts = pb.Message(message.octets(2))
    return message.octets(1), parts.number(1), parts.octets(2)


@dataclass
class Header:
    version: tuple[int, int]
    chain: str
    height: int
    time: tuple[int, int]
    last_block_id: BlockId
    hashes: dict[str, bytes]

    def encode(self) -> bytes:
        head = pb.nested(1, pb.number(1, self.version[0]) + pb.number(2, self.version[1]))
        head += pb.text(2, self.chain) + pb.number(3, self.height) + pb.nested(4, _time(self.time))
        head += pb.nested(5, block_id(self.last_block_id))
        return head + b"".join(pb.octets(6 + i, self.hashes[name]) for i, name in enumerate(HASHES))

    def hash(self) -> bytes:
        """B-2: texts, numbers and byte strings inside their wrapper message."""
        fields = [
            pb.number(1, self.version[0]) + pb.number(2, self.version[1]),
            pb.text(1, self.chain),
            pb.number(1, self.height),
            _time(self.time),
            block_id(self.last_block_id),
            *(pb.octets(1, self.hashes[name]) for name in HASHES),
        ]
        return merkle.root([merkle.leaf_hash(field) for field in fields])


def read_header(data: bytes) -> Header:
    message = pb.Message(data)
    version = pb.Message(message.octets(1))
    header = Header(
        (version.number(1), version.number(2)),
        message.text(2),
        message.number(3),
        _read_time(message.octets(4)),
        _read_block_id(message.octets(5)),
        {name: message.octets(6 + i) for i, name in enumerate(HASHES)},
    )
    if header.height < 1 or header.encode() != data:
        raise Refused("HEADER_INVALID", "encoding")
    return header


Vote = tuple[int, bytes, tuple[int, int], bytes]
"""Flag, address 20, time, signature 64."""


@dataclass
class Commit:
    height: int
    round: int
    block_id: BlockId
    votes: list[Vote]

    def encode(self) -> bytes:
        head = pb.number(1, self.height) + pb.number(2, self.round)
        head += pb.nested(3, block_id(self.block_id))
        return head + b"".join(pb.nested(4, _vote(vote)) for vote in self.votes)

    def hash(self) -> bytes:
        return merkle.root([merkle.leaf_hash(_vote(vote)) for vote in self.votes])

    def sign_bytes(self, chain: str, vote: Vote) -> bytes:
        """B-3: the length-delimited CanonicalVote; a vote for nil names no block."""
        flag, _, time, _ = vote
        message = pb.number(1, PRECOMMIT) + pb.sfixed64(2, self.height) + pb.sfixed64(3, self.round)
        if flag == FOR_BLOCK:
            message += pb.nested(4, block_id(self.block_id))
        message += pb.nested(5, _time(time)) + pb.text(6, chain)
        return pb.varint(len(message)) + message


def _vote(vote: Vote) -> bytes:
    flag, address, time, signature = vote
    return pb.number(1, flag) + pb.octets(2, address) + pb.nested(3, _time(time)) + pb.octets(4, signature)


def read_commit(data: bytes) -> Commit:
    message = pb.Message(data)
    if len(message.all(4)) > MAX_VALIDATORS:
        raise Refused("HEADER_INVALID", "votes")
    votes = [
        (vote.number(1), vote.octets(2), _read_time(vote.octets(3)), vote.octets(4))
        for vote in map(pb.Message, message.all(4))
    ]
    commit = Commit(message.number(1), message.number(2), _read_block_id(message.octets(3)), votes)
    if commit.height < 1 or commit.round < 0 or commit.encode() != data:
        raise Refused("HEADER_INVALID", "encoding")
    return commit


def address(key: bytes) -> bytes:
    return sha256(key)[:20]


def validators_hash(validators: list[tuple[bytes, int]]) -> bytes:
    leaves = [pb.nested(1, pb.octets(1, key)) + pb.number(2, power) for key, power in validators]
    return merkle.root([merkle.leaf_hash(leaf) for leaf in leaves])

"""Identities, acts, transactions (docs/protocol: acts.md ID-1 to ID-5, transactions.md T-1 to T-3)."""

from . import blob_id, cbor, derive, ed25519, ristretto
from .refused import Refused

TX_BODY = 1
MAX_TX_BYTES, MAX_ACTS = 65_536, 16
ROLES = (
    "patient", "clinician", "nurse", "pharmacist", "lab", "insurer", "researcher", "device",
    "auditor", "security-officer", "operator", "organisation", "data-server",
)  # fmt: skip
BATCH_KINDS = ("refusal", "erased", "deferred")
ROTATION = "rotation"


def identity(seeds: tuple[bytes, bytes], kem_key: bytes, recovery: bytes, bound: list) -> list:
    """ID-1 to ID-5. `seeds`: Ed25519 seed, point seed 64; `bound`: chain id, organisation, role."""
    sign_seed, point_seed = seeds
    key = ed25519.public_key(sign_seed)
    proof = ristretto.prove(point_seed, point_context(key))
    fields = [2, key, kem_key, ristretto.point_of(point_seed), recovery, proof]
    message = derive.message(derive.IDENTITY_SIGN, cbor.encode([*fields, *bound]))
    return [*fields, ed25519.sign(sign_seed, message)]


def point_context(key: bytes) -> bytes:
    return derive.info(derive.IDENTITY_POINT, [2, key])


def identity_holds(fields: list, bound: list) -> bool:
    """ID-3, ID-5: signature and proof of the point."""
    _, key, _, point, _, proof, signature = fields
    message = derive.message(derive.IDENTITY_SIGN, cbor.encode([*fields[:6], *bound]))
    signed = ed25519.verify(key, message, signature)
    return signed and ristretto.verify(point, point_context(key), proof)


def read_identity(value: cbor.Cbor) -> list:
    fields = cbor.array(value, 7)
    if cbor.uint(fields[0]) != 2:
        raise Refused("SUITE_UNKNOWN")
    for field, length in zip(fields[1:], (32, 1216, 32, 32, 64, 64)):
        cbor.octets(field, length)
    return fields


def _one_of(words: tuple[str, ...], code: str):
    def read(value: cbor.Cbor) -> None:
        if cbor.text(value, 32) not in words:
            raise Refused(code)

    return read


def _bytes(length: int):
    return lambda value: cbor.octets(value, length)


def _optional(length: int):
    return lambda value: cbor.optional_octets(value, length)


def _pairs(first, second):
    def read(value: cbor.Cbor) -> None:
        for entry in cbor.array(value):
            a, b = cbor.array(entry, 2)
            first(a), second(b)

    return read


def _blob(value: cbor.Cbor) -> None:
    blob_id.parse(cbor.text(value, 59))


def _log(value: cbor.Cbor) -> None:
    if value not in ("user", "doc"):
        raise Refused("CBOR_SHAPE")


def _act_numbers(value: cbor.Cbor) -> None:
    numbers = cbor.array(value)
    if not 1 <= len(numbers) <= 255 or any(cbor.uint(number) > 255 for number in numbers):
        raise Refused("CBOR_SHAPE")


def _approvals(value: cbor.Cbor) -> None:
    entries = cbor.array(value)
    if len(entries) > 1_000:
        raise Refused("CBOR_SHAPE")
    for entry in entries:
        for field, length in zip(cbor.array(entry, 3), (32, 32, 64)):
            cbor.octets(field, length)


def profile_message(chain: str, log: str, acts: list, version: int, from_height: int) -> bytes:
    """A-9: what an organisation signs."""
    return derive.message(derive.PROFILE_SIGN, cbor.encode([chain, log, acts, version, from_height]))


RIGHTS = ("enrol", "serve", "batch", "stat")
GOVERNANCE_MS = 14 * 86_400_000


def _rights(value: cbor.Cbor) -> None:
    words = cbor.array(value)
    if len(words) > 32 or any(word not in RIGHTS for word in words):
        raise Refused("CBOR_SHAPE")


STAT_PURPOSES = ("research", "trial", "public-health", "quality")
QUARTER_MS = 90 * 86_400_000


def _text(length: int):
    return lambda value: cbor.text(value, length)


def _flag(value: cbor.Cbor) -> None:
    if not isinstance(value, bool):
        raise Refused("CBOR_SHAPE")


CHANGES = {
    1: (_bytes(32), _bytes(32)),
    2: (_bytes(32),),
    3: (read_identity, _text(100), _text(200), _rights),
    4: (_bytes(32),),
    5: (_bytes(32), _text(100), _text(200), _rights),
    6: (_log, _act_numbers, cbor.uint),
    7: (_bytes(32), read_identity),
}
"""governance.md: number of a change to the readers of its fields."""


def _change(value: cbor.Cbor) -> None:
    fields = cbor.array(value)
    readers = CHANGES.get(fields[0]) if len(fields) > 0 else None
    if readers is None or len(fields) != 1 + len(readers):
        raise Refused("CBOR_SHAPE")
    for field, read in zip(fields[1:], readers):
        read(field)


def _list_of(read, least: int, most: int):
    def check(value: cbor.Cbor) -> None:
        entries = cbor.array(value)
        if not least <= len(entries) <= most:
            raise Refused("CBOR_SHAPE")
        for entry in entries:
            read(entry)

    return check


def _key_and_signature(value: cbor.Cbor) -> None:
    key, signature = cbor.array(value, 2)
    cbor.octets(key, 32), cbor.octets(signature, 64)


_purpose = _one_of(STAT_PURPOSES, "CBOR_SHAPE")
_incident = _one_of(("tampering", "write-attempt", "set-back", "lost", "lied"), "CBOR_SHAPE")
_roots = _list_of(_bytes(32), 0, 256)


def trio_id(servers: list[bytes]) -> bytes:
    """VL-3."""
    return derive.labelled(derive.STAT_TRIO, cbor.encode(servers))


def proposal_id(chain: str, proposer: bytes, number: int, change: list) -> bytes:
    """GV-2."""
    content = cbor.encode([chain, proposer, number, change])
    return derive.labelled(derive.GOVERNANCE_PROPOSAL, content)


def quorum(members: int) -> int:
    """GV-5."""
    return 2 * members // 3 + 1


ACTS = {
    1: (read_identity, _one_of(ROLES, "ROLE_UNKNOWN"), _bytes(32)),
    2: (read_identity, _optional(32), _optional(32), cbor.uint),
    3: (_bytes(32),),
    4: (cbor.uint, _bytes(16), _pairs(cbor.uint, cbor.uint), _blob, _blob),
    5: (_bytes(32),),
    6: (_bytes(32), _optional(32)),
    10: (_bytes(16), _bytes(32), cbor.uint, cbor.uint, _optional(32)),
    11: (_bytes(16),),
    12: (_bytes(16), _bytes(32)),
    20: (_optional(16), cbor.uint, _bytes(32), cbor.uint),
    21: (_bytes(16), cbor.uint, _bytes(32), cbor.uint),
    30: (_pairs(_bytes(16), _bytes(32)),),
    31: (_one_of(BATCH_KINDS, "BATCH_KIND"), _bytes(32), cbor.uint, cbor.uint, cbor.uint),
    40: (
        _bytes(16), cbor.uint, cbor.uint, cbor.uint, _list_of(_bytes(32), 3, 3), cbor.uint, cbor.uint,
        cbor.uint, cbor.uint, _list_of(_purpose, 0, 4),
    ),
    41: (_bytes(16), _bytes(16), _bytes(32), _purpose, cbor.uint, cbor.uint),
    42: (_bytes(16),),
    43: (
        _bytes(32), cbor.uint, _bytes(32), cbor.uint, cbor.uint, cbor.uint,
        _list_of(_key_and_signature, 3, 3),
    ),
    44: (_bytes(16), _bytes(16), _purpose, _bytes(32), cbor.uint, cbor.uint),
    45: (_bytes(32), _bytes(32), _bytes(32)),
    46: (_bytes(32), _bytes(32), _bytes(32), cbor.uint, cbor.uint),
    47: (_bytes(32), _bytes(32), cbor.uint, _roots),
    48: (_bytes(32), _incident),
    49: (_bytes(16),),
    70: (cbor.uint, _change),
    71: (_bytes(32), _flag),
    72: (_log, _act_numbers, cbor.uint, cbor.uint, _approvals),
}
"""acts.md: number to the readers of its fields."""


def read_act(value: cbor.Cbor) -> list:
    act = cbor.array(value)
    number = cbor.uint(act[0]) if len(act) > 0 else None
    if number is None:
        raise Refused("CBOR_SHAPE")
    if number not in ACTS:
        raise Refused("TYPE_UNKNOWN")
    if len(act) != 1 + len(ACTS[number]):
        raise Refused("CBOR_SHAPE")
    for field, read in zip(act[1:], ACTS[number]):
        read(field)
    return act


def tx_body(chain: str, log: str, sender: bytes, nonce: int, valid_until: int, acts: list) -> list:
    """T-1."""
    return [2, TX_BODY, chain, log, sender, nonce, valid_until, acts]


def sign_tx(body: list, *seeds: bytes) -> bytes:
    """T-1, T-3: the transaction as it travels."""
    message = derive.message(derive.TX_SIGN, cbor.encode(body))
    return cbor.encode([body, [[ed25519.public_key(seed), ed25519.sign(seed, message)] for seed in seeds]])


def read_tx(data: bytes) -> tuple[list, list]:
    """Body and signatures; the signatures are not judged here."""
    if len(data) > MAX_TX_BYTES:
        raise Refused("TX_TOO_LARGE")
    body, signatures = cbor.array(cbor.decode(data), 2)
    for entry in cbor.array(signatures):
        key, signature = cbor.array(entry, 2)
        cbor.octets(key, 32), cbor.octets(signature, 64)
    if len(signatures) != 1:
        raise Refused("CBOR_SHAPE")
    fields = cbor.array(body, 8)
    if cbor.uint(fields[0]) != 2:
        raise Refused("SUITE_UNKNOWN")
    if cbor.uint(fields[1]) != TX_BODY:
        raise Refused("TYPE_UNKNOWN")
    acts = [read_act(act) for act in cbor.array(fields[7])]
    if not 1 <= len(acts) <= MAX_ACTS:
        raise Refused("CBOR_SHAPE")
    cbor.text(fields[2], 50)
    if fields[3] not in ("user", "doc"):
        raise Refused("CBOR_SHAPE")
    cbor.octets(fields[4], 32), cbor.uint(fields[5]), cbor.uint(fields[6])
    return fields, signatures


def tx_holds(data: bytes) -> bool:
    body, signatures = read_tx(data)
    message = derive.message(derive.TX_SIGN, cbor.encode(body))
    return all(ed25519.verify(key, message, signature) for key, signature in signatures)

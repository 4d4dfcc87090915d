"""Grant bodies, letters, read requests (docs/protocol: objects.md O-1 to O-4, grants.md G-4)."""

from . import cbor, derive, ed25519, hpke
from .item import CLASSES
from .refused import Refused

GRANT_BODY, LETTER, READ_REQUEST = 40, 41, 42
PURPOSES = ("TREAT", "ETREAT", "HPAYMT", "HRESCH", "FAMRQT", "PATRQT", "HOPERAT")


def signed(label: str, seed: bytes, data: bytes) -> bytes:
    """O-1: how signed objects travel."""
    return cbor.encode([data, ed25519.sign(seed, derive.message(label, data))])


def read_signed(label: str, travelling: bytes, key: bytes) -> bytes:
    fields = cbor.array(cbor.decode(travelling), 2)
    data, signature = cbor.octets(fields[0]), cbor.octets(fields[1], 64)
    if not ed25519.verify(key, derive.message(label, data), signature):
        raise Refused("SIGNATURE_WRONG")
    return data


def grant_body(body: dict) -> bytes:
    """O-3."""
    return cbor.encode([
        2, GRANT_BODY, body["account"], body["grantee"], body["readClasses"], body["recordIds"],
        body["fromMs"], body["writeClasses"], body["purposes"], [],
    ])  # fmt: skip


def read_grant_body(data: bytes) -> dict:
    """An unknown condition, class or purpose is refused: what is not known counts as no."""
    fields = cbor.fields_of(data, GRANT_BODY, 8)
    if len(cbor.array(fields[7])) > 0:
        raise Refused("CONDITION_UNKNOWN")
    records = [cbor.octets(record, 16) for record in cbor.array(fields[3])]
    if len(records) > 1000:
        raise Refused("CBOR_SHAPE")
    classes = [[cbor.text(name, 16) for name in cbor.array(part)] for part in (fields[2], fields[5])]
    if any(name not in CLASSES for part in classes for name in part):
        raise Refused("CLASS_UNKNOWN")
    purposes = [cbor.text(purpose, 16) for purpose in cbor.array(fields[6])]
    if any(purpose not in PURPOSES for purpose in purposes):
        raise Refused("PURPOSE_UNKNOWN")
    return {
        "account": cbor.octets(fields[0], 32),
        "grantee": cbor.octets(fields[1], 32),
        "readClasses": classes[0],
        "recordIds": records,
        "fromMs": cbor.uint(fields[4]),
        "writeClasses": classes[1],
        "purposes": purposes,
    }


def grant_body_hash(salt: bytes, body: bytes) -> bytes:
    """C-1: what ConsentGrant shows."""
    return derive.labelled(derive.CONSENT_BODY, salt, body)


def letter(owner_seed: bytes, fields: list) -> bytes:
    """G-4, as it travels: consent, body, salt, tag key, write seed, notBefore, notAfter, card."""
    return signed(derive.LETTER_SIGN, owner_seed, cbor.encode([2, LETTER, *fields]))


def seal_letter(kem_key: bytes, grantee: bytes, travelling: bytes, coins: bytes) -> bytes:
    return hpke.seal_to(kem_key, derive.LETTER_SEAL, [grantee], b"", travelling, coins)


def open_letter(kem_seed: bytes, grantee: bytes, sealed: bytes) -> bytes:
    return hpke.open_with(kem_seed, derive.LETTER_SEAL, [grantee], b"", sealed)


def read_request(request: dict) -> bytes:
    """O-4."""
    return cbor.encode([
        2, READ_REQUEST, request["chainId"], request["organisation"], request["consent"],
        request["grantBody"], request["grantSalt"], request["what"], request["purpose"],
        request["nonce"], request["issuedMs"], request["reader"], request["readerKey"],
    ])  # fmt: skip


def entry_hash(salt: bytes, signed_request: bytes) -> bytes:
    """O-4: the entry of AccessLog."""
    return derive.labelled(derive.READ_ENTRY, salt, signed_request)


def next_look(chain: bytes, entry: bytes) -> bytes:
    """C-8: the chain over the entries of a consent."""
    return derive.labelled(derive.READ_CHAIN, chain, entry)

"""Grant bodies, letters, read requests questions (docs/protocol: http.md H-4, reading.md
R-1 to R-4, consent.md C-1, grants.md G-4 and G-18)."""

from collections.abc import Collection

from . import cbor, derive, ed25519, hpke
from .item import CLASSES
from .refused import Refused

GRANT_BODY, LETTER, READ_REQUEST, ASK = 40, 41, 42, 64
PURPOSES = ("TREAT", "ETREAT", "HPAYMT", "HRESCH", "FAMRQT", "PATRQT", "HOPERAT")


def signed(label: str, seed: bytes, data: bytes) -> bytes:
    """H-4: how signed objects travel."""
    return cbor.encode([data, ed25519.sign(seed, derive.message(label, data))])


def read_signed(label: str, travelling: bytes, key: bytes) -> bytes:
    fields = cbor.array(cbor.decode(travelling), 2)
    data, signature = cbor.octets(fields[0]), cbor.octets(fields[1], 64)
    if not ed25519.verify(key, derive.message(label, data), signature):
        raise Refused("SIGNATURE_WRONG")
    return data


def grant_body(body: dict) -> bytes:
    """reading.md R-1."""
    return cbor.encode([
        2, GRANT_BODY, body["account"], body["grantee"], body["readClasses"], body["recordIds"],
        body["fromMs"], body["writeClasses"], body["purposes"], [],
    ])  # fmt: skip


def read_grant_body(data: bytes) -> dict:
    """An unknown condition, class or purpose is refused: what is not known counts as no."""
    fields = cbor.fields_of(data, GRANT_BODY, 8)
    if len(cbor.array(fields[7])) > 0:
        raise Refused("CONDITION_UNKNOWN")
    if len(cbor.array(fields[3])) > 1000:
        raise Refused("CBOR_SHAPE")
    return {
        "account": cbor.octets(fields[0], 32),
        "grantee": cbor.octets(fields[1], 32),
        "readClasses": _words(fields[2], CLASSES, "CLASS_UNKNOWN"),
        "recordIds": [cbor.octets(record, 16) for record in fields[3]],
        "fromMs": cbor.uint(fields[4]),
        "writeClasses": _words(fields[5], CLASSES, "CLASS_UNKNOWN"),
        "purposes": _words(fields[6], PURPOSES, "PURPOSE_UNKNOWN"),
    }


def _words(value: cbor.Cbor, known: Collection[str], code: str) -> list[str]:
    words = []
    for word in cbor.array(value):
        if cbor.text(word, 16) not in known:
            raise Refused(code)
        words.append(word)
    return words


def grant_body_hash(salt: bytes, body: bytes) -> bytes:
    """C-1: what ConsentGrant shows."""
    return derive.labelled(derive.CONSENT_BODY, salt, body)


def letter(owner_seed: bytes, fields: list) -> bytes:
    """G-4, as it travels: consent, body, salt, tag key, write seed, notBefore, notAfter, card, and unless both are 0
    the generations of owner and grantee."""
    return signed(derive.LETTER_SIGN, owner_seed, cbor.encode([2, LETTER, *fields]))


def seal_letter(kem_key: bytes, grantee: bytes, travelling: bytes, coins: bytes) -> bytes:
    return hpke.seal_to(kem_key, derive.LETTER_SEAL, [grantee], b"", travelling, coins)


def open_letter(kem_seed: bytes, grantee: bytes, sealed: bytes) -> bytes:
    return hpke.open_with(kem_seed, derive.LETTER_SEAL, [grantee], b"", sealed)


def ask(question: list, card: bytes) -> bytes:
    """G-18: [1, classes, purpose, days], [2] or [3]."""
    return cbor.encode([2, ASK, question, card])


def read_ask(data: bytes) -> tuple[list, bytes]:
    question, card = cbor.fields_of(data, ASK, 2)
    kind, *asked = cbor.array(question) or [None]
    if kind == 1:
        classes, purpose, days = cbor.array(asked, 3)
        if len(cbor.array(classes)) > 11:
            raise Refused("CBOR_SHAPE")
        _words(classes, [name for name in CLASSES if name != "private"], "CLASS_UNKNOWN")
        _words([purpose], PURPOSES, "PURPOSE_UNKNOWN")
        if not 1 <= cbor.uint(days) <= 366:
            raise Refused("CBOR_SHAPE")
    elif kind not in (2, 3) or asked:
        raise Refused("CBOR_SHAPE")
    if not 1 <= len(cbor.octets(card)) <= 2048:
        raise Refused("CBOR_SHAPE")
    return question, card


def read_request(request: dict) -> bytes:
    """reading.md R-4."""
    return cbor.encode([
        2, READ_REQUEST, request["chainId"], request["organisation"], request["consent"],
        request["grantBody"], request["grantSalt"], request["what"], request["purpose"],
        request["nonce"], request["issuedMs"], request["reader"], request["readerKey"],
    ])  # fmt: skip


def entry_hash(salt: bytes, signed_request: bytes) -> bytes:
    """reading.md R-7: the entry of AccessLog."""
    return derive.labelled(derive.READ_ENTRY, salt, signed_request)


def next_look(chain: bytes, entry: bytes) -> bytes:
    """C-8: the chain over the entries of a consent."""
    return derive.labelled(derive.READ_CHAIN, chain, entry)

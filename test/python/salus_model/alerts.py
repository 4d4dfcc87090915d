"""Codes that confirm mail addresses, and the choice that has one (docs/protocol/alerts.md, AL-20)."""

import hmac
import re

from . import cbor, derive
from .refused import Refused
from .wallet import base32, bytes_of, typed_letters

CHOICE = 140


def code_key_id(outbox_key: bytes) -> bytes:
    return derive.key(outbox_key, derive.ALERTS_CONFIRM_ID, [], 16)


def code(outbox_key: bytes, account: bytes, address: str) -> bytes:
    key = derive.key(outbox_key, derive.ALERTS_CONFIRM_KEY, [])
    return hmac.digest(key, derive.info(derive.ALERTS_CONFIRM, [account, address]), "sha256")[:5]


def _check(key_id: bytes, of_code: bytes, account: bytes, address: str) -> str:
    said = derive.info(derive.ALERTS_CONFIRM_CHECK, [key_id, of_code, account, address])
    return base32(derive.sha256(said)[:5])[:4]


def shown(key_id: bytes, of_code: bytes, account: bytes, address: str) -> str:
    return "-".join(re.findall(".{4}", base32(of_code) + _check(key_id, of_code, account, address)))


def read(key_id: bytes, typed: str, account: bytes, address: str) -> bytes:
    clean = typed_letters(typed)
    found = bytes_of(clean[:8]) if len(clean) == 12 else None
    if found is None or _check(key_id, found, account, address) != clean[8:]:
        raise Refused("ALERT_CODE_WRONG")
    return found


def with_code(choice: bytes, of_code: bytes) -> bytes:
    """Of a choice without a code: the same, confirmed."""
    fields = cbor.decode(choice)
    assert fields[:2] == [2, CHOICE] and len(fields) == 12
    return cbor.encode([*fields, of_code])

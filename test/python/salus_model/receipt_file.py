"""Reading trust roots and receipts (docs/protocol/receipts.md, R-5, R-6, R-9)."""

import json
import re
from dataclasses import dataclass

from . import blocks, cbor
from .refused import Refused

RECEIPT = 20
MAX_LIST, MAX_PATH = 1000, 53


@dataclass
class Signed:
    header: blocks.Header
    commit: blocks.Commit
    validators: list[tuple[bytes, int]]


def parse_trust_root(text: str) -> dict:
    """R-5. A number like 1.0 counts as whole: JSON does not tell it from 1."""
    wrong = Refused("TRUST_ROOT_WRONG")
    try:
        root = json.loads(text)
    except ValueError:
        raise wrong from None
    names = {"chain", "genesisHash", "height", "headerHash", "validatorsHash", "witnesses"}
    if not isinstance(root, dict) or set(root) - {"quorum"} != names:
        raise wrong
    height, witnesses = root["height"], root["witnesses"]
    if type(root["chain"]) is not str or not 1 <= len(root["chain"]) <= 50:
        raise wrong
    if type(height) not in (int, float) or height != int(height) or not 1 <= height <= cbor.MAX_UINT:
        raise wrong
    if type(witnesses) is not list or len(witnesses) > 100:
        raise wrong
    for value in (*witnesses, root["genesisHash"], root["headerHash"], root["validatorsHash"]):
        if type(value) is not str or not re.fullmatch("[0-9a-f]{64}", value):
            raise wrong
    if len(set(witnesses)) != len(witnesses):
        raise wrong
    if "quorum" in root:
        quorum = root["quorum"]
        if type(quorum) not in (int, float) or quorum != int(quorum) or not 1 <= quorum <= len(witnesses):
            raise wrong
    return root


def _read_signed(value: cbor.Cbor) -> Signed:
    header, commit, validators = cbor.array(value, 3)
    if len(cbor.array(validators)) > blocks.MAX_VALIDATORS:
        raise Refused("CBOR_SHAPE")
    pairs = [cbor.array(entry, 2) for entry in validators]
    return Signed(
        blocks.read_header(cbor.octets(header)),
        blocks.read_commit(cbor.octets(commit)),
        [(cbor.octets(key, 32), cbor.uint(power)) for key, power in pairs],
    )


def _read_path(value: cbor.Cbor) -> list[bytes]:
    if len(cbor.array(value)) > MAX_PATH:
        raise Refused("CBOR_SHAPE")
    return [cbor.octets(part, 32) for part in value]


def _read_claim(data: bytes) -> list:
    """R-9."""
    claim = cbor.array(cbor.decode(data))
    kind = cbor.text(claim[0] if len(claim) > 0 else None)
    if kind not in ("entry", "leaf"):
        raise Refused("TYPE_UNKNOWN")
    cbor.array(claim, 5 if kind == "entry" else 6)
    if kind == "entry":
        cbor.uint(claim[1]), cbor.uint(claim[2]), cbor.octets(claim[3], 32), cbor.octets(claim[4])
    else:
        cbor.uint(claim[1]), cbor.octets(claim[2], 32), cbor.octets(claim[3]), cbor.uint(claim[4])
        _read_path(claim[5])
    return claim


def read(data: bytes) -> dict:
    fields = cbor.fields_of(data, RECEIPT, 12)
    code, answer = cbor.array(fields[4], 2)
    if len(cbor.array(fields[9])) > MAX_LIST or len(cbor.array(fields[10])) > MAX_LIST:
        raise Refused("CBOR_SHAPE")
    witnesses = [cbor.array(entry, 2) for entry in fields[9]]
    return {
        "tx": cbor.octets(fields[0]),
        "height": cbor.uint(fields[1]),
        "index": cbor.uint(fields[2]),
        "count": cbor.uint(fields[3]),
        "code": cbor.uint(code),
        "data": cbor.octets(answer),
        "txPath": _read_path(fields[5]),
        "resultPath": _read_path(fields[6]),
        "header": blocks.read_header(cbor.octets(fields[7])),
        "next": _read_signed(fields[8]),
        "witnesses": [(cbor.octets(key, 32), cbor.octets(sig, 64)) for key, sig in witnesses],
        "changes": [_read_signed(change) for change in fields[10]],
        "claim": None if fields[11] is None else _read_claim(cbor.octets(fields[11])),
    }

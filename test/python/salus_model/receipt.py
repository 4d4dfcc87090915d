"""Receipts and trust roots, checked offline (docs/protocol/receipts.md, R-1, R-5 to R-9)."""

import json
import re
from dataclasses import dataclass

from . import blocks, cbor, derive, ed25519, merkle, protobuf as pb, transactions
from .refused import Refused

RECEIPT = 20
MAX_BYTES, MAX_LIST, MAX_PATH, MAX_POWER = 4 * 1024 * 1024, 1000, 53, 2**50


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
    if not isinstance(root, dict) or set(root) != names:
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


def _read(data: bytes) -> dict:
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


def _invalid(reason: str) -> Refused:
    return Refused("RECEIPT_INVALID", reason)


def verify_signed(parts: Signed, chain: str) -> tuple[int, int]:
    """R-1: how many of how many signed."""
    header, commit, validators = parts.header, parts.commit, parts.validators
    total = sum(power for _, power in validators)
    if header.chain != chain or commit.height != header.height or commit.block_id[0] != header.hash():
        raise _invalid("validators")
    if len(validators) == 0 or len(commit.votes) != len(validators) or total > MAX_POWER:
        raise _invalid("validators")
    if blocks.validators_hash(validators) != header.hashes["validatorsHash"]:
        raise _invalid("validators")
    signed = power_signed = 0
    for (key, power), vote in zip(validators, commit.votes):
        if vote[0] == blocks.ABSENT:
            continue
        if vote[1] != blocks.address(key):
            raise _invalid("validators")
        if not ed25519.verify_vote(key, commit.sign_bytes(chain, vote), vote[3]):
            raise _invalid("signature")
        if vote[0] == blocks.FOR_BLOCK:
            signed, power_signed = signed + 1, power_signed + power
    if power_signed * 3 <= total * 2:
        raise _invalid("validators")
    return signed, len(validators)


def _verify_line(receipt: dict, root: dict) -> tuple[int, int]:
    """R-7: from the trust root's set, link by link, to the set that signed header H + 1."""
    last, trusted, reached = receipt["next"], root["validatorsHash"], 0
    for link in receipt["changes"]:
        if link.header.hashes["validatorsHash"].hex() != trusted:
            raise _invalid("trust-root")
        if not reached < link.header.height < last.header.height:
            raise _invalid("trust-root")
        verify_signed(link, root["chain"])
        trusted, reached = link.header.hashes["nextValidatorsHash"].hex(), link.header.height
    if last.header.hashes["validatorsHash"].hex() != trusted:
        raise _invalid("trust-root")
    for header in (receipt["header"], last.header, *(link.header for link in receipt["changes"])):
        if header.height == root["height"] and header.hash().hex() != root["headerHash"]:
            raise _invalid("trust-root")
    return verify_signed(last, root["chain"])


def _count_witnesses(receipt: dict, root: dict) -> int:
    """R-8."""
    header = receipt["next"].header
    statement = cbor.encode([header.chain, header.height, header.hash()])
    message, counted = derive.message(derive.WITNESS_SIGN, statement), set()
    for key, signature in receipt["witnesses"]:
        if key.hex() not in root["witnesses"]:
            continue
        if not ed25519.verify_vote(key, message, signature):
            raise _invalid("witness")
        counted.add(key)
    return len(counted)


def _claim_holds(claim: list, tx: bytes) -> bool:
    """R-9."""
    acts = transactions.read_tx(tx)[0][7]
    if claim[1] >= len(acts):
        return False
    act = acts[claim[1]]
    if claim[0] == "entry":
        opened = derive.labelled(derive.READ_ENTRY, claim[3], claim[4])
        return act[0] == 30 and claim[2] < len(act[1]) and act[1][claim[2]][1] == opened
    places = {20: (3, 4), 21: (3, 4), 31: (2, 3)}.get(act[0])
    if places is None:
        return False
    leaf = merkle.leaf_hash(claim[2] + claim[3])
    return merkle.is_included(leaf, claim[4], act[places[1]], claim[5], act[places[0]])


def _vouched_by(signed: int, of: int, witnesses: int) -> str:
    if of > 1:
        return f"{signed} of {of} validators"
    if witnesses == 0:
        return "operator"
    return f"operator + {witnesses} {'witness' if witnesses == 1 else 'witnesses'}"


def verify(data: bytes, root: dict) -> dict:
    """R-7: the verdict, or Refused TRUST_ROOT_WRONG or RECEIPT_INVALID with its reason."""
    if len(data) > MAX_BYTES:
        raise _invalid("size")
    try:
        receipt = _read(data)
    except Refused:
        raise _invalid("encoding") from None
    header, following = receipt["header"], receipt["next"].header
    if header.chain != root["chain"]:
        raise Refused("TRUST_ROOT_WRONG", "chain")
    if header.height != receipt["height"] or following.height != receipt["height"] + 1:
        raise _invalid("height")
    if following.last_block_id[0] != header.hash():
        raise _invalid("link")
    tx_id, place = derive.sha256(receipt["tx"]), (receipt["index"], receipt["count"])
    tx_leaf = merkle.leaf_hash(tx_id)
    if not merkle.is_included(tx_leaf, *place, receipt["txPath"], header.hashes["dataHash"]):
        raise _invalid("tx")
    result_leaf = merkle.leaf_hash(pb.number(1, receipt["code"]) + pb.octets(2, receipt["data"]))
    results = following.hashes["lastResultsHash"]
    if not merkle.is_included(result_leaf, *place, receipt["resultPath"], results):
        raise _invalid("result")
    signed, of = _verify_line(receipt, root)
    witnesses = _count_witnesses(receipt, root)
    if receipt["claim"] is not None:
        try:
            holds = _claim_holds(receipt["claim"], receipt["tx"])
        except Refused:
            holds = False
        if not holds:
            raise _invalid("claim")
    return {
        "chain": header.chain,
        "height": receipt["height"],
        "timeMs": blocks.time_ms(header.time),
        "txId": tx_id.hex(),
        "code": receipt["code"],
        "data": receipt["data"].hex(),
        "headerHash": header.hash().hex(),
        "vouchedBy": _vouched_by(signed, of, witnesses),
        "validatorsSigned": signed,
        "validatorsTotal": of,
        "witnesses": witnesses,
        "claim": None if receipt["claim"] is None else receipt["claim"][0],
    }

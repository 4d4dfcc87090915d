"""Receipts, checked offline against a trust root (docs/protocol/receipts.md, R-1, R-7 to R-9)."""

from . import blocks, cbor, derive, ed25519, merkle, protobuf as pb, transactions
from .receipt_file import Signed, read
from .refused import Refused

MAX_BYTES, MAX_POWER = 4 * 1024 * 1024, 2**50


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
        if vote[0] not in (blocks.FOR_BLOCK, blocks.FOR_NIL) or vote[1] != blocks.address(key):
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
        receipt = read(data)
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
    if witnesses < root.get("quorum", 0):
        raise _invalid("quorum")
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

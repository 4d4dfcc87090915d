"""Items inside items, and ids that their makers know again (docs/protocol/items.md, I-72, I-80 to I-83)."""

from . import cbor, derive, ed25519, item
from .refused import Refused

CARRIED_ITEM, MOVE_STATEMENT = 62, 63
MAX_FRAME = 4 * 1024 * 1024 + 64 * 1024


def written_mark(root: bytes, author: bytes, patient: bytes, record_class: str, nonce: bytes) -> bytes:
    """I-72: the second half of the id of a record that somebody writes for another."""
    return derive.key(root, derive.RECORD_WRITTEN, [author, patient, record_class, nonce], 8)


def again_id(root: bytes, account: bytes, record_class: str, record: bytes) -> bytes:
    """I-83."""
    return derive.key(root, derive.RECORD_AGAIN, [account, record_class, record], 16)


def move_statement(chain: str, before: bytes, after: bytes) -> bytes:
    """I-81."""
    return cbor.encode([2, MOVE_STATEMENT, chain, before, after])


def frame(account: bytes, hospital: str, row: dict, receipt: bytes, key: bytes, signature: bytes) -> bytes:
    """I-80: what stands before the sealed body."""
    item_row = [row["header"], row["leafContent"], row["salt"], row["secret"]]
    encoded = cbor.encode([2, CARRIED_ITEM, account, hospital, *item_row, receipt, key, signature])
    return len(encoded).to_bytes(4, "big") + encoded


def open_carrier(carrier: bytes) -> tuple[list, list, bytes]:
    """I-82 without the receipt and the directory: fields of the frame, head and bytes of the item inside."""
    end = 4 + int.from_bytes(carrier[:4], "big")
    try:
        if len(carrier) < 4 or end > len(carrier) or end - 4 > MAX_FRAME:
            raise Refused("CARRIER_INVALID")
        fields = cbor.fields_of(carrier[4:end], CARRIED_ITEM, 9)
        for value, length in ((fields[0], 32), (fields[2], None), (fields[3], None), (fields[4], 32), (fields[5], 32)):
            cbor.octets(value, length)
        cbor.text(fields[1], 200), cbor.octets(fields[6])
        cbor.optional_octets(fields[7], 32), cbor.optional_octets(fields[8], 64)
    except Refused:
        raise Refused("CARRIER_INVALID") from None
    account, _, header, content, salt, secret = fields[:6]
    row = {"header": header, "leafContent": content, "salt": salt, "secret": secret, "account": account}
    head, data = item.open_item({**row, "leaf": item.leaf(salt, content)}, carrier[end:])
    return fields, head, data


def is_moved(fields: list, chain: str, after: bytes) -> bool:
    """I-81: whoever had this key says that the records of that account move to this one."""
    statement = move_statement(chain, fields[0], after)
    key, signature = fields[7], fields[8]
    return len(key) == 32 and ed25519.verify(key, derive.message(derive.RECORD_MOVE, statement), signature)

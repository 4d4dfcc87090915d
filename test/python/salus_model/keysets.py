"""Key set blobs and envelope set blobs (docs/protocol/keys.md, K-8 to K-12)."""

import hmac

from . import cbor, derive, hpke, xwing
from .refused import Refused

KEY_SET, ENVELOPE_SET = 51, 52
PLAIN, TAIL_BLOCK = 2048, 4096


def key_set_blob(epochs: list[tuple[int, list[tuple[str, bytes]]]]) -> bytes:
    """K-8: the public write keys of every scheduled epoch."""
    return cbor.encode([2, KEY_SET, [[epoch, [[name, key] for name, key in keys]] for epoch, keys in epochs]])


def read_key_set_blob(data: bytes) -> list[tuple[int, dict[str, bytes]]]:
    epochs = []
    for entry in cbor.array(cbor.fields_of(data, KEY_SET, 1)[0]):
        epoch, keys = cbor.array(entry, 2)
        pairs = [cbor.array(pair, 2) for pair in cbor.array(keys)]
        named = {cbor.text(name, 32): cbor.octets(key, xwing.PUBLIC_BYTES) for name, key in pairs}
        epochs.append((cbor.uint(epoch), named))
    return epochs


def tag(tag_key: bytes, key_set_blob_id: str) -> bytes:
    """K-9."""
    return hmac.digest(tag_key, key_set_blob_id.encode(), "sha256")[:16]


def _padded(content: bytes) -> bytes:
    return (len(content).to_bytes(2, "big") + content).ljust(PLAIN, b"\0")


def _tail_part(key: bytes, context: list, content: bytes, nonce: bytes) -> bytes:
    """K-11: under a key of its own, in blocks of 4 KiB."""
    plain = len(content).to_bytes(4, "big") + content
    plain = plain.ljust(-(-len(plain) // TAIL_BLOCK) * TAIL_BLOCK, b"\0")
    return hpke.seal_under_key(derive.key(key, derive.ENVELOPE_TAIL, context), b"", plain, nonce)


def envelope_set_blob(blob: str, envelopes: list[dict], dummies: list[dict]) -> bytes:
    """K-9 to K-12. Envelope: consent, tagKey, kemKey, segments, openings, coins, and where it does not
    fit, tailKey and tailNonce. Dummy: tag, consent, kemKey, coins."""
    tail, sealed = b"", []
    for envelope in envelopes:
        context = [envelope["consent"], blob]
        plain = cbor.encode([0, envelope["segments"], envelope["openings"]])
        if len(plain) > PLAIN - 2:
            part = _tail_part(envelope["tailKey"], context, plain, envelope["tailNonce"])
            plain = cbor.encode([1, len(tail), len(part), envelope["tailKey"]])
            tail += part
        sealed.append([tag(envelope["tagKey"], blob), _seal(envelope, context, plain)])
    for dummy in dummies:
        sealed.append([dummy["tag"], _seal(dummy, [dummy["consent"], blob], b"")])
    return cbor.encode([2, ENVELOPE_SET, sorted(sealed), tail])


def _seal(envelope: dict, context: list, plain: bytes) -> bytes:
    key, coins = envelope["kemKey"], envelope["coins"]
    return hpke.seal_to(key, derive.ENVELOPE_SEAL, context, b"", _padded(plain), coins)


def open_envelope(data: bytes, blob: str, consent: bytes, tag_key: bytes, kem_seed: bytes) -> list | None:
    """Segments and openings; None when the set holds nothing for this grant."""
    envelopes, tail = cbor.fields_of(data, ENVELOPE_SET, 2)
    wanted, context = tag(tag_key, blob), [consent, blob]
    found = [entry for entry in cbor.array(envelopes) if cbor.octets(cbor.array(entry, 2)[0], 16) == wanted]
    if len(found) == 0:
        return None
    sealed = cbor.octets(found[0][1], xwing.ENC_BYTES + PLAIN + 16)
    plain = hpke.open_with(kem_seed, derive.ENVELOPE_SEAL, context, b"", sealed)
    inside = cbor.array(cbor.decode(_unpadded(plain, 2)))
    if inside[0] == 1 and inside[0] is not True:
        _, offset, length, key = cbor.array(inside, 4)
        if offset + length > len(cbor.octets(tail)):
            raise Refused("CBOR_SHAPE")
        tail_key = derive.key(cbor.octets(key, 32), derive.ENVELOPE_TAIL, context)
        opened = hpke.open_under_key(tail_key, b"", tail[offset : offset + length])
        inside = cbor.array(cbor.decode(_unpadded(opened, 4)))
    if inside[0] is False or inside[0] != 0:
        raise Refused("TYPE_UNKNOWN")
    return cbor.array(inside, 3)[1:]


def _unpadded(plain: bytes, width: int) -> bytes:
    length = int.from_bytes(plain[:width], "big")
    if length > len(plain) - width:
        raise Refused("CBOR_SHAPE")
    return plain[width : width + length]

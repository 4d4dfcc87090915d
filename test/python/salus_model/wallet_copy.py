"""The copy of a wallet at a hospital, and the list of devices (docs/protocol/wallet.md, W-4, W-5, W-7, W-23)."""

import hmac

from . import cbor, derive, ed25519, hpke, padded, wallet_content, xwing
from .refused import Refused

COPY, INDEX = 58, 59
WRAP_BYTES, STEP, MOST_WRAPS = xwing.ENC_BYTES + 32 + 16, 8, 32
MOST_SEALED, MOST_HEAD = 4 * 1024 * 1024 + 28, 5 * 1024 * 1024
MOST_SHARDS, MOST_SHARD = 8192, 4 * 1024 * 1024 + 28

Place = tuple[bytes, bytes]
"""Hospital and account."""


def code_check(code: bytes) -> bytes:
    """W-4."""
    return derive.key(code, derive.WALLET_CODE_CHECK, [])


def device_mac(root: bytes, key: bytes, name: str, added_ms: int) -> bytes:
    """W-23: of the root with this secret."""
    return hmac.digest(derive.key(root, derive.WALLET_DEVICE, []), cbor.encode([key, name, added_ms]), "sha256")


def recipients(public_keys: list[bytes]) -> bytes:
    """W-5: the same in any order."""
    return derive.sha256(*sorted(derive.sha256(key) for key in public_keys))


def wraps(copy_key: bytes, place: Place, public_keys: list[bytes], coins: list[bytes]) -> list[bytes]:
    """W-5: of each public key in turn, sorted. Who is nobody stands among them."""
    context = list(place)
    sealed = [
        hpke.seal_to(key, derive.WALLET_COPY_WRAP, context, b"", copy_key, coin)
        for key, coin in zip(public_keys, coins, strict=True)
    ]
    return sorted(sealed)


def unwrap(copy_wraps: list[bytes], place: Place, seed: bytes) -> bytes:
    """The copy key, by the X-Wing pair of this seed."""
    for wrap in copy_wraps:
        try:
            return hpke.open_with(seed, derive.WALLET_COPY_WRAP, list(place), b"", wrap)
        except Refused:
            continue
    raise Refused("CANNOT_OPEN")


def _aad(place: Place, serial: int) -> bytes:
    return derive.info(derive.WALLET_COPY, [*place, serial])


def seal_index(copy_key: bytes, place: Place, serial: int, index: list, nonce: bytes) -> bytes:
    """`index`: content, layout, device root or none, recipients."""
    plain = padded.pad(cbor.encode([2, INDEX, *index]))
    return hpke.seal_under_key(copy_key, _aad(place, serial), plain, nonce)


def open_index(copy_key: bytes, place: Place, serial: int, sealed: bytes) -> list:
    plain = padded.unpad(hpke.open_under_key(copy_key, _aad(place, serial), sealed))
    try:
        content, layout, device_root, hashed = cbor.fields_of(plain, INDEX, 4)
        wallet_content.read(cbor.octets(content))
        wallet_content.LAYOUT(layout)
        for root_id in cbor.array(device_root):
            cbor.octets(root_id, 8)
        if len(device_root) > 1:
            raise Refused("CBOR_SHAPE")
        cbor.octets(hashed, 32)
    except Refused:
        raise Refused("WALLET_INVALID") from None
    return [content, layout, device_root, hashed]


def head(place: Place, serial: int, copy_wraps: list[bytes], sealed: bytes, shards: list) -> bytes:
    return cbor.encode([2, COPY, *place, serial, copy_wraps, sealed, shards])


def read_head(data: bytes) -> list:
    """Hospital, account, serial, wraps, sealed, shards."""
    fields = cbor.array(cbor.decode(data))
    if not fields or type(fields[0]) is not int or fields[0] != 2:
        raise Refused("SUITE_UNKNOWN")
    if len(fields) < 2 or type(fields[1]) is not int or fields[1] != COPY:
        raise Refused("TYPE_UNKNOWN")
    organisation, account, serial, copy_wraps, sealed, shards = cbor.array(fields[2:], 6)
    cbor.octets(organisation, 32)
    cbor.octets(account, 32)
    cbor.uint(serial)
    count = len(cbor.array(copy_wraps))
    if not 0 < count <= MOST_WRAPS or count % STEP != 0 or len(cbor.octets(sealed)) > MOST_SEALED:
        raise Refused("CBOR_SHAPE")
    for wrap in copy_wraps:
        cbor.octets(wrap, WRAP_BYTES)
    if len(cbor.array(shards)) > MOST_SHARDS:
        raise Refused("CBOR_SHAPE")
    for shard in shards:
        name, digest, size = cbor.array(shard, 3)
        cbor.octets(name, 16)
        cbor.octets(digest, 32)
        cbor.uint(size, MOST_SHARD)
    return fields[2:]


def sign(seed: bytes, head_bytes: bytes) -> bytes:
    """As it travels: head, public key, signature."""
    signature = ed25519.sign(seed, derive.message(derive.WALLET_COPY_SIGN, head_bytes))
    return cbor.encode([head_bytes, ed25519.public_key(seed), signature])


def read_signed(data: bytes) -> list:
    head_bytes, key, signature = cbor.array(cbor.decode(data), 3)
    cbor.octets(key, 32)
    cbor.octets(signature, 64)
    if len(cbor.octets(head_bytes)) > MOST_HEAD:
        raise Refused("CBOR_SHAPE")
    return [head_bytes, key, signature]


def signed_by(data: bytes, known_keys: list[bytes]) -> bool:
    """W-24."""
    head_bytes, key, signature = read_signed(data)
    message = derive.message(derive.WALLET_COPY_SIGN, head_bytes)
    return key in known_keys and ed25519.verify(key, message, signature)

"""The wallet file, its index and its shards (docs/protocol/wallet.md, W-1, W-2, W-23)."""

import hmac

from . import cbor, derive, hpke, padded, wallet, wallet_content
from .refused import Refused

FILE, INDEX, SHARD = 49, 54, 55
MOST_UNLOCKERS, MOST_BYTES = 16, 4 * 1024 * 1024

Cost = tuple[int, int, bytes]


def _kdf(memory_kib: int, passes: int, salt: bytes) -> list:
    return ["argon2id", memory_kib, passes, 1, salt]


def _cost(parameters: cbor.Cbor) -> Cost:
    name, memory_kib, passes, lanes, salt = cbor.array(parameters, 5)
    if name != "argon2id" or cbor.uint(lanes) != 1:
        raise Refused("CBOR_SHAPE")
    return cbor.uint(memory_kib), cbor.uint(passes), cbor.octets(salt)


def _unlock_aad(parameters: cbor.Cbor) -> bytes:
    return derive.info(derive.WALLET_UNLOCK, [2, "passphrase", parameters])


def wrap_for_passkey(prf_output: bytes, credential_id: bytes, prf_input: bytes, root: bytes, nonce: bytes) -> list:
    """W-32: one unlocker of the file."""
    parameters = [credential_id, prf_input]
    aad = derive.info(derive.WALLET_UNLOCK, [2, "webauthn-prf", parameters])
    key = derive.key(prf_output, derive.WALLET_PASSKEY, [])
    return ["webauthn-prf", parameters, hpke.seal_under_key(key, aad, root, nonce)]


def unwrap_by_passkey(unlocker: list, credential_id: bytes, prf_output: bytes) -> bytes:
    kind, parameters, wrap = unlocker
    if parameters[0] != credential_id or len(prf_output) != 32:
        raise Refused("PASSKEY_WRONG")
    aad = derive.info(derive.WALLET_UNLOCK, [2, kind, parameters])
    try:
        return hpke.open_under_key(derive.key(prf_output, derive.WALLET_PASSKEY, []), aad, wrap)
    except Refused as cause:
        raise Refused("PASSKEY_WRONG") from cause


INDEX_AAD = derive.info(derive.WALLET_INDEX, [2, FILE])


def bucket_of(secret: bytes, buckets: int, entry_id: str) -> int:
    """W-2."""
    return int.from_bytes(hmac.digest(secret, entry_id.encode(), "sha256")[:4], "big") % buckets


def cut(content: bytes, secret: bytes, buckets: int) -> tuple[bytes, dict[int, list]]:
    """The content without what lies in shards, and each shard's lists by its bucket."""
    fields = wallet_content.read(content)
    shards: dict[int, list] = {}
    for place, (name, id_of) in enumerate(wallet_content.SHARDED.items()):
        for entry in fields[name]:
            empty = [[] for _ in wallet_content.SHARDED]
            shard = shards.setdefault(bucket_of(secret, buckets, id_of(entry)), empty)
            shard[place].append(entry)
    return wallet_content.without_shards(content), shards


def seal_shard(shard: list, name: bytes, key: bytes, nonce: bytes, is_padded: bool = False) -> bytes:
    """Padded in a copy (W-5)."""
    plain = cbor.encode([2, SHARD, shard])
    plain = padded.pad(plain) if is_padded else plain
    return hpke.seal_under_key(key, derive.info(derive.WALLET_SHARD, name), plain, nonce)


def seal(passphrase: str, cost: Cost, root: bytes, index: list, nonces: tuple[bytes, bytes]) -> bytes:
    """`index`: content, `[secret, buckets, shards]`, local; `nonces`: of the wrap and of the index."""
    parameters = _kdf(*cost)
    key = wallet.passphrase_key(passphrase, *cost)
    wrap = hpke.seal_under_key(key, _unlock_aad(parameters), root, nonces[0])
    sealed = hpke.seal_under_key(_index_key(root), INDEX_AAD, cbor.encode([2, INDEX, *index]), nonces[1])
    return cbor.encode([2, FILE, [["passphrase", parameters, wrap]], sealed])


def _index_key(root: bytes) -> bytes:
    return derive.key(root, derive.WALLET_INDEX, [])


def open_file(passphrase: str, data: bytes) -> list:
    """Content without what lies in shards, `[secret, buckets, shards]`, and what is the device's alone (W-23)."""
    try:
        ways, sealed = cbor.fields_of(data, FILE, 2)
        sealed = cbor.octets(sealed)
        if len(cbor.array(ways)) > 0 and isinstance(ways[0], str):
            return [_open_before(passphrase, ways, sealed)]
        if len(ways) > MOST_UNLOCKERS or len(data) > MOST_BYTES:
            raise Refused("CBOR_SHAPE")
        unlockers = [cbor.array(way, 3) for way in ways]
        parameters, wrap = next(((p, w) for kind, p, w in unlockers if kind == "passphrase"), (None, None))
        cost = _cost(parameters)
    except Refused as problem:
        keep = problem.code in ("WALLET_KDF", "PASSPHRASE_WRONG")
        raise Refused(problem.code if keep else "WALLET_INVALID") from None
    key = wallet.passphrase_key(passphrase, *cost)
    try:
        root = hpke.open_under_key(key, _unlock_aad(parameters), wrap)
    except Refused:
        raise Refused("PASSPHRASE_WRONG") from None
    try:
        content, layout, local = cbor.fields_of(hpke.open_under_key(_index_key(root), INDEX_AAD, sealed), INDEX, 3)
        wallet_content.read(cbor.octets(content))
        wallet_content.LAYOUT(layout)
        wallet_content.LOCAL(local)
    except Refused:
        raise Refused("WALLET_INVALID") from None
    return [content, layout, local]


def _open_before(passphrase: str, parameters: list, sealed: bytes) -> bytes:
    """W-18: all content under the passphrase's key."""
    key = wallet.passphrase_key(passphrase, *_cost(parameters))
    try:
        return hpke.open_under_key(key, derive.info(derive.WALLET_FILE, [2, FILE, parameters]), sealed)
    except Refused:
        raise Refused("PASSPHRASE_WRONG") from None


def open_shard(name: bytes, key: bytes, sealed: bytes, is_padded: bool = False) -> list:
    try:
        plain = hpke.open_under_key(key, derive.info(derive.WALLET_SHARD, name), sealed)
        (shard,) = cbor.fields_of(padded.unpad(plain) if is_padded else plain, SHARD, 1)
    except Refused:
        raise Refused("WALLET_INVALID") from None
    return shard

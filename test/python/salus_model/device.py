"""Adding a device (docs/protocol/devices.md, D-2 to D-6)."""

import base64
import re
from urllib.parse import urlsplit

from . import cbor, derive, hpke, padded, xwing
from .refused import Refused

LINK, REVEAL = 53, 56
PREFIX = "salus:device#"
MOST = 8 * 1024 * 1024


def _is_relay(address: str) -> bool:
    url = urlsplit(address)
    plain = f"{url.scheme}://{url.hostname}" + ("" if url.port is None else f":{url.port}") + url.path
    return url.scheme in ("http", "https") and plain == address and not address.endswith("/")


def format_link(session: bytes, account: bytes, relay: str, key: bytes) -> str:
    """D-2."""
    fields = [2, LINK, session, account, relay, derive.sha256(key)]
    return PREFIX + base64.urlsafe_b64encode(cbor.encode(fields)).decode().rstrip("=")


def parse_link(text: str) -> list:
    """D-2: session, account, relay, hash of the key."""
    encoded = text.removeprefix(PREFIX)
    try:
        if encoded == text or not re.fullmatch(r"[A-Za-z0-9_-]+", encoded) or len(encoded) % 4 == 1:
            raise Refused("DEVICE_LINK_INVALID")
        data = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        if base64.urlsafe_b64encode(data).decode().rstrip("=") != encoded:
            raise Refused("DEVICE_LINK_INVALID")
        session, account, relay, key_hash = cbor.fields_of(data, LINK, 4)
        if not _is_relay(cbor.text(relay, 512)):
            raise Refused("DEVICE_LINK_INVALID")
        return [cbor.octets(session, 16), cbor.octets(account, 32), relay, cbor.octets(key_hash, 32)]
    except Refused:
        raise Refused("DEVICE_LINK_INVALID") from None


def first_hash(session: bytes, account: bytes, relay: str, key: bytes) -> bytes:
    """D-2: the hash of m1, in which the key itself stands."""
    return derive.sha256(cbor.encode([2, LINK, session, account, relay, key]))


def reveal(key: bytes, nonce: bytes, name: str, enc: bytes) -> bytes:
    """D-3."""
    return cbor.encode([2, REVEAL, key, nonce, name, enc])


def commitment(first: bytes, key: bytes, nonce: bytes, name: str, enc: bytes) -> bytes:
    """D-3."""
    return derive.labelled(derive.DEVICE_COMMIT, cbor.encode([first, key, nonce, name, derive.sha256(enc)]))


def transcript(first: bytes, committed: bytes, old_nonce: bytes, shown: tuple[bytes, bytes, str, bytes]) -> bytes:
    """D-4. `shown`: key, nonce, name and encapsulation of the new device."""
    key, nonce, name, enc = shown
    said = [first, committed, old_nonce, derive.sha256(key), nonce, name, derive.sha256(enc)]
    return derive.labelled(derive.DEVICE_TRANSCRIPT, cbor.encode(said))


def digits(old_nonce: bytes, nonce: bytes, said: bytes) -> str:
    """D-4."""
    derived = derive.key(old_nonce + nonce, derive.DEVICE_DIGITS, [said])
    return f"{int.from_bytes(derived[:8], 'big') % 10**6:06}"


def release_key(to_new: bytes, to_old: bytes, said: bytes) -> bytes:
    """D-6."""
    return derive.key(to_new + to_old, derive.DEVICE_KEY, [said])


def seal_release(key: bytes, enc: bytes, payload: bytes, nonce: bytes) -> bytes:
    """D-6. `enc`: what `key` was encapsulated to the new device in."""
    if padded.size(len(payload)) > MOST:
        raise Refused("BODY_TOO_LARGE")
    return enc + hpke.seal_under_key(key, enc, padded.pad(payload), nonce)


def open_release(seed: bytes, to_old: bytes, said: bytes, release: bytes) -> bytes:
    """D-6, by the new device: `seed` of its key, the secret that it encapsulated to the old one."""
    enc, sealed = release[: xwing.ENC_BYTES], release[xwing.ENC_BYTES :]
    if len(enc) != xwing.ENC_BYTES:
        raise Refused("CANNOT_OPEN")
    key = release_key(xwing.decapsulate(seed, enc), to_old, said)
    return padded.unpad(hpke.open_under_key(key, enc, sealed))

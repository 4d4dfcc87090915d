"""Registrations, statements, chart records and readings (vitals-servers.md VS-5, VS-6; vitals-reading.md)."""

from . import cbor, derive, ed25519


def signed(seed: bytes, label: str, content: bytes) -> bytes:
    """Content and the labelled signature of it, as every signed object of the wing travels."""
    return cbor.encode([content, ed25519.sign(seed, derive.message(label, content))])


def registration(account: bytes, pseudonym: bytes, counter: int, attributes: list, hours: list,
                 sensors: list, datasets: list, salt: bytes) -> bytes:
    """VS-6. Attributes: sex, age band, region, arm; hours: from, until; salt: none in a registration of before."""
    shown = [salt] if salt else []
    return cbor.encode([2, 77, account, pseudonym, counter, *attributes, *hours, sensors, datasets, *shown])


def pseudonym_of(account: bytes, salt: bytes) -> bytes:
    """VS-6."""
    return derive.labelled(derive.STAT_PSEUDONYM, account, salt)[:16]


def statement(sender: bytes, to: bytes, word: str, time_ms: int, payload: bytes) -> bytes:
    """VS-5."""
    return cbor.encode([2, 74, sender, to, word, time_ms, payload])


def record_id(account: bytes, name: list) -> bytes:
    """VR-5, VR-20."""
    return derive.labelled(derive.STAT_RECORD, account, cbor.encode(name))[:16]


def servers_record(servers: list, pseudonym: bytes) -> bytes:
    """VR-5."""
    return cbor.encode([2, 79, [0, servers, pseudonym]])


def day_record(registered: bytes, sensor: bytes, panel: int, day: int, pages: list) -> bytes:
    """VR-20. A page: sequence, hour, n, clinical codes."""
    return cbor.encode([2, 79, [1, registered, sensor, panel, day, pages]])

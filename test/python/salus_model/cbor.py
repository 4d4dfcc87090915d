"""Deterministic CBOR in our profile (docs/protocol/encoding.md, E-1 to E-4)."""

from .refused import Refused

Cbor = int | str | bool | None | bytes | list

MAX_UINT = 2**53 - 1
MAX_DEPTH = 16


def encode(value: Cbor) -> bytes:
    """The one encoding of a value (E-1, E-2)."""
    if value is False:
        return b"\xf4"
    if value is True:
        return b"\xf5"
    if value is None:
        return b"\xf6"
    if isinstance(value, int):
        if not 0 <= value <= MAX_UINT:
            raise ValueError("integer outside the profile")
        return _head(0, value)
    if isinstance(value, (bytes, bytearray)):
        return _head(2, len(value)) + bytes(value)
    if isinstance(value, str):
        text = value.encode("utf-8")
        return _head(3, len(text)) + text
    if isinstance(value, (list, tuple)):
        return _head(4, len(value)) + b"".join(encode(item) for item in value)
    raise TypeError(type(value).__name__)


def _head(major: int, argument: int) -> bytes:
    if argument < 24:
        return bytes([major << 5 | argument])
    for low, width in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if argument < 1 << (8 * width):
            return bytes([major << 5 | low]) + argument.to_bytes(width, "big")
    raise ValueError("argument too large")


def decode(data: bytes) -> Cbor:
    """Refuses CBOR_INVALID unless `data` is the canonical encoding of exactly one value (E-1 to E-3)."""
    value, end = _item(data, 0, 0)
    if end != len(data):
        raise Refused("CBOR_INVALID")
    return value


def _item(data: bytes, at: int, depth: int) -> tuple[Cbor, int]:
    if at >= len(data):
        raise Refused("CBOR_INVALID")
    head = data[at]
    major, low = head >> 5, head & 31
    if major == 7:
        if head not in (0xF4, 0xF5, 0xF6):
            raise Refused("CBOR_INVALID")
        return {0xF4: False, 0xF5: True, 0xF6: None}[head], at + 1
    if major not in (0, 2, 3, 4):
        raise Refused("CBOR_INVALID")
    argument, at = _argument(data, at + 1, low)
    if major == 0:
        return argument, at
    if argument > len(data) - at:
        raise Refused("CBOR_INVALID")
    if major == 2:
        return data[at : at + argument], at + argument
    if major == 3:
        try:
            text = data[at : at + argument].decode("utf-8")
        except UnicodeDecodeError:
            raise Refused("CBOR_INVALID") from None
        return text, at + argument
    if depth >= MAX_DEPTH:
        raise Refused("CBOR_INVALID")
    items: list[Cbor] = []
    for _ in range(argument):
        item, at = _item(data, at, depth + 1)
        items.append(item)
    return items, at


def _argument(data: bytes, at: int, low: int) -> tuple[int, int]:
    if low < 24:
        return low, at
    width = {24: 1, 25: 2, 26: 4, 27: 8}.get(low)
    if width is None or at + width > len(data):
        raise Refused("CBOR_INVALID")
    value = int.from_bytes(data[at : at + width], "big")
    shortest = value >= 24 if width == 1 else value >= 1 << (4 * width)
    if not shortest or value > MAX_UINT:
        raise Refused("CBOR_INVALID")
    return value, at + width


# Readers of decoded values (E-4). A bool is an int in Python, so types are compared, not tested.


def array(value: Cbor, length: int | None = None) -> list:
    if type(value) is not list or (length is not None and len(value) != length):
        raise Refused("CBOR_SHAPE")
    return value


def octets(value: Cbor, length: int | None = None) -> bytes:
    if type(value) is not bytes or (length is not None and len(value) != length):
        raise Refused("CBOR_SHAPE")
    return value


def optional_octets(value: Cbor, length: int) -> bytes:
    """`length` bytes, or the empty string that stands for none."""
    if len(octets(value)) not in (0, length):
        raise Refused("CBOR_SHAPE")
    return octets(value)


def uint(value: Cbor, most: int = MAX_UINT) -> int:
    if type(value) is not int or value > most:
        raise Refused("CBOR_SHAPE")
    return value


def text(value: Cbor, most: int = 1024) -> str:
    """Lengths of texts count UTF-16 code units (E-4)."""
    if type(value) is not str or len(value.encode("utf-16-le")) // 2 > most:
        raise Refused("CBOR_SHAPE")
    return value


def flag(value: Cbor) -> bool:
    if type(value) is not bool:
        raise Refused("CBOR_SHAPE")
    return value


def fields_of(data: bytes, object_type: int, count: int) -> list:
    """What follows `[suite, type, ...]` in an object of this type (E-4)."""
    return object_fields(decode(data), object_type, count)


def object_fields(value: Cbor, object_type: int, count: int) -> list:
    """As `fields_of`, for an object that stands inside another."""
    fields = array(value, count + 2)
    if fields[0] is True or fields[0] != 2:
        raise Refused("SUITE_UNKNOWN")
    if type(fields[1]) is not int or fields[1] != object_type:
        raise Refused("TYPE_UNKNOWN")
    return fields[2:]

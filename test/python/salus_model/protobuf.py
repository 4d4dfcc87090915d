"""The protobuf of headers, votes and commits (docs/protocol/blocks.md, B-1)."""

from .refused import Refused

MAX_SAFE = 2**53 - 1


def varint(value: int) -> bytes:
    """Negative numbers as ten bytes of two's complement."""
    value &= 2**64 - 1
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def number(field: int, value: int) -> bytes:
    return b"" if value == 0 else varint(field * 8) + varint(value)


def sfixed64(field: int, value: int) -> bytes:
    return b"" if value == 0 else varint(field * 8 + 1) + value.to_bytes(8, "little", signed=True)


def nested(field: int, message: bytes) -> bytes:
    """Written even when empty."""
    return varint(field * 8 + 2) + varint(len(message)) + message


def octets(field: int, value: bytes) -> bytes:
    return b"" if value == b"" else nested(field, value)


def text(field: int, value: str) -> bytes:
    return octets(field, value.encode())


def _malformed() -> Refused:
    return Refused("HEADER_INVALID", "protobuf")


class Message:
    """Fields by number; a missing one has its zero value. The caller encodes again and compares (B-1)."""

    def __init__(self, data: bytes) -> None:
        self._numbers: dict[int, int] = {}
        self._bytes: dict[int, list[bytes]] = {}
        self._data, self._at = data, 0
        while self._at < len(data):
            tag = self._varint()
            field, kind = tag >> 3, tag & 7
            if field == 0 or kind not in (0, 2) or tag < 0:
                raise _malformed()
            value = self._varint()
            if kind == 0:
                self._numbers.setdefault(field, value)
                continue
            if not 0 <= value <= len(data) - self._at:
                raise _malformed()
            self._bytes.setdefault(field, []).append(data[self._at : self._at + value])
            self._at += value

    def _varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            if self._at >= len(self._data):
                raise _malformed()
            byte = self._data[self._at]
            self._at += 1
            value |= (byte & 127) << shift
            if byte < 128:
                value &= 2**64 - 1
                signed = value - 2**64 if value >= 2**63 else value
                if abs(signed) > MAX_SAFE:
                    raise _malformed()
                return signed
        raise _malformed()

    def number(self, field: int) -> int:
        return self._numbers.get(field, 0)

    def octets(self, field: int) -> bytes:
        return self._bytes.get(field, [b""])[0]

    def all(self, field: int) -> list[bytes]:
        return self._bytes.get(field, [])

    def text(self, field: int) -> str:
        try:
            return self.octets(field).decode("utf-8")
        except UnicodeDecodeError:
            raise _malformed() from None

"""The one exception of the model: a code of docs/errors.md, and where the protocol names one, a reason."""


class Refused(Exception):
    """Something does not hold. `code` and `reason` are the product's."""

    def __init__(self, code: str, reason: str = "") -> None:
        super().__init__(code if reason == "" else f"{code} ({reason})")
        self.code = code
        self.reason = reason

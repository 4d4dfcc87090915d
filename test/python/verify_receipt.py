"""`python test/python/verify_receipt.py FILE --trust FILE`: a second opinion on a receipt, as one JSON line.

Ends with 0 when it holds, with 4 when it does not.
"""

import argparse
import json
import pathlib
import sys

from salus_model import receipt
from salus_model.receipt_file import parse_trust_root
from salus_model.refused import Refused


def verdict(data: bytes, trust: str) -> dict:
    """What the product says too: `{ok: true, ...}` or `{ok: false, code, reason}`."""
    try:
        return {"ok": True, **receipt.verify(data, parse_trust_root(trust))}
    except Refused as refused:
        return {"ok": False, "code": refused.code, "reason": refused.reason}


def main() -> int:
    parser = argparse.ArgumentParser(description="Checks a receipt offline against a trust root.")
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--trust", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    said = verdict(arguments.file.read_bytes(), arguments.trust.read_text())
    print(json.dumps(said))
    return 0 if said["ok"] else 4


if __name__ == "__main__":
    sys.exit(main())

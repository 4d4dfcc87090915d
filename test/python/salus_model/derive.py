"""Labels, labelled hashes and keys (docs/protocol/labels.md, L-1 to L-4), and what a wallet's root gives."""

import hashlib
import hmac

from . import cbor

ALERTS_CONFIRM = "salus/1/alerts/confirm"
ALERTS_CONFIRM_KEY = "salus/1/alerts/confirm-key"
ALERTS_CONFIRM_ID = "salus/1/alerts/confirm-id"
ALERTS_CONFIRM_CHECK = "salus/1/alerts/confirm-check"
ACCOUNT_ID = "salus/1/account/id"
ACCOUNT_SIGN = "salus/1/account/sign"
ACCOUNT_KEM = "salus/1/account/kem"
ACCOUNT_POINT = "salus/1/account/point"
ACCOUNT_RECOVERY = "salus/1/account/recovery"
ACCOUNT_RECOVERY_KEYS = "salus/1/account/recovery-keys"
GOVERNANCE_PROPOSAL = "salus/1/governance/proposal"
IDENTITY_SIGN = "salus/1/identity/sign"
IDENTITY_POINT = "salus/1/identity/point"
IDENTITY_POINT_NONCE = "salus/1/identity/point-nonce"
IDENTITY_CREDENTIAL = "salus/1/identity/credential"
CARD_SIGN = "salus/1/card/sign"
WALLET_FILE = "salus/1/wallet/file"
WALLET_UNLOCK = "salus/1/wallet/unlock"
WALLET_PASSKEY = "salus/1/wallet/passkey"
WALLET_INDEX = "salus/1/wallet/index"
WALLET_SHARD = "salus/1/wallet/shard"
WALLET_COPY = "salus/1/wallet/copy"
WALLET_COPY_WRAP = "salus/1/wallet/copy-wrap"
WALLET_COPY_SIGN = "salus/1/wallet/copy-sign"
WALLET_CODE_CHECK = "salus/1/wallet/code-check"
WALLET_DEVICE = "salus/1/wallet/device"
WALLET_CODE_KEM = "salus/1/wallet/code-kem"
WALLET_CHECK = "salus/1/wallet/check"
DEVICE_COMMIT = "salus/1/device/commit"
DEVICE_TRANSCRIPT = "salus/1/device/transcript"
DEVICE_DIGITS = "salus/1/device/digits"
DEVICE_KEY = "salus/1/device/key"
SEGMENT_KEY = "salus/1/segment/key"
SEGMENT_WRITE = "salus/1/segment/write"
RECORD_WRAP = "salus/1/record/wrap"
RECORD_DOUBLE = "salus/1/record/double"
RECORD_SEAL = "salus/1/record/seal"
RECORD_SIGN = "salus/1/record/sign"
RECORD_WRITTEN = "salus/1/record/written"
RECORD_AGAIN = "salus/1/record/again"
RECORD_MOVE = "salus/1/record/move"
RECORD_HEADLINE = "salus/1/record/headline"
CONSENT_BODY = "salus/1/consent/body"
GRANT_WRITE = "salus/1/grant/write"
LETTER_SEAL = "salus/1/letter/seal"
LETTER_SIGN = "salus/1/letter/sign"
ENVELOPE_SEAL = "salus/1/envelope/seal"
ENVELOPE_TAIL = "salus/1/envelope/tail"
TX_SIGN = "salus/1/tx/sign"
PROFILE_SIGN = "salus/1/profile/sign"
READ_SIGN = "salus/1/read/sign"
READ_ENTRY = "salus/1/read/entry"
READ_CHAIN = "salus/1/read/chain"
INBOX_SIGN = "salus/1/inbox/sign"
ITEMS_SIGN = "salus/1/items/sign"
ERASE_SIGN = "salus/1/erase/sign"
ERASED_SIGN = "salus/1/erased/sign"
REFUSAL_LEAF = "salus/1/refusal/leaf"
STAT_ASKED = "salus/1/stat/asked"
STAT_CONTRIBUTION = "salus/1/stat/contribution"
STAT_DAY_PAGES = "salus/1/stat/day-pages"
STAT_KEY_PROOF = "salus/1/stat/key-proof"
STAT_PAILLIER_KEY = "salus/1/stat/paillier-key"
STAT_HALF_SHARE = "salus/1/stat/half-share"
STAT_HALF_COMMITMENT = "salus/1/stat/half-commitment"
STAT_NOISE = "salus/1/stat/noise"
STAT_PAGES_ASKED = "salus/1/stat/pages-asked"
STAT_PSEUDONYM = "salus/1/stat/pseudonym"
STAT_RECORD = "salus/1/stat/record"
STAT_REGISTRATION = "salus/1/stat/registration"
STAT_REPLICA = "salus/1/stat/replica"
STAT_SELECTION = "salus/1/stat/selection"
STAT_STATEMENT = "salus/1/stat/statement"
STAT_TRIO = "salus/1/stat/trio"
STAT_ZERO = "salus/1/stat/zero"
WITNESS_SIGN = "salus/1/witness/sign"


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def labelled(label: str, *parts: bytes) -> bytes:
    """L-1."""
    return sha256(label.encode(), b"\0", *parts)


def message(label: str, data: bytes) -> bytes:
    """L-2: what a labelled signature covers."""
    return label.encode() + b"\0" + sha256(data)


def info(label: str, context: cbor.Cbor) -> bytes:
    """L-3 and L-4; a derivation without context has the empty array."""
    return label.encode() + b"\0" + cbor.encode(context)


def hkdf(secret: bytes, info_bytes: bytes, length: int) -> bytes:
    """RFC 5869 with SHA-256 and no salt."""
    prk = hmac.digest(bytes(32), secret, "sha256")
    block, out, counter = b"", b"", 1
    while len(out) < length:
        block = hmac.digest(prk, block + info_bytes + bytes([counter]), "sha256")
        out, counter = out + block, counter + 1
    return out[:length]


def key(secret: bytes, label: str, context: cbor.Cbor, length: int = 32) -> bytes:
    """L-3."""
    return hkdf(secret, info(label, context), length)


def account_id(sign_key: bytes) -> bytes:
    """acts.md ID-2."""
    return labelled(ACCOUNT_ID, cbor.encode([2, sign_key]))


def account_seeds(root: bytes, organisation: bytes, index: int) -> tuple[bytes, bytes, bytes]:
    """wallet.md W-7: Ed25519 seed, X-Wing seed and point seed 64 of one generation of one account."""
    context = [organisation, index]
    return (
        key(root, ACCOUNT_SIGN, context),
        key(root, ACCOUNT_KEM, context),
        key(root, ACCOUNT_POINT, context, 64),
    )


def recovery_seed(code: bytes, organisation: bytes) -> bytes:
    """wallet.md W-7."""
    return key(code, ACCOUNT_RECOVERY, [organisation])


def code_kem_seed(code: bytes, organisation: bytes) -> bytes:
    """wallet.md W-7."""
    return key(code, WALLET_CODE_KEM, [organisation])


def recovery_hash(recovery_key: bytes, code_kem_hash: bytes) -> bytes:
    """acts.md ID-1: both keys of a printed code."""
    return labelled(ACCOUNT_RECOVERY_KEYS, cbor.encode([recovery_key, code_kem_hash]))


def segment_key(root: bytes, account: bytes, record_class: str, epoch: int, salt: bytes) -> bytes:
    """keys.md K-1: SEK."""
    return key(root, SEGMENT_KEY, [account, record_class, epoch, salt])


def write_seed(sek: bytes) -> bytes:
    """keys.md K-1: seed of the segment's X-Wing pair."""
    return key(sek, SEGMENT_WRITE, [])


def grant_write_seed(root: bytes, consent: bytes, owner: int, grantee: int) -> bytes:
    """grants.md G-14: seed of a grant's write key, after so many changes of keys on both sides."""
    return key(root, GRANT_WRITE, [consent, owner, grantee])

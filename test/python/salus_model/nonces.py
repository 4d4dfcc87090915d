"""The numbers that a key has used (docs/protocol/transactions.md, T-7)."""

FAR, WINDOW = 1024, 256


def judge_nonce(top: int, used: set[int], nonce: int) -> str:
    """T-7. `used`: the numbers below top, among the last 256, that were taken; '' accepts."""
    if nonce > top:
        return "NONCE_FAR" if nonce > top + FAR else ""
    if nonce == top or nonce in used:
        return "NONCE_USED"
    return "NONCE_OLD" if nonce < top - WINDOW else ""


def burn_nonce(top: int, used: set[int], nonce: int) -> tuple[int, set[int]]:
    """T-7. Before the first top there are no numbers, whatever the bits say."""
    new_top = max(top, nonce)
    return new_top, {number for number in {*used, top, nonce} if new_top - WINDOW <= number < new_top}


def window_bits(top: int, used: set[int]) -> bytes:
    """T-7: bit i, least significant first, stands for top - 1 - i."""
    return sum(1 << (top - 1 - number) for number in used).to_bytes(32, "little")

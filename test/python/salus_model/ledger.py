"""What accepted acts do to the rows, and what a genesis begins with (docs/protocol: state.md ST-2, acts.md, consent.md).

It judges nothing: which transactions were accepted is told. Rows are lists as they are encoded.
"""

from . import cbor, derive, grants, merkle, nonces
from .state_tree import row_key, window_row
from .transactions import read_identity

GENESIS = 2
NO_HASH = bytes(32)
TAILS = {
    b"accounts": (9, [0, 0, 0, 0, []]),
    b"consents": (10, [0]),
    b"keys": (2, [[0, []], b"", [], []]),
}
"""ST-2: where the last fields of a row begin, and what they say while they are left out."""
MAX_IDENTITIES, MAX_FORMERS = 16, 40


def fold(folded: list, identities: list) -> tuple[list, list]:
    """ID-6: the newest 16 stay; the tree over the others is kept as the roots of its complete subtrees."""
    count, peaks = folded
    over = identities[:-MAX_IDENTITIES]
    for entry in over:
        joined, peaks = merkle.leaf_hash(cbor.encode(entry)), list(peaks)
        size = count
        while size % 2 == 1:
            joined, size = merkle.node_hash(peaks.pop(), joined), size // 2
        count, peaks = count + 1, [*peaks, joined]
    return [count, peaks], identities[len(over):]


def folded_root(peaks: list) -> bytes:
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = merkle.node_hash(peak, root)
    return root


class Ledger:
    def __init__(self, genesis: bytes) -> None:
        """G-2: the organisations of the genesis, enrolled by themselves at height 0."""
        fields = cbor.fields_of(genesis, GENESIS, 7)
        self.rows: dict[bytes, list] = {}
        self._windows: dict[bytes, tuple[int, set[int]]] = {}
        for identity, name, url, rights in fields[2]:
            account = self._enrol(identity, "organisation", None, NO_HASH, 0)
            self.rows[row_key("organisations", account)] = [name, url, rights]

    def encoded(self) -> dict[bytes, bytes]:
        return {key: cbor.encode(self._written(key, row)) for key, row in self.rows.items()}

    def _written(self, key: bytes, row: list) -> list:
        at, none = TAILS.get(key.split(b"/")[0], (len(row), []))
        return row[:at] if row[at:] == none else row

    def _enrol(self, identity: list, role: str, organisation: bytes | None, credential: bytes, height: int) -> bytes:
        key = read_identity(identity)[1]
        account = derive.account_id(key)
        row = [role, organisation or account, False, height, key, [0, b""], 0, 0, [], 0, 0, 0, 0, []]
        self.rows[row_key("accounts", account)] = row
        self.rows[row_key("keys", account)] = [credential, [[identity, height, 0]], [0, []], b"", [], []]
        if organisation is not None:
            self._name(identity[4], account)
        return account

    def burn(self, body: list, key: bytes) -> None:
        """T-7: in the account's row, or for a write key in the consent's."""
        account, first = row_key("accounts", body[4]), body[7][0]
        if first[0] == 2 and first[2] == key:
            self._change(account, 11, body[5])
            return
        if first[0] == 6 and self.rows[account][4] != key:
            return
        if self.rows[account][4] == key:
            row_name, place = account, 5
        else:
            row_name, place = row_key("consents", body[7][0][1]), 9
        top, used = nonces.burn_nonce(*self._windows.get(row_name, (0, set())), body[5])
        self._windows[row_name] = (top, used)
        self._change(row_name, place, window_row(top, nonces.window_bits(top, used)))

    def _change(self, key: bytes, place: int, value: cbor.Cbor) -> None:
        row = list(self.rows[key])
        row[place] = value
        self.rows[key] = row

    def apply(self, body: list, height: int, time_ms: int) -> list[bytes]:
        """Every act of an accepted transaction; what each answers (T-9)."""
        acts = {
            1: self._act_enrol, 2: self._rotate, 3: self._revoke_key, 4: self._key_set,
            5: self._change_recovery, 6: self._stop_recovery, 12: self._write_key,
            10: self._grant, 11: self._revoke, 20: self._anchor, 21: self._anchor,
            30: self._access, 31: self._batch,
        }  # fmt: skip
        return [acts[act[0]](body, act, height, time_ms) or b"" for act in body[7]]

    def _act_enrol(self, body: list, act: list, height: int, _: int) -> None:
        self._enrol(act[1], act[2], body[4], act[3], height)

    def _name(self, recovery: bytes, account: bytes) -> None:
        """So that a printed code finds its account: the first stays."""
        if recovery != NO_HASH:
            self.rows.setdefault(row_key("recoveries", recovery), [account])

    def _rotate(self, body: list, act: list, height: int, time_ms: int) -> None:
        """A-2: thaws, numbers begin anew, epochs end, write keys are of an earlier generation."""
        name = row_key("accounts", body[4])
        by_code = act[2] != b""
        self._windows.pop(name, None)
        generation, _, _, rotations, ended = self.rows[name][9:]
        if by_code and 0 < act[4] <= height:
            apart = [it for it in ended if it[1] < act[4]]
            met = [it for it in ended if it[1] >= act[4]]
            ended = [*apart, [min([act[4], *(it[0] for it in met)]), height]]
        changes = (
            (2, False), (4, act[1][1]), (5, [0, b""]), (8, []), (9, generation + 1), (10, time_ms),
            (12, 0 if by_code else rotations + 1), (13, ended),
        )  # fmt: skip
        for place, value in changes:
            self._change(name, place, value)
        credential, identities, folded, _, waiting, formers = self.rows[row_key("keys", body[4])]
        *old, (identity, since, _) = identities
        folded, kept = fold(folded, [*old, [identity, since, height], [act[1], height, 0]])
        formers = [*formers, [identity[1], time_ms]][-MAX_FORMERS:]
        row = [credential, kept, folded, b"", [] if by_code else waiting, formers]
        self.rows[row_key("keys", body[4])] = row
        self._name(act[1][4], body[4])

    def _change_recovery(self, body: list, act: list, height: int, time_ms: int) -> None:
        """A-10."""
        self._change(row_key("keys", body[4]), 4, [[act[1], time_ms, height]])
        self._name(act[1], body[4])

    def _stop_recovery(self, body: list, _: list, __: int, ___: int) -> None:
        """A-11."""
        self._change(row_key("keys", body[4]), 4, [])

    def _write_key(self, body: list, act: list, _: int, __: int) -> None:
        """A-12."""
        name = row_key("consents", act[1])
        self._windows.pop(name, None)
        generation = self.rows[row_key("accounts", body[4])][9]
        for place, value in ((4, act[2]), (9, [0, b""]), (10, generation)):
            self._change(name, place, value)

    def _revoke_key(self, _: list, act: list, __: int, ___: int) -> None:
        self._change(row_key("accounts", act[1]), 2, True)
        self._change(row_key("keys", act[1]), 4, [])

    def _key_set(self, body: list, act: list, height: int, time_ms: int) -> None:
        """The running epoch stays, all that have not begun are replaced; 0 becomes the block time."""
        _, after, salt, schedule, key_blob, envelope_blob = act
        name = row_key("accounts", body[4])
        account = self.rows[name]
        times = [[epoch, time_ms if at == 0 else at] for epoch, at in schedule]
        running = [entry for entry in account[8] if entry[1] <= time_ms][-1:]
        stored = [account[7], salt, times, key_blob, envelope_blob, height, time_ms]
        self.rows[row_key("keysets", body[4] + after.to_bytes(8, "big"))] = stored
        entries = running + [[epoch, at, after] for epoch, at in times]
        for place, value in ((6, after + len(times)), (7, after), (8, entries)):
            self._change(name, place, value)

    def _grant(self, body: list, act: list, height: int, _: int) -> None:
        generation = self.rows[row_key("accounts", body[4])][9]
        row = [body[4], *act[2:6], height, 0, 0, NO_HASH, [0, b""], generation]
        self.rows[row_key("consents", act[1])] = row

    def _revoke(self, _: list, act: list, height: int, __: int) -> None:
        self._change(row_key("consents", act[1]), 6, height)

    def _anchor(self, body: list, act: list, height: int, time_ms: int) -> None:
        _, consent, epoch, root, count = act
        self.rows[row_key("anchors", body[4] + root)] = [consent, epoch, count, height, time_ms, body[3]]

    def _access(self, _: list, act: list, __: int, time_ms: int) -> bytes:
        """C-7: 1 for each entry whose consent lives, and each of those is a look (C-8)."""
        answers = b""
        for consent, entry in act[1]:
            name = row_key("consents", consent)
            row = self.rows.get(name)
            lives = row is not None and self._stands(row) and row[2] <= time_ms < row[3]
            answers += bytes([lives])
            if lives:
                self._change(name, 7, row[7] + 1)
                self._change(name, 8, grants.next_look(row[8], entry))
        return answers

    def _stands(self, consent: list) -> bool:
        """C-3: neither revoked nor ended by a rotation."""
        ended = self.rows[row_key("accounts", consent[0])][13]
        return consent[6] == 0 and not any(since <= consent[5] <= until for since, until in ended)

    def _batch(self, body: list, act: list, height: int, _: int) -> None:
        kind, root, count, first, last = act[1:]
        self.rows[row_key("batches", body[4] + root)] = [kind, count, first, last, height]

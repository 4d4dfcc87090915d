"""What accepted acts do to the rows, and what a genesis begins with (docs/protocol: state.md ST-2, acts.md, consent.md).

It judges nothing: which transactions were accepted is told. Rows are lists as they are encoded.
"""

from . import cbor, derive, grants, nonces
from .state_tree import row_key, window_row
from .transactions import read_identity

GENESIS = 2
NO_HASH = bytes(32)


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
        return {key: cbor.encode(row) for key, row in self.rows.items()}

    def _enrol(self, identity: list, role: str, organisation: bytes | None, credential: bytes, height: int) -> bytes:
        key = read_identity(identity)[1]
        account = derive.account_id(key)
        row = [role, organisation or account, False, height, key, [0, b""], 0, 0, []]
        self.rows[row_key("accounts", account)] = row
        self.rows[row_key("keys", account)] = [credential, [[identity, height, 0]]]
        return account

    def burn(self, body: list, key: bytes) -> None:
        """T-7: in the account's row, or for a write key in the consent's."""
        account = row_key("accounts", body[4])
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
            10: self._grant, 11: self._revoke, 20: self._anchor, 21: self._anchor,
            30: self._access, 31: self._batch,
        }  # fmt: skip
        return [acts[act[0]](body, act, height, time_ms) or b"" for act in body[7]]

    def _act_enrol(self, body: list, act: list, height: int, _: int) -> None:
        self._enrol(act[1], act[2], body[4], act[3], height)

    def _rotate(self, body: list, act: list, height: int, _: int) -> None:
        """A rotated account thaws, and its numbers begin anew."""
        name = row_key("accounts", body[4])
        self._windows.pop(name, None)
        for place, value in ((2, False), (4, act[1][1]), (5, [0, b""])):
            self._change(name, place, value)
        credential, identities = self.rows[row_key("keys", body[4])]
        *old, (identity, since, _) = identities
        kept = [*old, [identity, since, height], [act[1], height, 0]]
        self.rows[row_key("keys", body[4])] = [credential, kept]

    def _revoke_key(self, _: list, act: list, __: int, ___: int) -> None:
        self._change(row_key("accounts", act[1]), 2, True)

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
        row = [body[4], *act[2:6], height, 0, 0, NO_HASH, [0, b""]]
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
            lives = row is not None and row[6] == 0 and row[2] <= time_ms < row[3]
            answers += bytes([lives])
            if lives:
                self._change(name, 7, row[7] + 1)
                self._change(name, 8, grants.next_look(row[8], entry))
        return answers

    def _batch(self, body: list, act: list, height: int, _: int) -> None:
        kind, root, count, first, last = act[1:]
        self.rows[row_key("batches", body[4] + root)] = [kind, count, first, last, height]

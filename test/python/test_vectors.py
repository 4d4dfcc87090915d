"""The model against the product's own known answers (test/vectors/own): every byte, made here once more."""

import importlib.util
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import verify_receipt
from salus_model import (
    alerts, blob_id, blocks, carried, cbor, chart, cobblestone, derive, device, ed25519, grants, headline, hpke, item, keysets, ledger,
    merkle, nonces, receipt_file, ristretto, state_tree, statistics, transactions, vitals_reading, wallet,
    wallet_content, wallet_copy, wallet_file, xwing,
)  # fmt: skip
from salus_model.refused import Refused

ROOT = pathlib.Path(__file__).parents[2]
OWN = ROOT / "test" / "vectors" / "own"


_spec = importlib.util.spec_from_file_location("example", ROOT / "examples" / "verify_receipt.py")
example = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(example)


def cases(name: str) -> list[dict]:
    found = json.loads((OWN / f"{name}.json").read_text())["cases"]
    assert len(found) > 0, name
    return found


def h(text: str) -> bytes:
    return bytes.fromhex(text)


def all_of(texts: list[str]) -> list[bytes]:
    return [h(text) for text in texts]


def pattern(length: int, start: int) -> bytes:
    """Byte i is (start + i) mod 251."""
    ring = bytes(range(251))
    return (ring * (length // 251 + 2))[start % 251 : start % 251 + length]


def value_of(value) -> cbor.Cbor:
    """CBOR as the vectors write it in JSON."""
    if isinstance(value, dict):
        return h(value["hex"])
    return [value_of(part) for part in value] if isinstance(value, list) else value


def refused(work) -> str:
    """The code that `work` is refused with, or none."""
    try:
        work()
    except Refused as problem:
        return problem.code
    return ""


def seeds_of(case: dict, root: str) -> tuple[bytes, bytes, bytes]:
    return derive.account_seeds(h(case[root]), h(case["organisation"]), 0)


class Primitives(unittest.TestCase):
    def test_labels_are_those_of_the_table(self):
        table = (ROOT / "docs" / "protocol" / "labels.md").read_text()
        # Of wings: in their own READMEs.
        wings = (path.read_text() for path in (ROOT / "src" / "wings").glob("*/README.md"))
        known = set(re.findall(r"^\| `(salus/1/[^`]+)` *\|", "\n".join([table, *wings]), re.MULTILINE))
        used = {value for value in vars(derive).values() if str(value).startswith("salus/1/")}
        self.assertGreater(len(used), 30)
        self.assertEqual(used - known, set())

    def test_encodings(self):
        for case in cases("encodings"):
            data = h(case["cbor"])
            self.assertEqual(refused(lambda: cbor.decode(data)), case.get("refused", ""), case)
            if "value" in case:
                self.assertEqual(cbor.decode(data), value_of(case["value"]))
                self.assertEqual(cbor.encode(cbor.decode(data)), data)

    def test_derivations(self):
        for case in cases("derivations"):
            secret, context = h(case["secret"]), cbor.decode(h(case["context"]))
            self.assertEqual(derive.key(secret, case["label"], context).hex(), case["key32"])
            self.assertEqual(derive.key(secret, case["label"], context, 64).hex(), case["key64"])
            self.assertEqual(derive.labelled(case["label"], h(case["context"])).hex(), case["hash"])

    def test_signatures(self):
        for case in cases("signatures"):
            message = derive.message(case["label"], h(case["bytes"]))
            key, signature = h(case["publicKey"]), h(case["signature"])
            self.assertEqual(ed25519.public_key(h(case["seed"])), key)
            self.assertEqual(ed25519.sign(h(case["seed"]), message), signature)
            self.assertTrue(ed25519.verify(key, message, signature))
            self.assertFalse(ed25519.verify(key, message + b"\0", signature))

    def test_chunked_bodies(self):
        for case in cases("chunked"):
            key, context, plain = h(case["key"]), h(case["context"]), pattern(case["length"], 5)
            sealed = cobblestone.seal(key, context, plain, h(case["salt"]))
            self.assertEqual(derive.sha256(sealed).hex(), case["sealedSha256"])
            self.assertEqual(cobblestone.open_whole(key, context, sealed), plain)
            self.assertEqual(refused(lambda: cobblestone.open_whole(key, context, sealed[:-1])), "CANNOT_OPEN")

    def test_wraps(self):
        for case in cases("wrap"):
            key, aad = h(case["key"]), h(case["aad"])
            sealed = hpke.seal_under_key(key, aad, h(case["plaintext"]), h(case["nonce"]))
            self.assertEqual(sealed.hex(), case["sealed"])
            self.assertEqual(hpke.open_under_key(key, aad, sealed).hex(), case["plaintext"])

    def test_hpke(self):
        for case in cases("hpke"):
            secret, seed = h(case["secret"]), h(case["ephemeralSeed"])
            info, aad = h(case["info"]), h(case["aad"])
            if case["kem"] == "xwing":
                kem, public = hpke.XWING, xwing.public_key(secret)
                shared, enc = xwing.encapsulate(public, seed)
                self.assertEqual(xwing.decapsulate(secret, enc), shared)
            else:
                kem, public, enc = hpke.X25519, xwing.x25519_public(secret), xwing.x25519_public(seed)
                shared = hpke.dhkem_secret(xwing.x25519(seed, public), enc, public)
            self.assertEqual(derive.sha256(public).hex(), case["publicKeySha256"])
            self.assertEqual((enc.hex(), shared.hex()), (case["enc"], case["sharedSecret"]))
            sealed = hpke.seal_with_secret(shared, info, aad, h(case["plaintext"]), kem)
            self.assertEqual(sealed.hex(), case["ciphertext"])
            self.assertEqual(hpke.open_with_secret(shared, info, aad, sealed, kem).hex(), case["plaintext"])

    def test_points(self):
        for case in cases("points"):
            seed, context = h(case["seed"]), h(case["context"])
            point, proof = h(case["point"]), h(case["proof"])
            self.assertEqual(ristretto.point_of(seed), point)
            self.assertEqual(ristretto.prove(seed, context), proof)
            self.assertTrue(ristretto.verify(point, context, proof))
            self.assertFalse(ristretto.verify(point, context + b"\0", proof))

    def test_passphrases(self):
        for case in cases("passphrases"):
            key = wallet.passphrase_key(case["passphrase"], case["memoryKiB"], case["passes"], h(case["salt"]))
            self.assertEqual(key.hex(), case["key"])

    def test_blob_ids(self):
        for case in cases("blobs"):
            self.assertEqual(blob_id.of(pattern(case["length"], 0)), case["id"])


class Copy:
    """One writing of a copy, made here once more (wallet.md, W-5)."""

    def __init__(self, case: dict):
        self.case = case
        self.place = (h(case["organisation"]), h(case["account"]))
        self.sign_seed, _, _ = derive.account_seeds(h(case["root"]), self.place[0], 0)
        self.content = h(case["content"])
        self.seeds = {
            "device": h(case["deviceSeed"]),
            "code": derive.code_kem_seed(h(case["code"]), self.place[0]),
            "stranger": pattern(32, 24),
        }

    def make(self, test: unittest.TestCase, before: "Copy | None" = None):
        *drawn, nonce = all_of(self.case["drawn"])
        keys = [xwing.public_key(self.seeds[name]) for name in ("device", "code")]
        if before is None:
            secret, self.key, *drawn = drawn
            nobodies, coins = drawn[:6], drawn[6:]
            self.layout = [secret, 0, []]
            all_keys = [*keys, *(xwing.public_key(seed) for seed in nobodies)]
            pairs = [m + x for m, x in zip(coins[::2], coins[1::2], strict=True)]
            self.wraps = wallet_copy.wraps(self.key, self.place, all_keys, pairs)
        else:
            # The same may open it: copy key and wraps stay.
            test.assertEqual(drawn, [])
            self.key, self.layout, self.wraps = before.key, before.layout, before.wraps
        test.assertEqual([derive.sha256(wrap).hex() for wrap in self.wraps], self.case["wrapsSha256"])
        test.assertEqual(wallet_copy.recipients(keys).hex(), self.case["recipients"])
        kept = wallet_content.for_copy(self.content)
        self.index = [kept, self.layout, [h(self.case["deviceRoot"])], h(self.case["recipients"])]
        self.serial = self.case["serial"]
        self.sealed = wallet_copy.seal_index(self.key, self.place, self.serial, self.index, nonce)
        head = wallet_copy.head(self.place, self.serial, self.wraps, self.sealed, [])
        signed = wallet_copy.sign(self.sign_seed, head)
        for name, data in (("head", head), ("signed", signed)):
            expected = self.case[name]
            test.assertEqual((len(data), derive.sha256(data).hex()), (expected["bytes"], expected["sha256"]))
        test.assertEqual(signed[-64:].hex(), self.case["signature"])
        self.check(test, signed)

    def check(self, test: unittest.TestCase, signed: bytes):
        """As who comes with the device or the code alone."""
        own = ed25519.public_key(self.sign_seed)
        test.assertTrue(wallet_copy.signed_by(signed, [own]))
        test.assertFalse(wallet_copy.signed_by(signed, [self.place[1]]))
        test.assertFalse(wallet_copy.signed_by(signed[:-1] + bytes([signed[-1] ^ 1]), [own]))
        *place, serial, wraps, sealed, shards = wallet_copy.read_head(wallet_copy.read_signed(signed)[0])
        test.assertEqual((tuple(place), serial, shards), (self.place, self.serial, []))
        for name in ("device", "code"):
            key = wallet_copy.unwrap(wraps, self.place, self.seeds[name])
            test.assertEqual(wallet_copy.open_index(key, self.place, serial, sealed), self.index)
        self.check_devices(test)

    def check_devices(self, test: unittest.TestCase):
        """W-23: the device is listed under the root, and the content knows the code."""
        fields = wallet_content.read(self.content)
        roots = {root_id: secret for root_id, secret, _ in fields["roots"]}
        ((key, name, added_ms, root_id, mac, _),) = fields["devices"]
        test.assertEqual(key, xwing.public_key(self.seeds["device"]))
        test.assertEqual(wallet_copy.device_mac(roots[root_id], key, name, added_ms), mac)
        test.assertEqual(fields["printed"][0][0], wallet_copy.code_check(h(self.case["code"])))

    def openings(self) -> dict:
        """Ways to the copy key and to the index, by the names that the vectors give them."""
        (organisation, account), elsewhere = self.place, pattern(32, 60)
        flipped = bytearray(self.sealed)
        flipped[100] ^= 1
        dirty = hpke.seal_under_key(
            self.key, derive.info(derive.WALLET_COPY, [*self.place, 1]), bytes(16 * 1024 - 1) + b"\1", pattern(12, 3)
        )

        def wrap(name: str, place=self.place):
            return lambda: wallet_copy.unwrap(self.wraps, place, self.seeds[name])

        def index(place=self.place, serial=1, sealed=self.sealed):
            return lambda: wallet_copy.open_index(self.key, place, serial, sealed)

        return {
            "device": wrap("device"),
            "code": wrap("code"),
            "stranger": wrap("stranger"),
            "device at another hospital": wrap("device", (elsewhere, account)),
            "another serial": index(serial=2),
            "another account": index((organisation, elsewhere)),
            "another hospital": index((elsewhere, account)),
            "a flipped bit": index(sealed=bytes(flipped)),
            "another padding": index(sealed=dirty),
        }


class People(unittest.TestCase):
    def test_accounts_and_identities(self):
        for case in cases("accounts"):
            organisation, expected = h(case["organisation"]), case["identity"]
            sign, kem, point = derive.account_seeds(h(case["root"]), organisation, case["index"])
            recovery = bytes(32)
            if case["code"] != "":
                key = ed25519.public_key(derive.recovery_seed(h(case["code"]), organisation))
                self.assertEqual(key.hex(), case["recoveryKey"])
                kem_hash = derive.sha256(xwing.public_key(derive.code_kem_seed(h(case["code"]), organisation)))
                self.assertEqual(kem_hash.hex(), case["codeKemHash"])
                recovery = derive.recovery_hash(key, kem_hash)
            bound = [case["bound"]["chainId"], h(case["bound"]["organisation"]), case["bound"]["role"]]
            identity = transactions.identity((sign, point), xwing.public_key(kem), recovery, bound)
            names = ("signKey", "kemKey", "point", "recovery", "pointProof", "signature")
            self.assertEqual([part.hex() for part in identity[1:]], [expected[name] for name in names])
            self.assertEqual(derive.account_id(identity[1]).hex(), case["accountOfKey"])
            self.assertEqual(point.hex(), case["pointSeed"])
            self.assertTrue(transactions.identity_holds(identity, bound))
            self.assertFalse(transactions.identity_holds(identity, [*bound[:2], "auditor"]))

    def test_wallet_files(self):
        for case in cases("wallet-files"):
            data, passphrase = h(case["file"]), case["passphrase"]
            self.assertEqual(refused(lambda: wallet_file.open_file(passphrase, data)), case.get("refused", ""))
            if "content" in case:
                self.check_wallet_file(case, data, passphrase)

    def test_wallet_passkeys(self):
        for case in cases("wallet-passkeys"):
            way, output = (h(case["credentialId"]), h(case["prfOutput"])), h(case["prfOutput"])
            if "refused" in case:
                unlocker = cbor.decode(h(case["unlocker"]))
                opened = refused(lambda: wallet_file.unwrap_by_passkey(unlocker, *way))
                self.assertEqual(opened, case["refused"])
                continue
            root, (nonce,) = h(case["root"]), all_of(case["drawn"])
            unlocker = wallet_file.wrap_for_passkey(output, way[0], h(case["prfInput"]), root, nonce)
            self.assertEqual(cbor.encode(unlocker).hex(), case["unlocker"])
            self.assertEqual(wallet_file.unwrap_by_passkey(unlocker, *way), root)

    def check_wallet_file(self, case: dict, data: bytes, passphrase: str):
        cost = (case["memoryKiB"], case["passes"], h(case["salt"]))
        content, secret, buckets = h(case["content"]), h(case["secret"]), case["buckets"]
        index, cut = wallet_file.cut(content, secret, buckets)
        self.assertEqual(sorted(cut), sorted(shard["bucket"] for shard in case["shards"]))
        drawn, refs = iter(all_of(case["drawn"])), []
        for shard in case["shards"]:
            name, key, nonce = next(drawn), next(drawn), next(drawn)
            sealed = wallet_file.seal_shard(cut[shard["bucket"]], name, key, nonce)
            self.assertEqual((name.hex(), sealed.hex()), (shard["name"], shard["sealed"]))
            self.assertEqual(wallet_file.open_shard(name, key, sealed), cut[shard["bucket"]])
            refs.append([shard["bucket"], name, key, len(sealed)])
        layout, local = [secret, buckets, refs], value_of(case["local"])
        nonces = (next(drawn), next(drawn))
        sealed = wallet_file.seal(passphrase, cost, h(case["root"]), [index, layout, local], nonces)
        self.assertEqual(sealed.hex(), data.hex())
        self.assertEqual(wallet_file.open_file(passphrase, data), [index, layout, local])
        self.assertEqual(wallet_content.joined(index, list(cut.values())), wallet_content.read(content))
        self.assertEqual(set(wallet_content.read(content)), set(case["entries"]))
        for name, count in case["entries"].items():
            self.assertEqual(len(wallet_content.read(content)[name]), count, name)
        self.assertEqual(refused(lambda: wallet_file.open_file(passphrase + "x", data)), "PASSPHRASE_WRONG")
        without_local = wallet_file.seal(passphrase, cost, h(case["root"]), [index, layout], nonces)
        self.assertEqual(refused(lambda: wallet_file.open_file(passphrase, without_local)), "WALLET_INVALID")

    def test_wallet_copies(self):
        first, second = [Copy(case) for case in cases("wallet-copies") if case["what"] == "copy"]
        first.make(self)
        second.make(self, first)
        checks = {"shard": self.check_copy_shard, "head": self.check_copy_head, "signed": self.check_signed_copy}
        for case in cases("wallet-copies"):
            if case["what"] in checks:
                checks[case["what"]](case, first)
            elif case["what"] == "recipients":
                keys = [pattern(xwing.PUBLIC_BYTES, start) for start in case["starts"]]
                self.assertEqual(wallet_copy.recipients(keys).hex(), case["hash"])
            elif case["what"] != "copy":
                self.assertEqual(refused(lambda: first.openings()[case["by"]]()), case["refused"], case)

    def check_copy_shard(self, case: dict, copy: "Copy"):
        fields = wallet_content.read(copy.content)
        shard = [fields[name] for name in wallet_content.SHARDED]
        name, key, nonce = all_of(case["drawn"])
        sealed = wallet_file.seal_shard(shard, name, key, nonce, is_padded=True)
        self.assertEqual((len(sealed), derive.sha256(sealed).hex()), (case["bytes"], case["sha256"]))
        self.assertEqual(wallet_file.open_shard(name, key, sealed, is_padded=True), shard)
        self.assertEqual(refused(lambda: wallet_file.open_shard(nonce + bytes(4), key, sealed)), "WALLET_INVALID")

    def check_copy_head(self, case: dict, _copy: "Copy"):
        of = case["of"]
        data = cbor.encode([
            of["suite"], of["type"], pattern(of["organisationBytes"], 1), pattern(32, 2), 3,
            [pattern(of["wrapBytes"], n) for n in range(of["wraps"])], pattern(of["sealedBytes"], 4),
            [[pattern(of["nameBytes"], 5), pattern(of["hashBytes"], 6), of["shardBytes"]]],
        ])  # fmt: skip
        self.assertEqual(derive.sha256(data).hex(), case["sha256"])
        self.assertEqual(refused(lambda: wallet_copy.read_head(data)), case["refused"], case)

    def check_signed_copy(self, case: dict, _copy: "Copy"):
        data = cbor.encode([pattern(length, n) for n, length in enumerate(case["of"])])
        self.assertEqual(refused(lambda: wallet_copy.read_signed(data)), case["refused"], case)

    def test_printed_codes(self):
        for case in cases("printed-codes"):
            if "printed" in case:
                self.assertEqual(wallet.format_code(h(case["code"])), case["printed"])
                self.assertEqual(wallet_copy.code_check(h(case["code"])).hex(), case["check"])
            elif "code" in case:
                self.assertEqual(wallet.parse_code(case["typed"]).hex(), case["code"])
            else:
                self.assertEqual(refused(lambda: wallet.parse_code(case["typed"])), case["refused"], case)


class Alerts(unittest.TestCase):
    def test_codes_of_mail_addresses(self):
        for case in cases("alert-confirmations"):
            account, address, key_id = h(case["account"]), case["address"], h(case["codeKeyId"])
            if "typed" in case:
                read = lambda: alerts.read(key_id, case["typed"], account, address)  # noqa: B023, E731
                if "refused" in case:
                    self.assertEqual(refused(read), case["refused"], case)
                else:
                    self.assertEqual(read().hex(), case["code"], case)
                continue
            key = h(case["outboxKey"])
            code = alerts.code(key, account, address)
            self.assertEqual(alerts.code_key_id(key), key_id)
            self.assertEqual(code.hex(), case["code"])
            self.assertEqual(alerts.shown(key_id, code, account, address), case["shown"])
            self.assertEqual(alerts.with_code(h(case["choice"]), code).hex(), case["confirmed"])


class Devices(unittest.TestCase):
    def test_ceremonies(self):
        for case in cases("device-ceremony"):
            if "refused" in case:
                self.assertEqual(refused(lambda: device.parse_link(case["link"])), case["refused"], case)
                continue
            old_seed, session, m_o, x_o, new_seed, nonce, old_nonce, m_n, x_n, gcm = all_of(case["drawn"])
            account, relay, name = h(case["account"]), case["relay"], case["name"]
            old_key, new_key = xwing.public_key(old_seed), xwing.public_key(new_seed)
            link = device.format_link(session, account, relay, old_key)
            self.assertEqual(link, case["link"])
            self.assertEqual(device.parse_link(link), [session, account, relay, derive.sha256(old_key)])
            first = device.first_hash(session, account, relay, old_key)
            self.assertEqual(first.hex(), case["firstHash"])
            to_old, enc_o = xwing.encapsulate(old_key, m_o + x_o)
            shown = (new_key, nonce, name, enc_o)
            committed = device.commitment(first, *shown)
            self.assertEqual(committed.hex(), case["commitment"])
            self.assertEqual(derive.sha256(device.reveal(*shown)).hex(), case["revealSha256"])
            said = device.transcript(first, committed, old_nonce, shown)
            self.assertEqual(said.hex(), case["transcript"])
            self.assertEqual(device.digits(old_nonce, nonce, said), case["digits"])
            self.assertEqual(xwing.decapsulate(old_seed, enc_o), to_old)
            to_new, enc_n = xwing.encapsulate(new_key, m_n + x_n)
            payload = pattern(case["payloadBytes"], case["payloadStart"])
            release = device.seal_release(device.release_key(to_new, to_old, said), enc_n, payload, gcm)
            self.assertEqual((len(release), derive.sha256(release).hex()), (case["releaseBytes"], case["releaseSha256"]))
            self.assertEqual(device.open_release(new_seed, to_old, said, release), payload)
            other = bytes([to_old[0] ^ 1]) + to_old[1:]
            self.assertEqual(refused(lambda: device.open_release(new_seed, other, said, release)), "CANNOT_OPEN")


class Records(unittest.TestCase):
    def test_segments(self):
        for case in cases("segments"):
            salt = h(case["salt"])
            sek = derive.segment_key(h(case["root"]), h(case["account"]), case["class"], case["epoch"], salt)
            seed = derive.write_seed(sek)
            self.assertEqual((sek.hex(), seed.hex()), (case["sek"], case["writeSeed"]))
            self.assertEqual(derive.sha256(xwing.public_key(seed)).hex(), case["writeKeySha256"])

    def test_padding(self):
        for case in cases("padding"):
            self.assertEqual(item.padded_length(case["length"]), case["padded"], case)

    def test_items_and_their_anchor(self):
        *sealed, anchor = cases("items")
        account = h(sealed[0]["account"])
        hospital = h(cases("accounts")[0]["organisation"])
        leaves = []
        for case in sealed:
            author, shown, head = item_head(case, hospital)
            record, sek = h(case["recordId"]), h(case["sek"])
            data = pattern(case["length"], case["index"])
            self.assertEqual(derive.account_id(ed25519.public_key(author)).hex(), case["author"])
            plain = item.inside(head, data, author)
            key, body_salt, line_nonce, *rest = all_of(case["drawn"])
            line = headline.seal(record, key, shown, line_nonce)
            body = item.seal_body(record, key, plain, body_salt)
            if case["wrap"] == "segment":
                nonce, leaf_salt = rest
                header = item.header_by_segment(record, case["epoch"], key, sek, nonce, line)
            else:
                coins, leaf_salt = rest[0] + rest[1], rest[2]
                public = xwing.public_key(derive.write_seed(sek))
                header = item.header_by_write_key(record, case["epoch"], key, public, coins, line)
            content = item.leaf_content(header, body, case["recordClass"], len(plain))
            leaf = item.leaf(leaf_salt, content)
            self.assertEqual(derive.sha256(body).hex(), case["bodySha256"])
            self.assertEqual((len(plain), blob_id.of(body)), (case["paddedBytes"], case["blobId"]))
            self.assertEqual((header.hex(), content.hex(), leaf.hex()), (case["header"], case["leafContent"], case["leaf"]))
            secret = item.opening_secret(header, sek)
            self.assertEqual(secret.hex(), case["openingSecret"])
            row = {"header": header, "leafContent": content, "salt": leaf_salt, "leaf": leaf, "account": account}
            self.assertEqual(item.open_item({**row, "secret": secret}, body), (head, data))
            other = {**row, "secret": secret, "account": bytes(32)}
            self.assertEqual(refused(lambda: item.open_item(other, body)), "ITEM_FORGED")
            leaves.append(leaf)
        root = h(anchor["root"])
        self.assertEqual((merkle.root(leaves), len(leaves)), (root, anchor["count"]))
        for index, case in enumerate(sealed):
            self.assertEqual(merkle.inclusion(leaves, index), all_of(case["path"]))
            self.assertTrue(merkle.is_included(leaves[index], index, len(leaves), all_of(case["path"]), root))

    def test_doubly_encrypted_items(self):
        hospital = h(cases("accounts")[0]["organisation"])
        for case in cases("double-items"):
            author, shown, head = item_head(case, hospital)
            record, sek = h(case["recordId"]), h(case["sek"])
            data = pattern(case["length"], case["index"])
            half, lock = h(case["half"]), h(case["lock"])
            first, body_salt, line_nonce, *rest = all_of(case["drawn"])
            key = item.double_key(first, half, record)
            line = headline.seal(record, key, shown, line_nonce)
            plain = item.inside(head, data, author)
            body = item.seal_body(record, key, plain, body_salt)
            if case["wrap"] == "segment":
                nonce, leaf_salt = rest
                made = item.header_by_segment(record, case["epoch"], first, sek, nonce, line, lock)
                header = item.double_header(made, 1, lock)
            else:
                coins, leaf_salt = rest[0] + rest[1], rest[2]
                public = xwing.public_key(derive.write_seed(sek))
                made = item.header_by_write_key(record, case["epoch"], first, public, coins, line, lock)
                header = item.double_header(made, 2, lock)
            content = item.leaf_content(header, body, case["recordClass"], len(plain))
            leaf = item.leaf(leaf_salt, content)
            self.assertEqual((header.hex(), content.hex(), leaf.hex()), (case["header"], case["leafContent"], case["leaf"]))
            self.assertEqual(derive.sha256(body).hex(), case["bodySha256"])
            secret = item.opening_secret(header, sek)
            self.assertEqual(secret.hex(), case["openingSecret"])
            row = {"header": header, "leafContent": content, "salt": leaf_salt, "leaf": leaf, "account": h(case["account"])}
            opening = lambda **more: item.open_item({**row, "secret": secret, **more}, body)  # noqa: E731
            self.assertEqual(opening(half=half), (head, data))
            self.assertEqual(refused(opening), "RECORD_DOUBLE")
            self.assertEqual(refused(lambda: opening(half=bytes(32))), "CANNOT_OPEN")
            self.assertEqual(refused(lambda: opening(half=half, secret=bytes(32))), "CANNOT_OPEN")
            # The same first half in an ordinary header is no wrap of it.
            plainly = {**row, "secret": secret, "header": made, "leafContent": item.leaf_content(made, body, case["recordClass"], len(plain))}
            plainly["leaf"] = item.leaf(leaf_salt, plainly["leafContent"])
            self.assertEqual(refused(lambda: item.open_item(plainly, body)), "CANNOT_OPEN")

    def test_locks_of_doubly_encrypted_items(self):
        for case in cases("double-locks"):
            account, record = h(case["account"]), h(case["recordId"])
            shares = all_of(case["shares"])
            if case["derived"]:
                derived = [derive.key(h(case["half"]), derive.STAT_HALF_SHARE, [account, record, at]) for at in (1, 2)]
                self.assertEqual(shares[:2], derived)
            half = sum(int.from_bytes(it, "big") for it in shares) % 2**256
            self.assertEqual(half.to_bytes(32, "big").hex(), case["half"])
            commit = lambda place, secret: derive.labelled(  # noqa: E731
                derive.STAT_HALF_COMMITMENT, account, record, bytes([place]), secret
            )
            commitments = [commit(at + 1, share) for at, share in enumerate(shares)]
            lock = [2, 162, all_of(case["servers"]), commitments, commit(0, half.to_bytes(32, "big"))]
            self.assertEqual(cbor.encode(lock).hex(), case["lock"])

    def test_carriers_and_ids_that_are_known_again(self):
        *carriers, last = cases("carried-items")
        *sealed, _ = cases("items")
        hospital = h(cases("accounts")[0]["organisation"])
        for case in carriers:
            of = sealed[case["index"]]
            root, before, after = h(sealed[0]["authorRoot"]), h(case["from"]), h(case["to"])
            seed, _, _ = derive.account_seeds(root, hospital, 0)
            head, body = sealed_body(of, hospital)
            row = {name: h(of[name]) for name in ("header", "leafContent")}
            row |= {"salt": all_of(of["drawn"])[-1], "secret": h(of["openingSecret"])}
            move = carried.move_statement(case["chainId"], before, after)
            self.assertEqual(move.hex(), case["move"])
            is_moved = before != after
            signature = ed25519.sign(seed, derive.message(derive.RECORD_MOVE, move)) if is_moved else b""
            self.assertEqual(signature.hex(), case["moveSignature"])
            key = ed25519.public_key(seed) if is_moved else b""
            frame = carried.frame(before, case["name"], row, h(case["receipt"]), key, signature)
            self.assertEqual(frame.hex(), case["frame"])
            carrier = frame + body
            self.assertEqual((len(carrier), derive.sha256(carrier).hex()), (case["carrierBytes"], case["carrierSha256"]))
            fields, inner, data = carried.open_carrier(carrier)
            self.assertEqual((inner, data), (head, pattern(of["length"], case["index"])))
            self.assertEqual(carried.is_moved(fields, case["chainId"], after), is_moved)
            self.assertFalse(carried.is_moved(fields, case["chainId"], bytes(32)))
            self.assertEqual(refused(lambda: carried.open_carrier(carrier[:100])), "CARRIER_INVALID")
            again = carried.again_id(root, after, of["recordClass"], h(of["recordId"]))
            self.assertEqual(again.hex(), case["again"])
        written = last["written"]
        record = h(written["recordId"])
        author, patient = h(written["author"]), h(written["patient"])
        mark = carried.written_mark(h(written["root"]), author, patient, written["class"], record[:8])
        self.assertEqual(mark, record[8:])

    def test_headlines(self):
        for case in cases("headlines"):
            shown = headline.plain(case["line"], case["name"], case["recordClass"])
            self.assertEqual((shown.hex(), derive.sha256(shown).hex()), (case["plain"], case["hash"]))
            headline.read(shown)
            record, key = h(case["recordId"]), h(case["recordKey"])
            sealed = headline.seal(record, key, shown, h(case["nonce"]))
            self.assertEqual(sealed.hex(), case["sealed"])
            self.assertEqual(headline.open_sealed(record, key, sealed), shown)
            for other in ((record, bytes(32)), (bytes(16), key)):
                self.assertEqual(refused(lambda: headline.open_sealed(*other, sealed)), "CANNOT_OPEN")

    def test_multiproofs(self):
        for case in cases("multiproofs"):
            leaves = [merkle.leaf_hash(pattern(4, index)) for index in range(case["count"])]
            shown = [(index, merkle.leaf_hash(pattern(4, index))) for index in case["indexes"]]
            told = (case["count"], all_of(case["siblings"]), h(case["root"]))
            self.assertEqual(merkle.are_included(shown, *told), case["holds"], case.get("name"))
            if case["holds"]:
                self.assertEqual(merkle.multiproof(leaves, case["indexes"]), all_of(case["siblings"]))

    def test_row_answers(self):
        live, erased = (lambda index, *parts: [0, index, *parts]), (lambda index, *parts: [1, index, *parts])
        anchors = [
            (
                [pattern(32, 1), 7, 1_700_000_000_000, 1, b"", pattern(32, 2), 3],
                [pattern(32, 3)],
                [
                    live(0, pattern(16, 4), pattern(32, 5), pattern(120, 6), pattern(90, 7)),
                    erased(1, pattern(16, 8), pattern(32, 9), pattern(250, 10)),
                ],
            ),
            (
                [pattern(32, 11), 300, 1_700_000_100_000, 2, pattern(16, 12), pattern(32, 13), 1],
                [],
                [live(0, pattern(16, 14), pattern(32, 15), pattern(121, 16), pattern(1200, 17))],
            ),
        ]
        heads = {
            "listing": [9, "300.2.0"],
            "read": [pattern(32, 18), 1_700_000_600_000, pattern(32, 19), 301, 4, pattern(32, 20), ""],
        }
        for case in cases("row-answers"):
            self.assertEqual(chart.rows_answer(heads[case["answer"]], anchors).hex(), case["encoded"])

    def test_body_streams(self):
        for case in cases("body-streams"):
            records = [pattern(16, at) for at in range(len(case["sections"]))]
            self.assertEqual(chart.ask(pattern(32, 21), records).hex(), case["ask"])
            sections = [
                pattern(part, at) if isinstance(part, int) else (records[at], part)
                for at, part in enumerate(case["sections"])
            ]
            self.assertEqual(chart.body_stream(sections).hex(), case["stream"])
            self.assertEqual(chart.read_body_stream(h(case["stream"])), sections)
            for end in range(0, len(case["stream"]) // 2, 97):
                self.assertEqual(refused(lambda: chart.read_body_stream(h(case["stream"])[:end])), "CAR_INVALID")

    def test_forged_items_are_refused_as_the_product_refuses_them(self):
        for case in cases("forged-items"):
            header, body = h(case["header"]), h(case["body"])
            row = {name: h(case[name]) for name in ("header", "leafContent", "salt", "leaf", "account")}
            row["secret"] = item.opening_secret(header, h(case["sek"]))
            self.assertEqual(refused(lambda: item.open_item(row, body)), case["refused"], case["name"])

    def test_items_that_were_sealed_once_open_for_ever(self):
        import base64

        frozen = json.loads((OWN.parent / "records" / "items.json").read_text())["items"]
        self.assertGreater(len(frozen), 1)
        for case in frozen:
            header, body = (base64.urlsafe_b64decode(case[name] + "==") for name in ("header", "body"))
            row = {"header": header, "leafContent": h(case["leafContent"]), "salt": h(case["salt"])}
            row |= {"leaf": h(case["leaf"]), "account": h(case["account"])}
            row["secret"] = item.opening_secret(header, h(case["sek"]))
            if "half" in case:
                self.assertEqual(refused(lambda: item.open_item(row, body)), "RECORD_DOUBLE")
                row["half"] = h(case["half"])
            head, data = item.open_item(row, body)
            self.assertEqual(data.decode(), case["text"])
            self.assertEqual((head[4], head[7], head[9]), (case["class"], case["itemName"], case["writtenMs"]))


def item_head(case: dict, hospital: bytes) -> tuple[bytes, bytes, list]:
    """Of a case of items.json: its author's seed, what is shown of it without its body, its head."""
    author, _, _ = derive.account_seeds(h(case["authorRoot"]), hospital, 0)
    shown = headline.plain(case["line"], case["name"], case["recordClass"])
    head = [
        h(case["recordId"]), h(case["account"]), h(case["author"]), ed25519.public_key(author), case["recordClass"],
        case["ordinaryClass"], case["mediaType"], case["name"], h(case["previous"]), case["writtenMs"],
        case["length"], derive.sha256(shown),
    ]  # fmt: skip
    return author, shown, head


def sealed_body(case: dict, hospital: bytes) -> tuple[list, bytes]:
    """Head and sealed body of a case of items.json."""
    author, _, head = item_head(case, hospital)
    data = pattern(case["length"], case["index"])
    key, body_salt, *_ = all_of(case["drawn"])
    return head, item.seal_body(h(case["recordId"]), key, item.inside(head, data, author), body_salt)


class Grants(unittest.TestCase):
    def test_grant_bodies(self):
        for case in cases("grant-bodies"):
            body = h(case["body"])
            self.assertEqual(refused(lambda: grants.read_grant_body(body)), case.get("refused", ""), case)
            if "hash" in case:
                self.assertEqual(cbor.encode(value_of(case["fields"])), body)
                self.assertEqual(grants.grant_body(grants.read_grant_body(body)), body)
                self.assertEqual(grants.grant_body_hash(h(case["salt"]), body).hex(), case["hash"])

    def test_asks(self):
        for case in cases("asks"):
            data = h(case["ask"])
            self.assertEqual(refused(lambda: grants.read_ask(data)), case.get("refused", ""), case)
            if "fields" in case:
                self.assertEqual(cbor.encode(value_of(case["fields"])), data)
                self.assertEqual(grants.ask(*grants.read_ask(data)), data)

    def test_letters(self):
        for case in cases("letters"):
            owner, _, _ = seeds_of(case, "ownerRoot")
            _, kem, _ = seeds_of(case, "granteeRoot")
            suite, kind, *fields = value_of(case["fields"])
            self.assertEqual((suite, kind), (2, grants.LETTER))
            travelling, grantee = grants.letter(owner, fields), h(case["grantee"])
            self.assertEqual(len(fields), 10 if case["derived"] else 8)
            if case["derived"]:
                self.assertEqual(derive.grant_write_seed(h(case["ownerRoot"]), fields[0], *fields[8:]), fields[4])
            self.assertEqual(travelling.hex(), case["signed"])
            self.assertNotEqual(grants.read_signed(derive.LETTER_SIGN, travelling, ed25519.public_key(owner)), b"")
            coins = b"".join(all_of(case["drawn"]))
            sealed = grants.seal_letter(xwing.public_key(kem), grantee, travelling, coins)
            self.assertEqual(sealed.hex(), case["sealed"])
            self.assertEqual(grants.open_letter(kem, grantee, sealed), travelling)
            self.assertEqual(refused(lambda: grants.open_letter(kem, bytes(32), sealed)), "CANNOT_OPEN")

    def test_read_requests(self):
        chain = bytes(32)
        names = (
            "chainId", "organisation", "consent", "grantBody", "grantSalt", "what",
            "purpose", "nonce", "issuedMs", "reader", "readerKey",
        )  # fmt: skip
        for case in cases("read-requests"):
            reader, _, _ = seeds_of(case, "readerRoot")
            request = dict(zip(names, value_of(case["fields"])[2:], strict=True))
            travelling = grants.signed(derive.READ_SIGN, reader, grants.read_request(request))
            self.assertEqual(travelling.hex(), case["travelling"])
            entry = grants.entry_hash(h(case["salt"]), travelling)
            chain = grants.next_look(chain, entry)
            self.assertEqual((entry.hex(), chain.hex()), (case["entry"], case["chain"]))

    def test_signed_objects(self):
        hospital = cases("accounts")[0]["organisation"]
        for case in cases("signed-objects"):
            if "travelling" in case:
                data, key = cbor.encode(value_of(case["fields"])), h(case["publicKey"])
                self.assertEqual(grants.read_signed(case["label"], h(case["travelling"]), key), data)
                if case["label"] in (derive.INBOX_SIGN, derive.ERASE_SIGN):
                    seed, _, _ = seeds_of({**case, "organisation": hospital}, "root")
                    self.assertEqual(grants.signed(case["label"], seed, data).hex(), case["travelling"])
            elif "hashOf" in case:
                self.assertEqual(self.hash_of(case).hex(), case["hash"])
            else:
                data = cbor.encode(value_of(case["fields"]))
                self.assertEqual(data.hex(), case.get("look", case.get("itemsOrder")))
                if "signature" in case:
                    message = derive.message(derive.ITEMS_SIGN, data)
                    self.assertEqual(ed25519.sign(h(case["writeSeed"]), message).hex(), case["signature"])

    def hash_of(self, case: dict) -> bytes:
        salt = h(case["salt"])
        if case["hashOf"] == "credential":
            return derive.labelled(derive.IDENTITY_CREDENTIAL, salt, cbor.encode(case["stated"]))
        reader = h(case["reader"])
        if case["hashOf"] == "refusals":
            stated = [reader, h(case["consent"]), case["count"], case["firstMs"], case["lastMs"]]
            self.assertEqual(cbor.encode([2, 57, salt, *stated]).hex(), case["object"])
            return derive.labelled(derive.REFUSAL_LEAF, salt, cbor.encode(stated))
        request = h(case["requestHash"])
        told = [reader, h(case["consent"]), case["code"], case["refusedMs"]]
        self.assertEqual(cbor.encode([2, 48, salt, *told, request]).hex(), case["object"])
        return derive.labelled(derive.REFUSAL_LEAF, salt, cbor.encode([*told, request]))

    def test_key_sets(self):
        for case in cases("key-sets"):
            root, account, salt = h(case["root"]), h(case["account"]), h(case["salt"])

            def public(name: str, epoch: int) -> bytes:
                return xwing.public_key(derive.write_seed(derive.segment_key(root, account, name, epoch, salt)))

            epochs = [(epoch, [(name, public(name, epoch)) for name in item.CLASSES]) for epoch in case["epochs"]]
            data = keysets.key_set_blob(epochs)
            self.assertEqual(list(item.CLASSES), case["classes"])
            self.assertEqual((derive.sha256(data).hex(), blob_id.of(data)), (case["sha256"], case["id"]))
            self.assertEqual(keysets.read_key_set_blob(data), [(epoch, dict(keys)) for epoch, keys in epochs])

    def test_envelope_sets(self):
        organisation = cases("accounts")[0]["organisation"]
        for case in cases("envelope-sets"):
            _, kem, _ = seeds_of({**case, "organisation": organisation}, "granteeRoot")
            throw_away, kem_key = xwing.public_key(h(case["throwAwaySeed"])), xwing.public_key(kem)
            drawn, envelopes, dummies = iter(all_of(case["drawn"])), [], []
            for each in case["envelopes"]:
                segments = [[name, epoch, h(secret)] for name, epoch, secret in each["segments"]]
                openings = [[h(record), h(secret)] for record, secret in each["openings"]]
                envelope = {"consent": h(each["consent"]), "tagKey": h(each["tagKey"]), "kemKey": kem_key}
                envelope |= {"segments": segments, "openings": openings}
                if len(cbor.encode([0, segments, openings])) > keysets.PLAIN - 2:
                    envelope |= {"tailKey": next(drawn), "tailNonce": next(drawn)}
                envelopes.append(envelope | {"coins": next(drawn) + next(drawn)})
            count = max(1, len(envelopes))
            while len(envelopes) + len(dummies) < 1 << (count - 1).bit_length():
                consent, tag = next(drawn), next(drawn)
                dummies.append({"consent": consent, "tag": tag, "kemKey": throw_away, "coins": next(drawn) + next(drawn)})
            self.assertEqual(list(drawn), [])
            blob = case["keySetBlob"]
            data = keysets.envelope_set_blob(blob, envelopes, dummies)
            self.assertEqual((len(data), derive.sha256(data).hex()), (case["bytes"], case["sha256"]))
            for each in envelopes:
                opened = keysets.open_envelope(data, blob, each["consent"], each["tagKey"], kem)
                self.assertEqual(opened, [each["segments"], each["openings"]])
            self.assertIsNone(keysets.open_envelope(data, blob, bytes(16), bytes(32), kem))


class Ledger(unittest.TestCase):
    def test_transactions(self):
        for case in cases("transactions"):
            tx = h(case["tx"])
            self.assertEqual(refused(lambda: transactions.read_tx(tx)), case["refused"], case["tx"][:400])

    def test_log_profiles(self):
        before = {"user": [1, 2, 3, 4, 5, 6, 10, 11, 12, 20, 30], "doc": [21, 31]}
        for case in cases("log-profiles"):
            log, said = case["profile"], [case["acts"], case["version"], case["fromHeight"]]
            self.assertEqual(cbor.encode([case["chainId"], log, *said]).hex(), case["signed"])
            tx = h(case["tx"])
            self.assertTrue(transactions.tx_holds(tx))
            number, *fields, approvals = transactions.read_tx(tx)[0][7][0]
            self.assertEqual((number, fields), (72, [log, *said]))
            message = transactions.profile_message(case["chainId"], log, *said)
            [[organisation, key, signature]] = approvals
            self.assertEqual(organisation, transactions.read_tx(tx)[0][4])
            self.assertTrue(ed25519.verify(key, message, signature))
            # only from a later height than the first.
            begins = case["fromHeight"] > 1
            self.assertEqual(case["code"], 0 if begins else 44)
            row = cbor.encode([[before[log], 1, 1], said]).hex() if begins else ""
            self.assertEqual(case["row"], row)

    def test_governance(self):
        """governance.md: of a ledger with one member, who decides by proposing."""
        self.assertEqual([transactions.quorum(n) for n in range(1, 8)], [1, 2, 3, 3, 4, 5, 5])
        refusals = {1: 247, 2: 247, 4: 258}
        for at, case in enumerate(cases("governance")):
            proposer, change = h(case["proposer"]), cbor.decode(h(case["change"]))
            self.assertEqual(change[0], at + 1)
            said = [case["number"], change]
            ours = transactions.proposal_id(case["chainId"], proposer, *said)
            self.assertEqual(ours.hex(), case["proposal"])
            tx = h(case["tx"])
            self.assertTrue(transactions.tx_holds(tx))
            self.assertEqual(transactions.read_tx(tx)[0][7], [[70, *said]])
            self.assertEqual(case["code"], refusals.get(change[0], 0))
            if case["code"] != 0:
                self.assertEqual((case["row"], case["members"]), ("", ""))
                continue
            until = case["timeMs"] + transactions.GOVERNANCE_MS
            row = [proposer, *said, 1, until, [[proposer, True, 0]], "accepted", 1]
            self.assertEqual(cbor.encode(row).hex(), case["row"])
            # In force from two heights later.
            if change[0] == 3:
                _, key, *_ = change[1]
                organisation = derive.account_id(key)
                members = [[proposer, 0, 0], [organisation, 3, 0]]
                self.assertEqual(cbor.encode(members).hex(), case["members"])
            if change[0] == 5:
                _, _, name, url, rights = change
                before = ["enrol", "serve", "batch"]
                changed = cbor.encode([name, url, rights, 3, before])
                self.assertEqual(changed.hex(), case["organisation"])

    def test_statistics_acts(self):
        """vitals-ledger.md: rows made here of what the acts before said."""
        codes = [0, 0, 0, 0, 0, 138, 140, 0]
        rows: dict[bytes, list] = {}

        def key(table: str, *parts: bytes) -> bytes:
            return table.encode() + b"/" + b"".join(parts)

        for case, code in zip(cases("statistics-acts"), codes, strict=True):
            self.assertEqual(case["code"], code)
            fields = transactions.read_tx(h(case["tx"]))[0]
            sender, height, now = fields[4], case["height"], case["timeMs"]
            [[number, *said]] = fields[7]
            quarter = now // transactions.QUARTER_MS
            changed: dict[bytes, list] = {}
            if number == 40:
                dataset, *terms, servers, k_min, pages, of_one, of_all, purposes = said
                trio = transactions.trio_id(servers)
                limits = [k_min, pages, of_one, of_all, purposes]
                changed[key("stat-datasets", dataset)] = [trio, sender, *terms, *limits, height]
                changed[key("stat-trios", trio)] = [servers, 0]
            if number == 41:
                changed[key("stat-permits", said[0])] = [*said[1:], sender, b"", 0]
            if number == 42:
                permit = key("stat-permits", said[0])
                changed[permit] = [*rows[permit][:6], sender, 0]
            if number == 43:
                trio, at, root, pages, first, last, _ = said
                place = key("stat-batches", trio, at.to_bytes(8, "big"))
                changed[place] = [root, pages, first, last, height]
                changed[key("stat-trios", trio)] = [rows[key("stat-trios", trio)][0], at]
            if number == 44 and code == 0:
                permit, dataset, purpose, query, batch, rho = said
                asked = [permit, dataset, purpose, batch, rho, quarter, height, now]
                changed[key("stat-queries", sender, query)] = asked
                held = key("stat-permits", permit)
                changed[held] = [*rows[held][:7], rows[held][7] + rho]
                place = dataset + quarter.to_bytes(8, "big")
                changed[key("stat-spent", place)] = [rho]
                changed[key("stat-spent-by", place, sender)] = [rho]
            if number == 45:
                researcher, query, answer = said
                changed[key("stat-seals", researcher, query, sender)] = [answer, height]
            made = {name.hex(): cbor.encode(row).hex() for name, row in changed.items()}
            self.assertEqual(made, case["rows"])
            rows.update(changed)

    def test_statistics_withdrawals(self):
        """vitals-ledger.md VL-16: one row, by whom and when; what was paid is sealed all the same."""
        codes = [14, 0, 142, 142, 0]
        for case, code in zip(cases("statistics-withdrawals"), codes, strict=True):
            self.assertEqual(case["code"], code)
            fields = transactions.read_tx(h(case["tx"]))[0]
            [[number, *said]] = fields[7]
            made = {}
            if number == 49 and code == 0:
                row = [fields[4], case["height"], case["timeMs"]]
                made = {(b"stat-withdrawn/" + said[0]).hex(): cbor.encode(row).hex()}
            if number == 45:
                researcher, query, answer = said
                place = b"stat-seals/" + researcher + query + fields[4]
                made = {place.hex(): cbor.encode([answer, case["height"]]).hex()}
            self.assertEqual(made, case["rows"])

    def test_statistics_quarantines(self):
        """vitals-ledger.md VL-17 to VL-19: rows made here of what the acts before said."""
        codes = [0, 146, 147, 0, 0, 0, 144, 0, 148, 0, 0, 0]
        states = {3: "accused", 5: "quarantined", 7: "rebuilt", 10: "quarantined", 11: "rebuilt"}
        row: list = []
        domains: dict[bytes, bytes] = {}
        for at, (case, code) in enumerate(zip(cases("statistics-quarantines"), codes, strict=True)):
            self.assertEqual(case["code"], code)
            fields = transactions.read_tx(h(case["tx"]))[0]
            sender, now = fields[4], [case["height"], case["timeMs"]]
            [[number, *said]] = fields[7]
            made = {}
            if number == 48 and code == 0:
                report, kind = said
                made[b"stat-incidents/" + sender + report] = [kind, *now]
            if at in states:
                trio, server, *rest = said
                if number == 47:
                    row = [states[at], *row[1:5], *now]
                elif states[at] == "accused":
                    row = [states[at], [], rest[0], *rest[1:], *now]
                elif row[0] == "accused":
                    row = [states[at], row[1], rest[0], min(row[3], rest[1]), max(row[4], rest[2]), *now]
                else:
                    row = [states[at], [], rest[0], *rest[1:], *now]
                # Who a server belongs to stands in its account, which is none of these rows.
                place = b"stat-quarantines/" + trio + server
                row[1] = cbor.decode(h(case["rows"][place.hex()]))[1]
                made[place] = row
                if number == 46:
                    self.assertLessEqual(len(row[1]), 2)
                    domains[sender] = row[1][-1]
            changed = {name.hex(): cbor.encode(it).hex() for name, it in made.items()}
            self.assertEqual(changed, case["rows"])
        self.assertEqual(len(set(domains.values())), 3)

    def test_statistics_queries(self):
        for case in cases("statistics-queries"):
            manifest, query = h(case["manifest"]), h(case["query"])
            self.assertEqual(cbor.encode(cbor.decode(manifest)), manifest)
            self.assertEqual(statistics.query_id(manifest), query)
            variances = [int(variance) for variance in case["variances"]]
            drawn = statistics.noise(h(case["noiseKey"]), query, variances)
            self.assertEqual([str(value) for value in drawn], case["noise"])
            masks = statistics.mask(h(case["nextKey"]), h(case["previousKey"]), query, 3)
            self.assertEqual([str(value) for value in masks], case["mask"])

    def test_statistics_selections(self):
        for case in cases("statistics-selections"):
            query, most = h(case["query"]), case["pagesPerPatient"]
            patients = [(h(it["patient"]), [all_of(day) for day in it["days"]]) for it in case["patients"]]
            digests = [statistics.patient_digest(days) for _, days in patients]
            self.assertEqual([it.hex() for it in digests], [it["digest"] for it in case["patients"]])
            rows = [name + digest for (name, _), digest in zip(patients, digests, strict=True)]
            self.assertEqual(b"".join(rows).hex(), case["pageSet"])
            for (_, days), it in zip(patients, case["patients"], strict=True):
                chosen = statistics.counting([page for day in days for page in day], query, most)
                self.assertEqual([page.hex() for page in chosen], it["counting"])
            self.assertEqual(statistics.selection(query, patients, most).hex(), case["selection"])

    def test_vitals_reading(self):
        kinds = set()
        for case in cases("vitals-reading"):
            kinds.add(case["kind"])
            getattr(self, f"check_{case['kind']}")(case)
        self.assertEqual(kinds, {"registration", "servers", "day", "read", "reading"})

    def check_registration(self, case):
        content = vitals_reading.registration(
            h(case["account"]), h(case["pseudonym"]), case["counter"],
            [case["sex"], case["ageBand"], case["region"], case["arm"]], [case["fromHour"], case["untilHour"]],
            [[h(key), panels] for key, panels in case["sensors"]], all_of(case["datasets"]), h(case["pseudonymSalt"]),
        )
        if case["pseudonymSalt"]:
            made = vitals_reading.pseudonym_of(h(case["account"]), h(case["pseudonymSalt"]))
            self.assertEqual(made.hex(), case["pseudonym"])
        made = vitals_reading.signed(h(case["seed"]), derive.STAT_REGISTRATION, content)
        self.assertEqual(made.hex(), case["signed"])

    def check_servers(self, case):
        self.assertEqual(vitals_reading.record_id(h(case["patient"]), ["servers"]).hex(), case["recordId"])
        made = vitals_reading.servers_record(all_of(case["servers"]), h(case["pseudonym"]))
        self.assertEqual(made.hex(), case["bytes"])

    def check_day(self, case):
        name = ["day", case["day"], case["panel"], case["number"]]
        self.assertEqual(vitals_reading.record_id(h(case["patient"]), name).hex(), case["recordId"])
        pages = [[it["sequence"], it["startHour"], it["n"], h(it["clinical"])] for it in case["pages"]]
        sensor = ed25519.public_key(h(case["seed"]))
        content = vitals_reading.day_record(h(case["registration"]), sensor, case["panel"], case["day"], pages)
        made = vitals_reading.signed(h(case["seed"]), derive.STAT_REPLICA, content)
        self.assertEqual(made.hex(), case["signed"])

    def check_read(self, case):
        names = ("trio", "pseudonym", "look")
        hours = [case["panel"], case["firstHour"], case["lastHour"]]
        payload = cbor.encode([case["chainId"], *(h(case[name]) for name in names), *hours])
        content = vitals_reading.statement(h(case["from"]), h(case["to"]), "read", case["timeMs"], payload)
        made = vitals_reading.signed(h(case["seed"]), derive.STAT_STATEMENT, content)
        self.assertEqual(made.hex(), case["signed"])

    def check_reading(self, case):
        names = ("manifest", "signature", "roll", "histogram", "clinical", "salt")
        pages = [
            [*(h(it[name]) for name in names), it["batch"], it["index"], all_of(it["path"])] for it in case["pages"]
        ]
        made = cbor.encode([h(case["request"]), case["place"], h(case["registration"]), case["newestBatch"], pages])
        self.assertEqual(made.hex(), case["bytes"])

    def test_folded_identities(self):
        """ID-6: of the directory after so many identities, and the last folded one with its path."""
        one, _, two = cases("accounts")
        names = ("signKey", "kemKey", "point", "recovery", "pointProof", "signature")
        given = [[2, *(h(case["identity"][name]) for name in names)] for case in (one, two)]
        for case in cases("folded-identities"):
            entries = [[given[n % 2], n, n + 1] for n in range(case["identities"])]
            folded, kept = [0, []], []
            for entry in entries:
                folded, kept = ledger.fold(folded, [*kept, entry])
            count, peaks = folded
            self.assertEqual((count, [peak.hex() for peak in peaks]), (case["count"], case["peaks"]))
            self.assertEqual(kept, entries[count:])
            if count == 0:
                continue
            leaves = [merkle.leaf_hash(cbor.encode(entry)) for entry in entries[:count]]
            self.assertEqual(ledger.folded_root(peaks), merkle.root(leaves))
            self.assertEqual(cbor.encode(entries[count - 1]).hex(), case["entry"])
            self.assertEqual(merkle.inclusion(leaves, case["index"]), all_of(case["path"]))

    def test_nonces(self):
        for case in cases("nonces"):
            top, used = 0, set()
            for step in case["steps"]:
                verdict = nonces.judge_nonce(top, used, step["nonce"])
                if verdict == "":
                    top, used = nonces.burn_nonce(top, used, step["nonce"])
                bits = nonces.window_bits(top, used).hex()
                self.assertEqual((verdict, top, bits), (step["refused"], step["top"], step["used"]), case)

    def test_blocks_are_executed_to_the_same_rows_and_hashes(self):
        first, *following = cases("blocks")
        genesis = h(first["genesis"])
        self.assertEqual(derive.sha256(genesis).hex(), first["genesisHash"])
        state = ledger.Ledger(genesis)
        logs: dict[str, list[bytes]] = {"user": [], "doc": []}
        before = self.app_hash(state, logs)
        self.assertEqual(before, first["appHash"])
        rows, last_id, results = dict(first["rows"]), (b"", 0, b""), merkle.root([])
        last_commit = merkle.root([])
        for block in following:
            for tx, tx_id, result in zip(all_of(block["txs"]), block["txIds"], block["results"], strict=True):
                self.assertEqual(derive.sha256(tx).hex(), tx_id)
                self.execute(state, logs, tx, result, block)
            rows |= dict(block["rows"])
            self.assertEqual({key.hex(): row.hex() for key, row in state.encoded().items()}, rows)
            header = blocks.read_header(h(block["header"]))
            commit = blocks.read_commit(h(block["commit"]))
            txs = [merkle.leaf_hash(h(tx_id)) for tx_id in block["txIds"]]
            self.assertEqual(header.hashes["dataHash"], merkle.root(txs))
            self.assertEqual(header.hashes["appHash"].hex(), before)
            self.assertEqual((header.last_block_id, header.hashes["lastCommitHash"]), (last_id, last_commit))
            self.assertEqual(header.hashes["lastResultsHash"], results)
            self.assertEqual((header.height, blocks.time_ms(header.time)), (block["height"], block["timeMs"]))
            self.check_vote(header, commit)
            before = self.app_hash(state, logs)
            self.assertEqual(before, block["appHash"])
            last_id, last_commit = (header.hash(), 1, header.hash()), commit.hash()
            results = self.results_root(block["results"])

    def execute(self, state: ledger.Ledger, logs: dict, tx: bytes, result: dict, block: dict) -> None:
        if refused(lambda: transactions.read_tx(tx)) != "":
            self.assertEqual(result, {"code": 1, "data": "80"})
            return
        body, signatures = transactions.read_tx(tx)
        self.assertTrue(transactions.tx_holds(tx))
        if result["data"] == "80" and result["code"] != 0:
            return
        state.burn(body, signatures[0][0])
        if result["code"] != 0:
            return
        bounds = {1: (body[4], None), 2: (body[4], transactions.ROTATION)}
        for act in body[7]:
            if act[0] in bounds:
                organisation, role = bounds[act[0]]
                self.assertTrue(transactions.identity_holds(act[1], [body[2], organisation, role or act[2]]))
        answers = state.apply(body, block["height"], block["timeMs"])
        self.assertEqual(cbor.encode(answers).hex(), result["data"])
        logs[body[3]].append(derive.sha256(tx))

    def app_hash(self, state: ledger.Ledger, logs: dict) -> str:
        root = state_tree.root(state_tree.leaves_of(state.encoded()))
        heads = [state_tree.log_head(logs[name]) for name in ("user", "doc")]
        return state_tree.app_hash(root, *heads).hex()

    def results_root(self, results: list[dict]) -> bytes:
        leaves = []
        for result in results:
            code, data = result["code"], h(result["data"])
            encoded = (b"\x08" + blob_id.varint(code) if code else b"") + b"\x12" + blob_id.varint(len(data)) + data
            leaves.append(merkle.leaf_hash(encoded))
        return merkle.root(leaves)

    def check_vote(self, header: blocks.Header, commit: blocks.Commit) -> None:
        """The one validator of the genesis, by its own power."""
        fields = cbor.fields_of(h(cases("blocks")[0]["genesis"]), ledger.GENESIS, 7)
        ((key, power),) = fields[4]
        self.assertEqual(header.hashes["validatorsHash"], blocks.validators_hash([(key, power)]))
        (vote,) = commit.votes
        message = commit.sign_bytes(header.chain, vote)
        self.assertTrue(ed25519.verify(key, message, vote[3]))
        self.assertEqual((vote[1], commit.block_id[0]), (blocks.address(key), header.hash()))

    def test_state_proofs(self):
        rows = {}
        for case in cases("state-proofs"):
            value = None if case["value"] == "" else h(case["value"])
            holds = state_tree.answer_holds(h(case["appHash"]), h(case["key"]), value, h(case["proof"]))
            self.assertEqual(holds, case["holds"], case)
            if holds and value is not None:
                rows[h(case["key"])] = value
        leaves = state_tree.leaves_of(rows)
        for case in cases("state-proofs"):
            if case["holds"]:
                fields = cbor.decode(h(case["proof"]))
                made = state_tree.encode_answer(tuple(fields[:2]), tuple(fields[2:4]), *state_tree.prove(leaves, h(case["key"])))
                self.assertEqual(made.hex(), case["proof"])


def judged_by_example(data: bytes, trust: str) -> str:
    try:
        example.verify(data, json.loads(trust))
    except example.Refused as refused:
        return str(refused)
    except Exception:
        return "encoding"
    return "holds"


class Receipts(unittest.TestCase):
    def test_every_verdict_is_the_product_s(self):
        judged = 0
        for case in cases("receipts"):
            data = h(case["receipt"])
            self.assertEqual(verify_receipt.verdict(data, case["trust"]), case["verdict"], case["name"])
            for at, mask, expected in case["flips"]:
                changed = bytearray(data)
                changed[at] ^= mask
                said = verify_receipt.verdict(bytes(changed), case["trust"])
                self.assertEqual(said, expected, (case["name"], at, mask))
                judged += 1
        self.assertGreater(judged, 300)

    def test_the_example_that_was_written_from_the_protocol_alone_says_the_same(self):
        # It leaves out witnesses and changed sets, and takes bytes in more than one encoding.
        judged = 0
        for case in cases("receipts"):
            if case["name"].startswith("trust root") or "witness" in case["name"]:
                continue
            for at, mask, expected in [(0, 0, case["verdict"]), *case["flips"]]:
                data = bytearray(h(case["receipt"]))
                data[at] ^= mask
                said = judged_by_example(bytes(data), case["trust"])
                if said == "changes" or expected.get("reason") in ("encoding", "witness"):
                    continue
                self.assertEqual(said, expected.get("reason", "holds"), (case["name"], at, mask))
                judged += 1
        self.assertGreater(judged, 250)

    def test_the_example_names_who_looked_by_a_bundle(self):
        folder = ROOT / "test" / "fixtures" / "receipts"
        command = [sys.executable, example.__file__, folder / "look.receipt", "--trust", folder / "trust.json"]
        said = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        [reader] = [it for it in said["names"] if it["account"] == said["shows"]["reader"]]
        self.assertEqual((reader["name"], reader["role"], reader["hospital"]), ("Dr Bo", "clinician", "Harbour Clinic"))

    def test_the_command_prints_the_verdict_and_ends_with_0_or_4(self):
        good, bad = cases("receipts")[0], cases("receipts")[4]
        for case, status in ((good, 0), (bad, 4)):
            with tempfile.TemporaryDirectory() as folder:
                receipt, trust = pathlib.Path(folder, "receipt"), pathlib.Path(folder, "trust.json")
                receipt.write_bytes(h(case["receipt"]))
                trust.write_text(case["trust"])
                command = [sys.executable, verify_receipt.__file__, str(receipt), "--trust", str(trust)]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, json.loads(done.stdout)), (status, case["verdict"]))

    def test_trust_roots_are_read(self):
        for case in cases("receipts"):
            code = refused(lambda: receipt_file.parse_trust_root(case["trust"]))
            self.assertIn(code, ("", "TRUST_ROOT_WRONG"))


if __name__ == "__main__":
    unittest.main()

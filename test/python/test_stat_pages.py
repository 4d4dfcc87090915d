"""vitals-pages.md and the envelopes of vitals-servers.md against the vectors, made once more, byte for byte."""

import hashlib
import json
import pathlib
import unittest

from salus_model import blob_id, stat_pages, stat_recovery, xwing
from salus_model.refused import Refused

ROOT = pathlib.Path(__file__).resolve().parents[2]


def cases(name: str) -> list[dict]:
    found = json.loads((ROOT / "test" / "vectors" / "own" / f"{name}.json").read_text())["cases"]
    assert found
    return found


def pattern(length: int, start: int) -> bytes:
    return bytes((start + i) % 251 for i in range(length))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class StatPages(unittest.TestCase):
    def test_codes(self):
        for case in cases("stat-codes"):
            ours = [stat_pages.statistics_code(case["clinical"], case["statistics"], code) for code in case["codes"]]
            self.assertEqual(ours, case["bytes"], case["name"])
            self.assertEqual((min(ours) >= 0, max(ours) <= 255), (True, True))

    def test_pages(self):
        verdicts = set()
        for case in cases("stat-pages"):
            with self.subTest(n=case["n"], panel=case["panel"], wrong=case["wrong"]):
                verdicts.add(self.check(case))
        self.assertEqual(verdicts, {"accepted", "PROOF_REJECTED"})

    def check(self, case: dict) -> str:
        """VP-9 to VP-17."""
        n, k = case["n"], case["k"]
        number = stat_pages.page_id(bytes.fromhex(case["sensorKey"]), case["panel"], case["sequence"])
        self.assertEqual(number.hex(), case["page"])
        head = {"n": n, "k": k, "page": number, "nonce": bytes.fromhex(case["nonce"])}
        head |= {"panel": case["panel"], "edges": case["edges"]}
        statistics, counters = bytes.fromhex(case["statistics"]), bytes.fromhex(case["counters"])
        measurement = stat_pages.measurement_of(statistics, counters, n, k)
        honest = list(measurement)
        if case["wrong"] is not None:
            measurement[case["wrong"]] += 1
        secrets = [bytes.fromhex(secret) for secret in case["secrets"]]
        page = stat_pages.Page(head, secrets).share(measurement, bytes.fromhex(case["clinical"]))
        self.assertEqual([part.hex() for part in page.parts], case["parts"])
        sent = stat_pages.packed(page.sent)
        self.assertEqual(sha256(sent), case["explicitSha256"])
        self.assertIn(case["explicit"], (None, sent.hex()))
        self.assertEqual([page.kept_hash(server).hex() for server in (1, 2, 3)], case["hashes"])
        manifest = page.manifest(pattern(16, 7), case["sequence"], 490_000)
        self.assertEqual(manifest.hex(), case["manifest"])
        named = [case[f"{name}BodySha256"] for name in ("first", "second", "third")]
        self.assertEqual([sha256(body) for body in page.bodies()], named)
        verifiers = [page.verifier(server, bytes.fromhex(case["verifyKey"])) for server in (1, 2, 3)]
        self.assertEqual([sha256(stat_pages.packed(it)) for it in verifiers], case["verifiersSha256"])
        rolls = [page.kept(server) for server in (1, 2, 3)]
        self.assertEqual([stat_pages.packed(roll[:20]).hex() for roll in rolls], case["rolls"])
        self.assertEqual(page.verdict(verifiers), case["verdict"])
        self.assertEqual(case["verdict"] == "accepted", measurement == honest)
        # What the three keep adds up to what the page says.
        total = [sum(x) % stat_pages.P for x in zip(*rolls, strict=True)]
        self.assertEqual(total, stat_pages.Circuit(measurement, n, k).kept())
        return case["verdict"]


class StatEnvelopes(unittest.TestCase):
    """vitals-servers.md, VS-29 to VS-33: envelopes made once more, byte for byte, and shares rebuilt from them."""

    def test_envelopes(self):
        for case in cases("stat-envelopes"):
            with self.subTest(pages=len(case["pages"])):
                self.check(case)

    def check(self, case: dict):
        trio, pseudonym = bytes.fromhex(case["trio"]), bytes.fromhex(case["pseudonym"])
        pages = [page_of(of, bytes.fromhex(case["sensorKey"])) for of in case["pages"]]
        hour = case["startHour"]
        made = [(page, page.manifest(pseudonym, at, hour)) for at, page in enumerate(pages)]
        seeds = [bytes.fromhex(seed) for seed in case["recoverySeeds"]]
        publics = [xwing.public_key(seed) for seed in seeds]
        self.assertEqual([sha256(public) for public in publics], case["recoveryKeySha256"])
        self.assertEqual(case["drawnMore"], 0)
        envelopes = [stat_recovery.envelope(trio, server, publics[server - 1], made) for server in (1, 2, 3)]
        self.assertEqual([envelope.hex() for envelope in envelopes], case["envelopes"])
        ids = tuple(blob_id.of(envelope) for envelope in envelopes)
        for at, page in enumerate(pages):
            manifest = page.manifest(pseudonym, at, hour, ids)
            self.assertEqual(manifest.hex(), case["pages"][at]["manifest"])
            for server, envelope in enumerate(envelopes, 1):
                kept = stat_recovery.rebuild(seeds[server - 1], trio, server, manifest, envelope)
                own = stat_pages.packed(page.kept(server)) + b"".join(page.beside(server))
                self.assertEqual(kept, own)
                self.assertEqual(page.kept_hash(server).hex(), case["pages"][at]["rebuilt"][server - 1])
                with self.assertRaises(Refused) as wrong:
                    stat_recovery.rebuild(seeds[server % 3], trio, server, manifest, envelope)
                self.assertEqual(str(wrong.exception), case["withTheNextServersKey"][server - 1])


def page_of(of: dict, sensor_key: bytes) -> stat_pages.Page:
    n, k = of["n"], of["k"]
    number = stat_pages.page_id(sensor_key, of["panel"], of["sequence"])
    head = {"n": n, "k": k, "page": number, "nonce": bytes.fromhex(of["nonce"])}
    head |= {"panel": of["panel"], "edges": of["edges"]}
    statistics, counters = bytes.fromhex(of["statistics"]), bytes.fromhex(of["counters"])
    measurement = stat_pages.measurement_of(statistics, counters, n, k)
    secrets = [bytes.fromhex(secret) for secret in of["secrets"]]
    return stat_pages.Page(head, secrets).share(measurement, bytes.fromhex(of["clinical"]))

"""The model against what others published (test/vectors/published), so that it is right by itself."""

import base64
import json
import pathlib
import unittest
import zlib

from salus_model import cbor, cobblestone, derive, ed25519, hpke, merkle, mlkem, ristretto, xwing
from salus_model.refused import Refused

PUBLISHED = pathlib.Path(__file__).parent.parent / "vectors" / "published"


def load(name: str):
    return json.loads((PUBLISHED / name).read_text())


def wycheproof(name: str):
    for group in load(f"wycheproof/{name}")["testGroups"]:
        for test in group["tests"]:
            yield group, test


def h(text: str) -> bytes:
    return bytes.fromhex(text)


def b(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def refused(work) -> str:
    """The code that `work` is refused with, or none."""
    try:
        work()
    except Refused as problem:
        return problem.code
    return ""


class Published(unittest.TestCase):
    def test_cbor_appendix_a_is_decoded_or_refused(self):
        taken = 0
        for case in load("cbor/appendix_a.json"):
            data = h(case["hex"])
            code = refused(lambda: cbor.decode(data))
            self.assertIn(code, ("", "CBOR_INVALID"))
            if code == "":
                self.assertEqual(cbor.encode(cbor.decode(data)), data)
                self.assertNotIn(data[0] >> 5, (1, 5, 6), case)
                if "decoded" in case:
                    self.assertEqual(cbor.decode(data), case["decoded"])
                taken += 1
        self.assertGreater(taken, 25)

    def test_ed25519_judges_as_wycheproof_and_accepts_the_fourth_edge_case_alone(self):
        for group, test in wycheproof("ed25519_test.json"):
            key = h(group["publicKey"]["pk"])
            holds = ed25519.verify(key, h(test["msg"]), h(test["sig"]))
            self.assertEqual(holds, test["result"] == "valid", test["tcId"])
        edges = load("ed25519-speccheck/cases.json")
        verdicts = [
            ed25519.verify(h(case["pub_key"]), h(case["message"]), h(case["signature"]))
            for case in edges
        ]
        self.assertEqual([i for i, holds in enumerate(verdicts) if holds], [3])

    def test_zip215_accepts_what_the_edge_cases_say(self):
        edges = load("ed25519-speccheck/cases.json")
        verdicts = [
            ed25519.verify_vote(h(case["pub_key"]), h(case["message"]), h(case["signature"]))
            for case in edges
        ]
        # Chalkias et al. 2020, table 5, row of Zebra: S >= L, and a hash over a reduced R, are refused.
        self.assertEqual([i for i, holds in enumerate(verdicts) if not holds], [6, 7, 8])

    def test_ristretto_multiples_and_invalid_encodings(self):
        vectors = load("rfc9496/ristretto255.json")
        point = ed25519.IDENTITY
        for encoded in vectors["multiplesOfTheGenerator"]:
            self.assertEqual(ristretto.encode(point).hex(), encoded)
            self.assertEqual(ristretto.encode(ristretto.decode(h(encoded))).hex(), encoded)
            point = ed25519.add(point, ed25519.BASE)
        for encoded in vectors["invalidEncodings"]:
            self.assertIsNone(ristretto.decode(h(encoded)), encoded)

    def test_mlkem_decapsulates_as_wycheproof(self):
        for _, test in wycheproof("mlkem_768_test.json"):
            seed, ciphertext = h(test["seed"]), h(test["c"])
            fits = len(seed) == 64 and len(ciphertext) == 1088
            self.assertEqual(fits, test["result"] == "valid", test["tcId"])
            if fits:
                public, secret = mlkem.keys(seed)
                self.assertEqual(public.hex(), test["ek"])
                self.assertEqual(mlkem.decapsulate(secret, ciphertext).hex(), test["K"])

    def test_mlkem_encapsulates_as_wycheproof(self):
        for _, test in wycheproof("mlkem_768_encaps_test.json"):
            public = h(test["ek"])
            self.assertEqual(mlkem.is_reduced(public), test["result"] == "valid", test["tcId"])
            if test["result"] == "valid":
                shared, ciphertext = mlkem.encapsulate(public, h(test["m"]))
                self.assertEqual((shared.hex(), ciphertext.hex()), (test["K"], test["c"]))

    def test_hkdf_as_wycheproof_without_salt(self):
        checked = 0
        for _, test in wycheproof("hkdf_sha256_test.json"):
            if test["salt"] == "" and test["result"] == "valid":
                okm = derive.hkdf(h(test["ikm"]), h(test["info"]), test["size"])
                self.assertEqual(okm.hex(), test["okm"])
                checked += 1
        self.assertGreater(checked, 10)

    def test_chunked_encryption_as_wycheproof(self):
        for _, test in wycheproof("c2sp_chunked_encryption_aes_256_gcm_test.json"):
            context = h(test["ctx"])
            key, sealed = h(test["key"]), zlib.decompress(h(test["ct"]))
            code = refused(lambda: cobblestone.open_whole(key, context, sealed))
            self.assertEqual(code == "", test["result"] == "valid", test["tcId"])
            if code == "":
                opened = cobblestone.open_whole(key, context, sealed)
                self.assertEqual(cobblestone.seal(key, context, opened, sealed[:24]), sealed)

    def test_hpke_key_schedule_and_xwing(self):
        checked = 0
        for case in load("hpke/hpke-pq.json"):
            if case.get("kem_id") == hpke.XWING and case.get("mode", 0) == 0:
                seed, enc = h(case["skRm"]), h(case["enc"])
                secret = xwing.decapsulate(seed, enc)
                self.assertEqual(secret.hex(), case["shared_secret"])
                self.assertEqual(xwing.public_key(seed).hex(), case["pkRm"])
                if case["kdf_id"] == 1:
                    key, nonce = hpke.key_schedule(secret, h(case["info"]), hpke.XWING, case["aead_id"])
                    self.assertEqual((key.hex(), nonce.hex()), (case["key"], case["base_nonce"]))
                checked += 1
        self.assertGreater(checked, 0)

    def test_merkle_inclusion_accepts_and_refuses_as_published(self):
        verdicts = {True: 0, False: 0}
        for path in sorted((PUBLISHED / "merkle" / "inclusion").rglob("*.json")):
            case = json.loads(path.read_text())
            holds = merkle.is_included(
                b(case["leafHash"]), case["leafIdx"], case["treeSize"],
                [b(part) for part in case["proof"] or []], b(case["root"]),
            )  # fmt: skip
            self.assertEqual(holds, not case["wantErr"], path.name)
            verdicts[holds] += 1
        self.assertGreater(min(verdicts.values()), 3)

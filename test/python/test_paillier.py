"""vitals-paillier.md against the vectors: keys, ciphertexts and sums made once more, byte for byte."""

import hashlib
import json
import math
import pathlib
import unittest

from salus_model import cbor, paillier
from salus_model.refused import Refused

OWN = pathlib.Path(__file__).resolve().parents[1] / "vectors" / "own"


def cases(name: str) -> list[dict]:
    found = json.loads((OWN / f"{name}.json").read_text())["cases"]
    assert found
    return found


class Paillier(unittest.TestCase):
    def test_keys_and_ciphertexts(self):
        for case in cases("paillier"):
            with self.subTest(seed=case["seed"]):
                key = paillier.Key.search(paillier.chance(bytes.fromhex(case["seed"])))
                self.assertEqual(key.n.to_bytes(384, "big").hex(), case["modulus"])
                self.assertEqual(key.root.to_bytes(384, "big").hex(), case["root"])
                self.assertEqual(key.secret().hex(), case["secretKey"])
                self.check_ciphertexts(key, case)

                self.check_proof(key, case)

    def test_answers_of_three_servers(self):
        for case in cases("paillier-answers"):
            key = paillier.Key.search(paillier.chance(bytes.fromhex(case["seed"])))
            self.assertEqual(key.name().hex(), case["key"])
            draw = paillier.chance(bytes.fromhex(case["chance"]))
            head = {name: bytes.fromhex(case[name]) for name in ("query", "selection", "key")}
            parts = [[int(it) for it in part] for part in case["parts"]]
            made = [
                paillier.part(head, at + 1, key.encrypt(paillier.pack(part, 72), draw)) for at, part in enumerate(parts)
            ]
            self.assertEqual([it.hex() for it in made], case["answers"])
            product = paillier.product_of(made, key.square)
            self.assertEqual(product.to_bytes(768, "big").hex(), case["ciphertext"])
            opened = paillier.signed_numbers(paillier.unpack_sum(key.decrypt(product), len(parts[0])))
            self.assertEqual([str(it) for it in opened], case["values"])
            self.assertTrue(any(it < 0 for it in opened))
            for wrong in (made[:2], [made[1], made[0], made[2]], [made[0], made[0], made[2]]):
                with self.assertRaises(Refused):
                    paillier.product_of(wrong, key.square)

    def check_proof(self, key: paillier.Key, case: dict) -> None:
        owner = bytes.fromhex(case["owner"])
        public = key.public(owner, paillier.chance(bytes.fromhex(case["proofChance"])))
        self.assertEqual(hashlib.sha256(public).hexdigest(), case["publicKeySha256"])
        proof = cbor.decode(public)[4]
        parts = [proof[0], proof[1][:384], proof[2][:384], proof[3]]
        names = ["witness", "firstRoot", "firstFourthRoot", "signs"]
        self.assertEqual([part.hex() for part in parts], [case[name] for name in names])
        self.assertTrue(paillier.proof_holds(public, owner))
        self.assertFalse(paillier.proof_holds(public, bytes(32)))
        self.assertFalse(paillier.proof_holds(public[:-1] + bytes([public[-1] ^ 1]), owner))

    def check_ciphertexts(self, key: paillier.Key, case: dict) -> None:
        draw = paillier.chance(bytes.fromhex(case["chance"]))
        messages = [int(message) for message in case["messages"]]
        self.assertEqual(messages, [0, 1, key.n - 1, paillier.pack([5, 0, 7], 72)])
        ciphertexts = [key.encrypt(message, draw) for message in messages]
        self.assertEqual([self.hex(it) for it in ciphertexts], case["ciphertexts"])
        self.assertEqual([key.decrypt(it) for it in ciphertexts], messages)
        total = math.prod(ciphertexts) % key.square
        self.assertEqual(self.hex(total), case["sum"])
        multiple = pow(total, case["factor"], key.square)
        self.assertEqual(self.hex(multiple), case["multiple"])
        masked = multiple * pow(key.base, paillier.number(draw(192)), key.square) % key.square
        self.assertEqual(self.hex(masked), case["masked"])
        self.assertEqual(str(key.decrypt(masked)), case["opened"])
        self.assertEqual(key.decrypt(masked), sum(messages) * case["factor"] % key.n)
        self.check_answer(key, case, draw)

    def check_answer(self, key: paillier.Key, case: dict, draw: paillier.Draw) -> None:
        parts = [[int(element) for element in part] for part in case["parts"]]
        ciphertexts = [key.encrypt(paillier.pack(part, 72), draw) for part in parts]
        self.assertEqual([self.hex(it) for it in ciphertexts], case["partCiphertexts"])
        answer = math.prod(ciphertexts) % key.square
        self.assertEqual(self.hex(answer), case["answer"])
        opened = paillier.unpack_sum(key.decrypt(answer), 4)
        self.assertEqual([str(element) for element in opened], case["answered"])
        self.assertEqual(opened, [sum(elements) % paillier.FIELD for elements in zip(*parts)])
        with self.assertRaises(Refused):
            paillier.unpack_sum(key.decrypt(answer * ciphertexts[0] % key.square), 4)
        with self.assertRaises(Refused):
            paillier.unpack_sum(key.decrypt(answer), 3)

    @staticmethod
    def hex(ciphertext: int) -> str:
        return ciphertext.to_bytes(768, "big").hex()


if __name__ == "__main__":
    unittest.main()

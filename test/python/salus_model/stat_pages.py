"""Pages of vital signs, shared among three servers (docs/protocol/vitals-pages.md, VP-1 to VP-17)."""

import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from salus_model import cbor

P = 2**64 - 2**32 + 1
ROWS, VITALS, BINS, PAIRS, PROOFS, CALLS = 64, 5, 32, 15, 3, 7
DIGITS = ROWS * VITALS * 2
RANGED = DIGITS + VITALS * BINS * 2
MEASUREMENT = RANGED + PAIRS
A_WIRES, B_WIRES, A_VALUES, B_VALUES = 138, 50, 113, 15
PROOF = A_WIRES + B_WIRES + A_VALUES + B_VALUES
PAGE, SHARE, WIRES = "salus/1/stat/page", "salus/1/stat/share", "salus/1/stat/wires"
CLINICAL, SALT, KEPT = "salus/1/stat/clinical", "salus/1/stat/salt", "salus/1/stat/kept"
JOINT_PART, JOINT_SEED = "salus/1/stat/joint-part", "salus/1/stat/joint-seed"
JOINT_RAND, QUERY = "salus/1/stat/joint-rand", "salus/1/stat/query"


def mac(secret: bytes, label: str, data: bytes) -> bytes:
    return hmac.new(secret, label.encode() + b"\0" + data, hashlib.sha256).digest()


def labelled(label: str, data: bytes) -> bytes:
    return hashlib.sha256(label.encode() + b"\0" + data).digest()


def stream(secret: bytes, label: str, binder: bytes, length: int) -> bytes:
    """VP-6."""
    seed = mac(secret, label, binder)
    return Cipher(algorithms.AES(seed[:16]), modes.CTR(seed[16:])).encryptor().update(bytes(length))


def words(data: bytes) -> list[int]:
    return [int.from_bytes(data[at : at + 8], "little") for at in range(0, len(data), 8)]


def packed(elements: list[int]) -> bytes:
    return b"".join(x.to_bytes(8, "little") for x in elements)


def expand(secret: bytes, label: str, binder: bytes, count: int) -> list[int]:
    return [x for x in words(stream(secret, label, binder, 8 * (count + 40))) if x < P][:count]


def page_id(sensor_key: bytes, panel: int, sequence: int) -> bytes:
    """VP-9."""
    return labelled(PAGE, sensor_key + panel.to_bytes(4, "big") + sequence.to_bytes(8, "big"))[:16]


def roots(order: int) -> list[int]:
    root = pow(7, (P - 1) // order, P)
    return [pow(root, i, P) for i in range(order)]


def lagrange(nodes: list[int], z: int) -> list[int]:
    """What the value at each node counts at z."""
    out = []
    for i, x in enumerate(nodes):
        top = bottom = 1
        for j, y in enumerate(nodes):
            if i != j:
                top, bottom = top * (z - y) % P, bottom * (x - y) % P
        out.append(top * pow(bottom, -1, P) % P)
    return out


def at(weights: list[int], values: list[int]) -> int:
    return sum(w * x for w, x in zip(weights, values, strict=True)) % P


def gadget_a(wires: list[int], r: int) -> int:
    """VP-12."""
    total = 0
    for k, x in enumerate(wires):
        product = 1
        for j in range(16):
            product = product * (x - j) % P
        total += pow(r, k + 1, P) * product
    return total % P


def gadget_b(wires: list[int], tau: int) -> int:
    total = 0
    for row in range(0, B_WIRES, VITALS):
        pairs = [wires[row + u] * wires[row + v] for u in range(VITALS) for v in range(u, VITALS)]
        total += sum(pow(tau, i + 1, P) * pair for i, pair in enumerate(pairs))
    return total % P


class Circuit:
    """The inputs of the gadgets' calls, of a measurement or of a share of one."""

    def __init__(self, measurement: list[int], n: int, k: int):
        self.measurement, self.n, self.k = measurement, n, k
        self.codes = [(low + 16 * high) % P for low, high in zip(measurement[0:DIGITS:2], measurement[1:DIGITS:2], strict=True)]
        counters = measurement[DIGITS:RANGED]
        self.counters = [(low + 16 * high) % P for low, high in zip(counters[::2], counters[1::2], strict=True)]

    def wires(self, points: list[int]) -> tuple[list[list[int]], list[list[int]]]:
        """Of A and of B: by wire the values at the eight nodes."""
        out = []
        for source, width, seeds in (
            (self.measurement[:RANGED], A_WIRES, points[:A_WIRES]),
            (self.codes, B_WIRES, points[A_WIRES:]),
        ):
            padded = source + [0] * (CALLS * width - len(source))
            out.append([[seeds[w]] + [padded[i * width + w] for i in range(CALLS)] for w in range(width)])
        return out[0], out[1]

    def outputs(self, a_values: list[int], b_values: list[int], tau: int, first: bool) -> list[int]:
        products = sum(b_values[2 * (i + 1)] for i in range(CALLS))
        products -= sum(pow(tau, i + 1, P) * x for i, x in enumerate(self.measurement[RANGED:]))
        totals = [
            sum(self.counters[v * BINS : (v + 1) * BINS]) - (self.n if first and v < self.k else 0) for v in range(VITALS)
        ]
        return [a_values[16 * (i + 1)] for i in range(CALLS)] + [products, *totals]

    def kept(self) -> list[int]:
        """VP-15."""
        sums = [sum(self.codes[v::VITALS]) % P for v in range(VITALS)]
        return sums + self.measurement[RANGED:] + self.counters


def used(n: int, k: int) -> list[int]:
    """VP-7: the places of the measurement that are not zero for everybody."""
    digits = [row * 10 + i for row in range(n) for i in range(2 * k)]
    counters = [DIGITS + i for i in range(2 * BINS * k)]
    names = [(u, v) for u in range(VITALS) for v in range(u, VITALS)]
    return digits + counters + [RANGED + i for i, (_, v) in enumerate(names) if v < k]


def measurement_of(statistics: bytes, counters: bytes, n: int, k: int) -> list[int]:
    out = [0] * MEASUREMENT
    for row in range(n):
        codes = list(statistics[row * k : row * k + k]) + [0] * (VITALS - k)
        for v, code in enumerate(codes):
            out[row * 10 + 2 * v], out[row * 10 + 2 * v + 1] = code % 16, code // 16
        pairs = [codes[u] * codes[v] for u in range(VITALS) for v in range(u, VITALS)]
        for i, pair in enumerate(pairs):
            out[RANGED + i] += pair
    for i, counter in enumerate(counters):
        out[DIGITS + 2 * i], out[DIGITS + 2 * i + 1] = counter % 16, counter // 16
    return out


def interpolated(wires: list[list[int]], order: int, count: int) -> list[list[int]]:
    """By node of a finer domain: the values of all wires."""
    finer = roots(order)[:count]
    weights = [lagrange(roots(8), z) for z in finer]
    return [[at(w, wire) for wire in wires] for w in weights]


class Page:
    """A page as its device and its servers see it."""

    def __init__(self, head: dict, secrets: list[bytes]):
        self.n, self.k = head["n"], head["k"]
        self.page, self.nonce, self.panel, self.edges = head["page"], head["nonce"], head["panel"], head["edges"]
        self.binder = self.nonce + self.page + bytes([self.n, self.panel, self.edges])
        self.secrets, self.used = secrets, used(self.n, self.k)

    def share(self, measurement: list[int], clinical: bytes):
        """VP-8 to VP-12: parts, and what server 3 is sent."""
        whole = [expand(s, SHARE, self.binder, MEASUREMENT + PROOFS * PROOF) for s in self.secrets[:2]]
        rest = [(m - a - b) % P for m, a, b in zip(measurement, whole[0], whole[1], strict=False)]
        sent = [rest[i] for i in self.used]
        self.parts = self.joint_parts(sent)
        wires3 = expand(self.secrets[2], WIRES, self.binder, PROOFS * (A_WIRES + B_WIRES))
        rand = self.joint_rand(self.parts)
        circuit = Circuit(measurement, self.n, self.k)
        for j in range(PROOFS):
            start = MEASUREMENT + j * PROOF
            width = A_WIRES + B_WIRES
            points = [sum(x) % P for x in zip(whole[0][start : start + width], whole[1][start : start + width],
                                              wires3[j * width : (j + 1) * width], strict=True)]
            a_wires, b_wires = circuit.wires(points)
            r, tau = rand[2 * j], rand[2 * j + 1]
            values = [gadget_a(x, r) for x in interpolated(a_wires, 128, A_VALUES)]
            values += [gadget_b(x, tau) for x in interpolated(b_wires, 16, B_VALUES)]
            at_share = [whole[s][start + width : start + PROOF] for s in (0, 1)]
            sent += [(x - a - b) % P for x, a, b in zip(values, at_share[0], at_share[1], strict=True)]
        self.sent, self.clinical3 = sent, self.clinical_rest(clinical)
        return self

    def clinical_rest(self, clinical: bytes) -> bytes:
        """VP-10."""
        lanes = [clinical] + [stream(s, CLINICAL, self.binder, len(clinical)) for s in self.secrets[:2]]
        numbers = [[int.from_bytes(lane[i : i + 2], "little") for i in range(0, len(lane), 2)] for lane in lanes]
        return b"".join(((c - a - b) % 65536).to_bytes(2, "little") for c, a, b in zip(*numbers, strict=True))

    def joint_parts(self, sent: list[int]) -> list[bytes]:
        """VP-11."""
        tails = [b"", b"", packed(sent)]
        return [mac(s, JOINT_PART, bytes([k + 1]) + self.binder + tails[k]) for k, s in enumerate(self.secrets)]

    def joint_rand(self, parts: list[bytes]) -> list[int]:
        return expand(labelled(JOINT_SEED, b"".join(parts)), JOINT_RAND, self.binder, 2 * PROOFS)

    def query_rand(self, verify_key: bytes) -> list[int]:
        """VP-13."""
        drawn, out = iter(expand(verify_key, QUERY, self.binder, 24)), []
        for _ in range(PROOFS):
            out.append(next(drawn))
            out.append(next(z for z in drawn if pow(z, 128, P) != 1))
        return out

    def opened(self, server: int) -> tuple[list[int], list[list[int]]]:
        """Server 1 to 3: its share of the measurement, cleared, and of each proof."""
        measurement = [0] * MEASUREMENT
        width = A_WIRES + B_WIRES
        if server < 3:
            whole = expand(self.secrets[server - 1], SHARE, self.binder, MEASUREMENT + PROOFS * PROOF)
            for i in self.used:
                measurement[i] = whole[i]
            return measurement, [whole[MEASUREMENT + j * PROOF : MEASUREMENT + (j + 1) * PROOF] for j in range(PROOFS)]
        for i, x in zip(self.used, self.sent, strict=False):
            measurement[i] = x
        wires = expand(self.secrets[2], WIRES, self.binder, PROOFS * width)
        values, length = self.sent[len(self.used) :], A_VALUES + B_VALUES
        return measurement, [
            wires[j * width : (j + 1) * width] + values[j * length : (j + 1) * length] for j in range(PROOFS)
        ]

    def verifier(self, server: int, verify_key: bytes) -> list[int]:
        """VP-13."""
        measurement, proofs = self.opened(server)
        circuit, rand, asked = Circuit(measurement, self.n, self.k), self.joint_rand(self.parts), self.query_rand(verify_key)
        out = []
        for j, proof in enumerate(proofs):
            rho, z = asked[2 * j], asked[2 * j + 1]
            a_wires, b_wires = circuit.wires(proof[: A_WIRES + B_WIRES])
            a_values = proof[A_WIRES + B_WIRES : A_WIRES + B_WIRES + A_VALUES]
            b_values = proof[A_WIRES + B_WIRES + A_VALUES :]
            outputs = circuit.outputs(a_values, b_values, rand[2 * j + 1], server == 1)
            out.append(sum(pow(rho, i, P) * x for i, x in enumerate(outputs)) % P)
            for wires, values, order in ((a_wires, a_values, 128), (b_wires, b_values, 16)):
                weights = lagrange(roots(8), z)
                out += [at(weights, wire) for wire in wires]
                out.append(at(lagrange(roots(order)[: len(values)], z), values))
        return out

    def verdict(self, verifiers: list[list[int]]) -> str:
        """VP-14."""
        total, rand = [sum(x) % P for x in zip(*verifiers, strict=True)], self.joint_rand(self.parts)
        for j in range(PROOFS):
            v, *rest = total[j * 191 : (j + 1) * 191]
            a_wires, a_at_z, b_wires, b_at_z = rest[:138], rest[138], rest[139:189], rest[189]
            holds = v == 0 and gadget_a(a_wires, rand[2 * j]) == a_at_z and gadget_b(b_wires, rand[2 * j + 1]) == b_at_z
            if not holds:
                return "PROOF_REJECTED"
        return "accepted"

    def kept(self, server: int) -> list[int]:
        return Circuit(self.opened(server)[0], self.n, self.k).kept()

    def beside(self, server: int) -> tuple[bytes, bytes]:
        """What is kept beside the elements: clinical lane and salt."""
        secret = self.secrets[server - 1]
        length = 2 * self.n * self.k
        clinical = self.clinical3 if server == 3 else stream(secret, CLINICAL, self.binder, length)
        return clinical, mac(secret, SALT, self.binder)

    def kept_hash(self, server: int) -> bytes:
        """VP-15."""
        kept = packed(self.kept(server)) + b"".join(self.beside(server))
        return labelled(KEPT, bytes([server]) + self.binder + kept)

    def manifest(self, pseudonym: bytes, sequence: int, start_hour: int, envelopes: tuple[str, ...] = ()) -> bytes:
        """VP-16."""
        hashes = [self.kept_hash(server) for server in (1, 2, 3)]
        return cbor.encode([2, 70, self.page, pseudonym, self.panel, sequence, start_hour, self.n, self.nonce,
                            self.parts, hashes, list(envelopes), self.edges])

    def bodies(self) -> list[bytes]:
        """VP-17."""
        first, second, third = self.secrets
        return [cbor.encode([2, 71, [first]]), cbor.encode([2, 71, [second]]),
                cbor.encode([2, 72, [[third, packed(self.sent), self.clinical3]]])]


def statistics_code(clinical: dict, statistics: dict, code: int) -> int:
    """VP-2, in 10^-5 of the unit."""
    value = clinical["low"] + code * clinical["step"] - statistics["centre"]
    steps = (2 * value + statistics["step"]) // (2 * statistics["step"])
    return min(127, max(-128, steps)) + 128

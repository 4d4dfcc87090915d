"""`python3 verify_receipt.py RECEIPT --trust TRUST.JSON`: checks a receipt, or a bundle, offline.

A second opinion, written from docs/protocol alone (README.md there says which pages), with nothing but Python 3.9.
Prints one JSON line; ends with 0 when the receipt holds, with 4 when it does not. The order of refusals is R-7's;
what it leaves out: witnesses (R-8), a set of validators that changed (`changes`), and that bytes have no second encoding.
"""
import hashlib, json, sys

def sha256(*parts): return hashlib.sha256(b"".join(parts)).digest()

class Refused(Exception): pass
def need(holds, reason):
    if not holds: raise Refused(reason)

# --- encoding.md: CBOR of uints, bytes, text, booleans, null and arrays, each value in its shortest form.
def cbor(b, i=0, depth=0):
    major, n, i = b[i] >> 5, b[i] & 31, i + 1
    if major == 7: return {20: False, 21: True, 22: None}[n], i
    if n > 23:
        size = {24: 1, 25: 2, 26: 4, 27: 8}[n]
        n, i = int.from_bytes(b[i:i + size], "big"), i + size
        need(n >= {1: 24, 2: 256, 4: 1 << 16, 8: 1 << 32}[size] and n < 1 << 53, "encoding")
    if major == 0: return n, i
    need(i + n <= len(b) and depth < 16, "encoding")
    if major == 2: return b[i:i + n], i + n
    if major == 3: return b[i:i + n].decode(), i + n
    need(major == 4, "encoding")
    values = []
    for _ in range(n):
        value, i = cbor(b, i, depth + 1)
        values.append(value)
    return values, i
def object_of(b, kind, length):
    value, end = cbor(b)
    need(end == len(b) and len(value) == length and value[:2] == [2, kind], "encoding")
    return value[2:]

# --- blocks.md B-1: protobuf, the fields by number.
def varint(n):
    n &= (1 << 64) - 1
    out = b""
    while n > 127: out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])
def field(number, b): return varint(number << 3 | 2) + varint(len(b)) + b if b else b""
def nested(number, b): return varint(number << 3 | 2) + varint(len(b)) + b
def number(at, n): return varint(at << 3) + varint(n) if n else b""
def message(b):
    i, fields = 0, {}
    def read():
        nonlocal i
        n = shift = 0
        while True:
            byte = b[i]; i += 1; n |= (byte & 127) << shift; shift += 7
            if byte < 128: return n
    while i < len(b):
        key = read()
        value = read()
        if key & 7 == 2: value, i = b[i:i + value], i + value
        fields.setdefault(key >> 3, []).append(value)
    return lambda at, default=b"": fields.get(at, [default])[0] if at != 0 else fields

# --- RFC 9162: leaf 0x00, node 0x01.
def root(leaves):
    if len(leaves) < 2: return sha256(b"\0", leaves[0]) if leaves else sha256()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1", root(leaves[:split]), root(leaves[split:]))
def included(leaf, index, count, path, expected):
    need_hash, last = sha256(b"\0", leaf), count - 1
    if not 0 <= index < count: return False
    for step in path:
        if last == 0: return False
        if index & 1 or index == last:
            need_hash = sha256(b"\1", step, need_hash)
            while index and not index & 1: index, last = index >> 1, last >> 1
        else: need_hash = sha256(b"\1", need_hash, step)
        index, last = index >> 1, last >> 1
    return last == 0 and need_hash == expected

# --- Ed25519 by ZIP-215 (blocks.md B-3): any encoding of a point, S below the order, cofactor 8 in the equation.
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, I = -121665 * pow(121666, P - 2, P) % P, pow(2, (P - 1) // 4, P)
def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0])
    c, d = 2 * p[3] * q[3] * D, 2 * p[2] * q[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P
def times(n, p):
    q = (0, 1, 1, 0)
    while n: q, p, n = add(q, p) if n & 1 else q, add(p, p), n >> 1
    return q
def point(b):
    sign, y = b[31] >> 7, int.from_bytes(b, "little") % (1 << 255) % P
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square: x = x * I % P
    need(x * x % P == square, "signature")
    x = P - x if x & 1 != sign else x
    return x % P, y, 1, x * y % P
BASE = point(bytes([0x58] + [0x66] * 31))
def signed(key, text, signature):
    s = int.from_bytes(signature[32:], "little")
    need(len(key) == 32 and len(signature) == 64 and s < L, "signature")
    a, r = point(key), point(signature[:32])
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % L
    x, y, z, _ = times(8, add(times(s, BASE), times(L - k, a)))
    u, v, w, _ = times(8, r)
    need((x * w - u * z) % P == 0 and (y * w - v * z) % P == 0, "signature")

# --- blocks.md B-2, B-3; receipts.md R-1.
def header_of(b):
    h = message(b)
    wrapped = [field(1, h(at)) for at in range(6, 15)]
    return h, root([h(1), field(1, h(2)), number(1, h(3, 0)), h(4), h(5)] + wrapped)
def require_signed(head, head_hash, commit, validators, chain):
    c = message(commit)
    votes, block = c(0).get(4, []), c(3)
    leaves = [nested(1, field(1, key)) + number(2, power) for key, power in validators]
    need(c(1, 0) == head(3, 0) and message(block)(1) == head_hash and len(votes) == len(validators) > 0, "validators")
    need(sum(power for _, power in validators) <= 1 << 50 and root(leaves) == head(8), "validators")
    power = 0
    for vote, (key, weight) in zip(map(message, votes), validators):
        flag = vote(1, 0)
        if flag == 1: continue
        need(flag in (2, 3) and vote(2) == sha256(key)[:20], "validators")
        fixed = lambda at, n: varint(at << 3 | 1) + n.to_bytes(8, "little") if n else b""
        text = number(1, 2) + fixed(2, c(1, 0)) + fixed(3, c(2, 0)) + (nested(4, block) if flag == 2 else b"")
        text += nested(5, vote(3)) + field(6, chain.encode())
        signed(key, varint(len(text)) + text, vote(4))
        power += weight if flag == 2 else 0
    need(3 * power > 2 * sum(weight for _, weight in validators), "validators")

def opened(claim, acts):
    """R-9: what the holder of an opening adds. Of a look: who asked, in his own signed words."""
    need(claim[1] < len(acts), "claim")
    act = acts[claim[1]]
    if claim[0] == "entry":
        _, _, entry, salt, request = claim
        need(act[0] == 30 and entry < len(act[1]), "claim")
        need(act[1][entry][1] == sha256(b"salus/1/read/entry", b"\0", salt, request), "claim")
        said = object_of(cbor(request)[0][0], 42, 13)
        return {"kind": "look", "reader": said[9].hex(), "servedBy": said[1].hex(), "purpose": said[6]}
    _, _, salt, content, index, path = claim
    tree, count = {20: (3, 4), 21: (3, 4), 31: (2, 3)}.get(act[0], (0, 0))
    need(tree and included(salt + content, index, act[count], path, act[tree]), "claim")
    return {"kind": "leaf", "index": index}

def verify(receipt, trust):
    """R-6 and R-7; what holds of it, and the transaction."""
    need(len(receipt) <= 4 << 20, "size")
    tx, height, index, count, (code, data), tx_path, result_path, h0, (h1, commit, validators), _, changes, claim = \
        object_of(receipt, 20, 14)
    (this, this_hash), (after, after_hash) = header_of(h0), header_of(h1)
    if this(2).decode() != trust["chain"]: raise Refused("chain")
    need(this(3, 0) == height and after(3, 0) == height + 1, "height")
    need(message(after(5))(1) == this_hash, "link")
    need(included(sha256(tx), index, count, tx_path, this(7)), "tx")
    need(included(number(1, code) + field(2, data), index, count, result_path, after(12)), "result")
    need(not changes, "changes")
    need(after(8).hex() == trust["validatorsHash"], "trust-root")
    for head, its_hash in ((this, this_hash), (after, after_hash)):
        need(head(3, 0) != trust["height"] or its_hash.hex() == trust["headerHash"], "trust-root")
    require_signed(after, after_hash, commit, validators, trust["chain"])
    seconds = message(this(4))
    shown = {} if claim is None else {"shows": opened(cbor(claim)[0], cbor(tx)[0][0][7])}
    return {**shown, "height": height, "timeMs": seconds(1, 0) * 1000 + seconds(2, 0) // 10**6,
            "txId": sha256(tx).hex(), "headerHash": this_hash.hex(), "code": code}, tx

def names_in(people, genesis, trust):
    """R-12: of each card, that the hospital committed to it when it enrolled the account."""
    need(sha256(genesis).hex() == trust["genesisHash"], "genesis")
    account_of = lambda identity: sha256(b"salus/1/account/id", b"\0", b"\x82\x02\x58\x20", identity[1])
    hospitals = {account_of(it[0]): it[1] for it in object_of(genesis, 2, 9)[2]}
    named = []
    for card, enrolment in people:
        said, tx = verify(enrolment, trust)
        body = cbor(tx)[0][0]
        chain, account, name, role, organisation, licence, salt, _ = object_of(cbor(card)[0][0], 44, 10)
        text = lambda t: (bytes([0x60 + len(t.encode())]) if len(t.encode()) < 24 else b"\x78" + bytes([len(t.encode())])) + t.encode()
        promised = sha256(b"salus/1/identity/credential", b"\0", salt, b"\x83", text(name), text(role), text(licence))
        enrols = [(account_of(act[1]), act[2], act[3]) for act in body[-1] if act[0] == 1]
        need(said["code"] == 0 and chain == trust["chain"] and organisation in hospitals, "card")
        need(body[4] == organisation and (account, role, promised) in enrols, "card")
        named.append({"account": account.hex(), "name": name, "role": role, "hospital": hospitals[organisation]})
    return named

def main(file, flag, trust_file):
    try:
        data, trust = open(file, "rb").read(), json.load(open(trust_file))
        names = {}
        if data[1:3] == b"\x02\x16":
            data, _, genesis, people = object_of(data, 22, 6)
            names = {"names": names_in(people, genesis, trust)}
        print(json.dumps({"ok": True, **verify(data, trust)[0], **names}))
    except Exception as error:
        reason = str(error) if isinstance(error, Refused) else "encoding"
        print(json.dumps({"ok": False, "reason": reason}))
        sys.exit(4)

if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[2] != "--trust": sys.exit(__doc__)
    main(*sys.argv[1:])

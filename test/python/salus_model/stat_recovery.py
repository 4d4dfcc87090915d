"""Recovery envelopes of data servers (docs/protocol/vitals-servers.md, VS-29, VS-30 and VS-33)."""

from salus_model import blob_id, cbor, hpke, stat_pages
from salus_model.derive import hkdf, info, sha256
from salus_model.refused import Refused

ENVELOPE = "salus/1/stat/envelope"
COINS = "salus/1/stat/envelope-coins"
BINS, VITALS = stat_pages.BINS, stat_pages.VITALS
PANEL_VITALS = {1: 5, 2: 2, 3: 1, 4: 2, 5: 1}
# VP-3a: of each a padded one.
PANEL_VITALS |= {32 + panel: k for panel, k in PANEL_VITALS.items()}


def used_of_kept(k: int) -> list[int]:
    """Places of the elements of a kept share that are not zero for everybody: sums, products, counters."""
    pairs = [(u, v) for u in range(VITALS) for v in range(u, VITALS)]
    products = [VITALS + at for at, (_, v) in enumerate(pairs) if v < k]
    counters = [VITALS + len(pairs) + i for i in range(BINS * k)]
    return list(range(k)) + products + counters


def part(page: stat_pages.Page, server: int) -> bytes:
    """VS-30."""
    if server != 3:
        return page.secrets[server - 1]
    kept = page.kept(3)
    assert not any(x for i, x in enumerate(kept) if i not in used_of_kept(page.k))
    return stat_pages.packed([kept[i] for i in used_of_kept(page.k)]) + b"".join(page.beside(3))


def bare_hash(manifest: list) -> bytes:
    return sha256(cbor.encode([*manifest[:11], [], manifest[12]]))


def envelope(trio: bytes, server: int, public: bytes, pages: list) -> bytes:
    """VS-29; `pages`: each a page and its manifest without envelopes."""
    bare = [sha256(manifest) for _, manifest in pages]
    bound = sha256(b"".join(bare))
    plain = cbor.encode([part(page, server) for page, _ in pages])
    first, _ = pages[0]
    coins = hkdf(first.secrets[server - 1], info(COINS, [trio, server, bound]), 64)
    sealed = hpke.seal_to(public, ENVELOPE, [trio, server], bound, plain, coins)
    return cbor.encode([2, 75, trio, server, bare, sealed])


def kept_of(part_of: bytes, server: int, head: dict) -> bytes:
    """Elements, clinical lane and salt, as VP-15 hashes them."""
    n, k = head["n"], head["k"]
    if server != 3:
        page = stat_pages.Page(head, [part_of, part_of, part_of])
        return stat_pages.packed(page.kept(server)) + b"".join(page.beside(server))
    elements = bytearray(8 * (VITALS + stat_pages.PAIRS + VITALS * BINS))
    used = used_of_kept(k)
    for at, place in enumerate(used):
        elements[8 * place : 8 * place + 8] = part_of[8 * at : 8 * at + 8]
    rest = part_of[8 * len(used) :]
    assert len(rest) == 2 * n * k + 32
    return bytes(elements) + rest


def rebuild(seed: bytes, trio: bytes, server: int, manifest: bytes, data: bytes) -> bytes:
    """VS-33: what a server kept of a page; that its hash is the manifest's is seen here."""
    named = cbor.decode(manifest)
    if not data or blob_id.of(data) != named[11][server - 1]:
        raise Refused("ENVELOPE_BAD")
    suite, kind, of_trio, of_server, bare, sealed = cbor.decode(data)
    own = bare_hash(named)
    if (suite, kind, of_trio, of_server) != (2, 75, trio, server) or own not in bare:
        raise Refused("ENVELOPE_BAD")
    try:
        parts = cbor.decode(hpke.open_with(seed, ENVELOPE, [trio, server], sha256(b"".join(bare)), sealed))
    except Refused:
        raise Refused("ENVELOPE_BAD") from None
    head = {"page": named[2], "panel": named[4], "n": named[7], "nonce": named[8], "edges": named[12]}
    head["k"] = PANEL_VITALS[head["panel"]]
    kept = kept_of(parts[bare.index(own)], server, head)
    binder = head["nonce"] + head["page"] + bytes([head["n"], head["panel"], head["edges"]])
    if stat_pages.labelled(stat_pages.KEPT, bytes([server]) + binder + kept) != named[10][server - 1]:
        raise Refused("ENVELOPE_BAD")
    return kept

import { emptyLog } from '../src/ledger/log-tree.js';
import { TreePage } from '../src/ledger/tree-page.js';
import { bytesToHex } from '../src/primitives/bytes.js';
/** A ledger's state in memory, stored as bytes like the real one. */
export class MemoryStore {
    rows = new Map();
    pages = new Map();
    tiles = new Map();
    #logs = new Map();
    apply(writes) {
        for (const { key, value } of writes.rows)
            this.rows.set(bytesToHex(key), value);
        for (const [path, page] of writes.pages) {
            if (page === undefined)
                this.pages.delete(path);
            else
                this.pages.set(path, page.encode());
        }
        for (const { log, level, index, hashes } of writes.tiles) {
            this.tiles.set(`${log}/${level}/${index}`, hashes);
        }
        this.#logs.set('user', writes.logs.user).set('doc', writes.logs.doc);
    }
    row(key) {
        return this.rows.get(bytesToHex(key));
    }
    page(path) {
        const bytes = this.pages.get(path);
        return bytes === undefined ? undefined : TreePage.decode(bytes);
    }
    tile(log, level, index) {
        return this.tiles.get(`${log}/${level}/${index}`);
    }
    logHead(log) {
        return this.#logs.get(log) ?? emptyLog;
    }
}

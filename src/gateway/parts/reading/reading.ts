import type { AccessLog } from '../../../ledger/acts/access-log.ts';
import { definePart, type IndexedAct } from '../../part.ts';
import { batches } from '../batches/batches.ts';
import { custody } from '../custody/custody.ts';
import { inbox } from '../inbox/inbox.ts';
import { peers } from '../peers/peers.ts';
import { AccessLogWriter, liveBits } from './access-log.ts';
import { BodyStreams } from './body-streams.ts';
import { Reads } from './read.ts';
import { Refusals } from './refusals.ts';
import { Tickets } from './tickets.ts';

/** Reading under grants: the reads themselves, and the tickets for the bodies of what was read. */
interface Reading {
  readonly reads: Reads;
  readonly tickets: Tickets;
  readonly bodies: BodyStreams;
  /** An AccessLog of this hospital stands on the ledger: its looks are shown to their patients. */
  readonly logged: (act: AccessLog, met: IndexedAct) => void;
}

export const reading = definePart({
  name: 'reading',
  store: {
    owner: 'reading',
    writes: ['nonce', 'refusal'],
    migrations: [
      `
CREATE TABLE read_nonces (
  reader TEXT NOT NULL, nonce BLOB NOT NULL, seenMs INTEGER NOT NULL, PRIMARY KEY (reader, nonce)
) STRICT, WITHOUT ROWID;
CREATE INDEX read_nonces_by_time ON read_nonces (seenMs);
CREATE TABLE refused_callers (
  reader TEXT NOT NULL, hour INTEGER NOT NULL, leaves INTEGER NOT NULL, beyond INTEGER NOT NULL,
  firstMs INTEGER NOT NULL, lastMs INTEGER NOT NULL, PRIMARY KEY (reader, hour)
) STRICT, WITHOUT ROWID;`,
      // By grant too; what was counted in the running hour goes on as counted under none.
      `
CREATE TABLE refused_reads (
  reader TEXT NOT NULL, consent TEXT NOT NULL, hour INTEGER NOT NULL, leaves INTEGER NOT NULL,
  beyond INTEGER NOT NULL, firstMs INTEGER NOT NULL, lastMs INTEGER NOT NULL, PRIMARY KEY (reader, hour, consent)
) STRICT, WITHOUT ROWID;
INSERT INTO refused_reads SELECT reader, '', hour, leaves, beyond, firstMs, lastMs FROM refused_callers;
DROP TABLE refused_callers;`,
    ],
  },
  open(base, parts): Reading {
    const notices = parts.get(inbox);
    const tickets = new Tickets(base.now, base.settings);
    const refusals = new Refusals(base, parts.get(batches));
    parts.get(batches).drawFrom(() => refusals.closeHours());
    const reads = new Reads(base, {
      ...{ tickets, refusals },
      rows: parts.get(custody).rows,
      inbox: notices,
      accessLog: new AccessLogWriter(base),
      peers: parts.get(peers),
    });
    return {
      ...{ reads, tickets },
      bodies: new BodyStreams(base, { tickets, rows: parts.get(custody).rows }),
      logged({ entries }, { sender, txId, height, data, position }) {
        if (sender !== base.organisation) return;
        const bits = liveBits(data, entries.length, position);
        for (const [index, { entryHash }] of entries.entries()) {
          if (bits[index] === 1) notices.showLook(entryHash, { txId, height, index });
        }
      },
    };
  },
  metrics: {
    looks_total: { kind: 'counter', help: 'Reads served' },
    looks_per_tx: {
      kind: 'histogram',
      help: 'Entries gathered into one AccessLog',
      buckets: [1, 2, 5, 10, 50, 100, 500],
    },
    // It leaves no trace on the ledger, so it must show here.
    unauthenticated_total: { kind: 'counter', help: 'Failed authentication', labels: ['code'] },
  },
  onAct: {
    AccessLog: ({ logged }, met) => logged(met.act, met),
    ConsentRevoke: ({ tickets }, { act }) => tickets.endConsent(act.consent),
  },
});

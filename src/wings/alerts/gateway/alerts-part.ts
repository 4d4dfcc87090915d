import { definePart } from '../../../gateway/part.ts';
import { accounts } from '../../../gateway/parts/accounts/accounts.ts';
import { inbox } from '../../../gateway/parts/inbox/inbox.ts';
import { liveBits } from '../../../gateway/parts/reading/access-log.ts';
import { relay } from '../../../gateway/parts/relay/relay.ts';
import { sessions } from '../../../gateway/parts/sessions/sessions.ts';
import { factsBytes, noFacts } from '../api/incident-facts.ts';
import { grantEnds, Outbox, outboxFacts, outboxTables } from './outbox.ts';

const hourMs = 60 * 60_000;
const defaults = { turnMs: 10 * 60_000, ...grantEnds };

/** Turns what happens to this hospital's people into rows of the outbox. Source: docs/protocol/alerts.md, AL-1, AL-3. */
export const alerts = definePart({
  name: 'alerts',
  store: { owner: 'alerts', migrations: [outboxTables, outboxFacts], writes: ['alerts'] },
  open(base, parts) {
    const { turnMs, ...ends } = base.settingsOver(defaults);
    const outbox = new Outbox(base, ends);
    parts.get(inbox).onNotice(({ account, kind }, id) => {
      if (kind === 'refusal') outbox.add('refusal', account, String(id));
    });
    base.causes.onCause((met) => {
      const facts = met.kind === 'incident' ? factsBytes(met.facts) : noFacts;
      outbox.add(met.kind, met.account, met.subject, facts);
    });
    parts.get(relay).onRelease((account, id) => outbox.add('device', account, id));
    // Whoever comes with the code asks for several sessions: one an hour is told.
    parts
      .get(sessions)
      .onCode((account) =>
        outbox.add('device', account, `code ${Math.floor(base.now() / hourMs)}`),
      );
    return { outbox, turnMs, key: base.wingKey, isOurs: parts.get(accounts).isOurs };
  },
  metrics: {
    written_total: { kind: 'counter', help: 'Causes written into the outbox', labels: ['cause'] },
    kept: { kind: 'gauge', help: 'Rows of the outbox', now: ({ outbox }) => outbox.count() },
  },
  onAct: {
    ConsentGrant({ outbox, isOurs }, { act: { consent, notAfterMs }, sender, timeMs }) {
      if (isOurs(sender)) outbox.granted({ account: sender, consent, timeMs, notAfterMs });
    },
    ConsentRevoke: ({ outbox }, { act }) => outbox.revoked(act.consent),
    AccessLog({ outbox }, { act: { entries }, data, position }) {
      const bits = liveBits(data, entries.length, position);
      for (const [at, { consent }] of entries.entries()) if (bits[at] === 1) outbox.looked(consent);
    },
    DiagnosisAnchor: ({ outbox }, { sender, txId }) => outbox.add('diagnosis', sender, txId),
    RotateKey: ({ outbox }, { sender, txId }) => outbox.add('rotation', sender, txId),
    RevokeKey: ({ outbox }, { act, txId }) => outbox.add('freeze', act.account, txId),
  },
  every: ({ outbox, turnMs }) => [
    { what: 'alerts', everyMs: turnMs, atStart: true, run: () => outbox.turn() },
  ],
});

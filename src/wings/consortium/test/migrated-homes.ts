import assert from 'node:assert/strict';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { remove, salus, temporaryHome, text } from '../../../../test/cli/salus.ts';
import { startConsortium } from '../../../server/consortium.ts';
import { genesisIn } from '../../../server/home-members.ts';
import { serversOf } from '../../../server/process.ts';
import { freePorts } from '../../../story/free-ports.ts';

export const names = ['anna', 'bern', 'chur', 'davos'] as const;

/** A ledger of one operator with people, a record, a grant and a receipt, and homes to be for the other three. */
export interface Embedded {
  readonly operator: string;
  /** By name; the operator's own is the first. */
  readonly homes: ReadonlyMap<string, string>;
  readonly chain: string;
  readonly trust: string;
  readonly receipt: string;
  readonly consent: string;
  /** Of the operator's gateway: what its people know it by. */
  readonly port: string;
  /** The public parts of all four. */
  readonly parts: readonly string[];
  readonly out: string;
  remove(): void;
}

export async function embeddedLedger(): Promise<Embedded> {
  const operator = temporaryHome();
  const others = names.slice(1).map((name) => [name, temporaryHome()] as const);
  const homes = new Map<string, string>([['anna', operator], ...others]);
  const members = names.map((name) => ({ name, title: `Hospital ${name}` }));
  const [gateway = 0] = await freePorts(1);
  const served = await startConsortium({ home: operator, port: gateway, members });
  const run = (...args: readonly string[]) => salus(args, { home: operator });
  const person = (name: string, full: string, role: string, ...more: readonly string[]) =>
    run('person', 'create', name, '--name', full, '--hospital', 'anna', '--role', role, ...more);
  await person('ana', 'Ana Lima', 'patient');
  await person('dr-bo', 'Dr Bo', 'clinician', '--licence', 'H-1');
  const note = join(operator, 'note.txt');
  writeFileSync(note, 'a note from before');
  await run('record', 'add', note, '--class', 'lab', '--as', 'ana');
  const given = await run('grant', 'dr-bo', '--class', 'lab', '--until', '+7d', '--as', 'ana');
  const receipt = join(operator, 'before.receipt');
  await run('receipt', text(given, 'txId'), '--out', receipt, '--as', 'ana');
  await served.close();
  const chain = genesisIn(serversOf(operator)).chainId;
  for (const [name, home] of others) {
    mkdirSync(serversOf(home), { recursive: true });
    renameSync(join(serversOf(operator), name), join(serversOf(home), name));
  }
  const parts: string[] = [];
  for (const [name, home] of homes) {
    const [p2p = 0, rpc = 0, storage = 0, peers = 0, own = 0] = await freePorts(5);
    const part = join(operator, `${name}.part.json`);
    await salus(
      [
        ...['consortium', 'propose-genesis', '--chain', chain, '--name', `Hospital ${name}`],
        ...['--short', name, '--url', `https://${name}.example`, '--host', '127.0.0.1'],
        ...[
          '--p2p-port',
          String(p2p),
          '--rpc-port',
          String(rpc),
          '--storage-port',
          String(storage),
        ],
        ...['--peers-port', String(peers), '--out', part],
        ...['--port', String(name === 'anna' ? gateway : own)],
      ],
      { home },
    );
    parts.push(part);
  }
  assert.equal(parts.length, 4);
  return {
    ...{ operator, homes, chain, receipt, parts, port: String(gateway) },
    trust: join(operator, 'trust.json'),
    consent: text(given, 'consent'),
    out: join(operator, 'handed'),
    remove: () => [...homes.values()].forEach(remove),
  };
}

export const handOver = ({ parts, out, operator }: Embedded) =>
  salus(['consortium', 'migrate', '--parts', ...parts, '--out', out, '--yes'], { home: operator });

export const takeOver = ({ out, trust }: Embedded, home: string) =>
  salus(['consortium', 'migrate', '--from', out, '--trust', trust], { home });

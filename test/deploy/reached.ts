import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Machine } from './machines.ts';

const patienceMs = 90_000;

/** Asks until it goes well; else throws what was said last. */
export async function until<T>(ask: () => T, boundMs = patienceMs): Promise<T> {
  const deadline = performance.now() + boundMs;
  for (;;) {
    try {
      return ask();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await wait(500);
    }
  }
}

/** What a name server and a certificate authority do: a name leads to a machine, which has a certificate that the guests trust. */
export function trustFor(host: string, machine: Machine, ...guests: readonly Machine[]): void {
  const folder = `/etc/ssl/${host}`;
  machine.run(
    `mkdir -p ${folder} && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=${host} \
      -addext subjectAltName=DNS:${host} -keyout ${folder}/key.pem -out ${folder}/fullchain.pem 2>&1`,
  );
  const certificate = readFileSync(join(machine.files, folder, 'fullchain.pem'), 'utf8');
  for (const guest of guests) {
    named(guest, host, machine.address);
    appendFileSync(join(guest.files, '/etc/ssl/certs/ca-certificates.crt'), certificate);
  }
}

export function named(guest: Machine, host: string, address: string): void {
  const hosts = join(guest.files, '/etc/hosts');
  let before = '127.0.0.1 localhost\n';
  try {
    before = readFileSync(hosts, 'utf8');
  } catch {
    // A new machine.
  }
  writeFileSync(hosts, `${before}${address} ${host}\n`);
}

/** Somebody elsewhere is given the ledger's newest header. */
export async function mayServe(url: string, guest: Machine): Promise<void> {
  await until(() => guest.run(`curl -sf ${url}/v1/headers/latest -o /dev/null`));
}

/** `selfcheck` finds nothing, but that these machines have their disks in memory. */
export function requireFit(machine: Machine, home: string): void {
  const said = machine.json(`salus selfcheck --home ${home}`, {
    ...{ user: 'salus', folder: '/var/lib/salus' },
  });
  const { findings } = said as { readonly findings: readonly { check: string; ok: boolean }[] };
  const wrong = findings.filter(({ check, ok }) => !ok && check !== 'flush');
  assert.deepEqual(wrong, []);
}

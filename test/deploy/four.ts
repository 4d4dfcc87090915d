import assert from 'node:assert/strict';
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { inside } from './debian.ts';
import { Page } from './documents.ts';
import { installed } from './installed.ts';
import { Lan, type Machine } from './machines.ts';
import { mayServe, named, requireFit, trustFor, until } from './reached.ts';
import { shell } from './shell.ts';

const page = new Page('docs/operations/consortium.md');
const found = new Page('docs/operations/found.md');

const work = '/var/lib/salus';
const home = `${work}/home`;
const asSalus = {
  user: 'salus',
  folder: work,
  env: { SALUS_PASSPHRASE: 'a passphrase that somebody types' },
};

/** As the page calls the first of them, and as it lists the four. */
const hospitals = [
  { short: 'st-anna', name: 'St. Anna Hospital', address: '10.0.0.1' },
  { short: 'bern', name: 'Bern Clinic', address: '10.0.0.2' },
  { short: 'chur', name: 'Chur Hospital', address: '10.0.0.3' },
  { short: 'davos', name: 'Davos Hospital', address: '10.0.0.4' },
] as const;
type Hospital = (typeof hospitals)[number] & { readonly machine: Machine };

/** The page's words with the names of this hospital. */
const at = ({ short, name }: Pick<Hospital, 'short' | 'name'>, text: string): string =>
  text.replaceAll('St. Anna Hospital', name).replaceAll('st-anna', short);

/** Four hospitals on four machines, by `consortium.md` alone. */
export async function fourHospitals(folder: string, say: (what: string) => void): Promise<void> {
  const debian = installed();
  say('cometbft, as consortium.md has it built');
  withComet(debian);
  const lan = new Lan(folder);
  try {
    const four: Hospital[] = [];
    for (const { short, name, address } of hospitals) {
      const machine = await lan.add({ name: short, address }, debian);
      four.push({ short, name, address, machine } as Hospital);
    }
    nameEachOther(four);
    const [first] = four;
    assert.ok(first);
    say('1. each makes its keys');
    for (const it of four)
      it.machine.run(at(it, page.commands('--out st-anna.part.json')), asSalus);
    say('2. one puts the parts together');
    for (const it of four.slice(1)) carry(it, first, `${it.short}.part.json`);
    first.machine.run(page.commands('--parts'), asSalus);
    say('3. each signs, one after the other; 4. the others once more');
    const sign = `${page.commands('sign-genesis genesis.json')} --yes`;
    for (const [number, it] of four.entries()) {
      const before = four[number - 1];
      if (before !== undefined) {
        carry(before, it, 'genesis.json');
        carry(first, it, 'genesis.json.swarm-key');
      }
      it.machine.run(sign, asSalus);
    }
    const last = four.at(-1);
    assert.ok(last);
    for (const it of four.slice(0, -1)) {
      carry(last, it, 'genesis.json');
      it.machine.run(sign, asSalus);
    }
    say('5. units, under systemd, and the proxies');
    for (const it of four) {
      const unit = `${home}/salus-${it.short}.service`;
      const said = it.machine.run(`systemd-analyze verify --man=no ${unit} 2>&1`);
      assert.deepEqual(
        said.split('\n').filter((line) => line.includes('salus')),
        [],
      );
      it.machine.run(at(it, page.commands('enable --now salus-st-anna')));
      it.machine.run(at(it, found.commands('nginx -t')));
    }
    for (const it of four) {
      const other = four.find(({ short }) => short !== it.short);
      assert.ok(other);
      await mayServe(`https://salus.${it.short}.example/${it.short}`, other.machine);
    }
    say('status and selfcheck at each');
    for (const it of four) await requireWell(it);
    say('an operator at one, who is known at another');
    goesOn(first, 'operator');
    say('one machine is switched off: three go on; it comes back and catches up');
    await last.machine.stop();
    goesOn(first, 'second');
    await last.machine.start();
    await requireWell(last);
    say('all at one place: consortium init with the members of the page');
    initAtOnePlace(first.machine);
  } finally {
    await lan.close();
  }
}

/** What Go builds is one file: built once, by the page's command, on the machine that all four begin as. */
function withComet(debian: string): void {
  const go = shell('go', ['env', 'GOROOT']).trim();
  inside(debian, page.commands('go install'), { [go]: '/usr/local/go' });
}

/** Names, as a name server gives them, and certificates for the proxies. */
function nameEachOther(four: readonly Hospital[]): void {
  for (const it of four) {
    const machines = four.map(({ machine }) => machine);
    trustFor(`salus.${it.short}.example`, it.machine, ...machines);
    for (const machine of machines) named(machine, `node.${it.short}.example`, it.address);
  }
}

/** Somebody carries a file from one machine to another, which is its user's there. */
function carry(from: Hospital, to: Hospital, file: string): void {
  const [source, target] = [from, to].map(({ machine }) => join(machine.files, work, file));
  cpSync(source ?? '', target ?? '');
  to.machine.run(`chown salus: ${work}/${file} && chmod 0600 ${work}/${file}`);
}

/** Its node is at the tip with three peers, whose stores answer it too, and nothing is owed. */
async function requireWell(hospital: Hospital): Promise<void> {
  try {
    await becomesWell(hospital);
  } catch (error) {
    const logs = hospital.machine.run(`tail -n 5 ${home}/servers/logs/*.log`);
    throw new Error(`${hospital.name} is not well; its logs:\n${logs}`, { cause: error });
  }
}

async function becomesWell({ machine }: Hospital): Promise<void> {
  await until(() => {
    const status = machine.json(`salus consortium status --home ${home}`, asSalus);
    const { members, machine: own } = status as {
      readonly members: readonly unknown[];
      readonly machine?: {
        readonly node?: { readonly lag: number; readonly isCatchingUp: boolean };
        readonly peers: readonly { readonly isConnected: boolean }[];
        readonly replicas?: { readonly members: readonly { readonly isConnected: boolean }[] };
        readonly duties: readonly unknown[];
      };
    };
    assert.equal(members.length, hospitals.length);
    assert.deepEqual([own?.node?.lag, own?.node?.isCatchingUp], [0, false], JSON.stringify(own));
    assert.equal(own?.peers.filter(({ isConnected }) => isConnected).length, 3);
    assert.equal(own?.replicas?.members.filter(({ isConnected }) => isConnected).length, 3);
    assert.deepEqual(own?.duties, []);
  });
  requireFit(machine, home);
}

/** An account is confirmed by the ledger: as NEXT.md of the home says. */
function goesOn({ machine, short }: Hospital, person: string): void {
  const create = `salus person create ${person} --home ${home} --hospital ${short} --role operator`;
  const { account } = machine.json(create, asSalus);
  assert.match(String(account), /^[0-9a-f]{64}$/);
}

function initAtOnePlace(machine: Machine): void {
  const members = page.json('"chain": "salus-lakes-1"');
  machine.run(
    `cat > members.json <<'END'\n${members}\nEND\nsalus consortium init --members members.json --out homes`,
    asSalus,
  );
  const homes = readdirSync(join(machine.files, work, 'homes')).toSorted();
  assert.deepEqual(homes, ['bern-clinic', 'chur-hospital', 'davos-hospital', 'st-anna']);
}

import assert from 'node:assert/strict';
import { Page } from './documents.ts';
import { installed } from './installed.ts';
import { Lan, type Machine } from './machines.ts';
import { mayServe, requireFit, trustFor, until } from './reached.ts';

const found = new Page('docs/operations/found.md');
const deploy = new Page('deploy/README.md');
const asSalus = {
  user: 'salus',
  folder: '/var/lib/salus',
  env: { SALUS_PASSPHRASE: 'a passphrase that somebody types' },
};

/** One hospital, founded by `found.md` alone; and one that `deploy/salus.service` serves. */
export async function hospitalAlone(folder: string, say: (what: string) => void): Promise<void> {
  say('a Debian machine with Salus, by deploy/README.md "Installing"');
  const debian = installed();
  const lan = new Lan(folder);
  try {
    const machine = await lan.add({ name: 'st-anna', address: '10.0.0.1' }, debian);
    const guest = await lan.add({ name: 'patient', address: '10.0.0.9' }, debian);
    say('found.md: salus found');
    machine.run(found.commands('salus found --name'), asSalus);
    say('found.md: the unit, under systemd');
    requireVerified(machine, '/var/lib/salus/home/salus-st-anna-hospital.service');
    machine.run(found.commands('enable --now salus-st-anna-hospital'));
    say('found.md: the proxy, and a patient at another machine');
    trustFor('salus.st-anna.example', machine, guest);
    machine.run(found.commands('nginx -t'));
    await mayServe('https://salus.st-anna.example/st-anna-hospital', guest);
    machine.run('curl -sf http://127.0.0.1:7420/health', asSalus);
    refusesOutside(guest);
    requireFit(machine, '/var/lib/salus/home');
    await survivesKill(machine, 'salus-st-anna-hospital');

    say('deploy/README.md: the units of this folder, and a backup by the timer');
    const other = await lan.add({ name: 'bern', address: '10.0.0.2' }, debian);
    const home =
      'salus found --name "Bern Clinic" --home /var/lib/salus --backups /var/lib/salus-first';
    other.run('install -d -o salus -g salus -m 0700 /var/lib/salus-first');
    other.run(home, asSalus);
    other.run(deploy.commands('enable --now salus salus-backup.timer'));
    for (const unit of ['salus.service', 'salus-backup.service', 'salus-backup.timer']) {
      requireVerified(other, `/etc/systemd/system/${unit}`);
    }
    await until(() => other.run('curl -sf http://127.0.0.1:7420/health', asSalus));
    other.run('systemctl start salus-backup.service');
    assert.match(other.run('ls /var/lib/salus-backups', asSalus), /^\S+-\d{4}-/);
    assert.match(other.run('systemctl is-active salus-backup.timer'), /^active$/m);
    await survivesKill(other, 'salus');
  } finally {
    await lan.close();
  }
}

/** That systemd has nothing to say about a unit. */
function requireVerified(machine: Machine, unit: string): void {
  const said = machine.run(`systemd-analyze verify --man=no ${unit} 2>&1`);
  const about = said.split('\n').filter((line) => line.includes('salus'));
  assert.deepEqual(about, []);
}

/** The operator's pages are not for the world. */
function refusesOutside(guest: Machine): void {
  for (const path of ['/health', '/metrics', '/']) {
    const asked = `curl -s -o /dev/null -w '%{http_code}' https://salus.st-anna.example${path}`;
    assert.equal(guest.run(asked), '404', path);
  }
  assert.throws(() => guest.run('curl -sf -m 5 http://10.0.0.1:7420/health'));
}

async function survivesKill(machine: Machine, unit: string): Promise<void> {
  machine.run(`systemctl kill -s KILL ${unit}`);
  await until(() => machine.run(`systemctl is-active ${unit}`));
  await until(() => machine.run('curl -sf http://127.0.0.1:7420/health', asSalus));
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { lockLedger } from '../../../engines/embedded/lock.ts';
import { serversOf } from '../../../server/process.ts';
import { chooseDemoRelay, forgetRelay, isDemoRelay, writeRelay } from './places.ts';

/**
 * What `salus up --smtp` says, before the servers start; empty: nothing. Where they run already nothing is written: their gateways
 * would offer what no service does. Throws LEDGER_LOCKED, RELAY_INVALID, HOME_INVALID.
 */
export async function nameRelay(home: string, said: string): Promise<void> {
  // Its port of before may be another's by now.
  const url = said === '' && isDemoRelay(home) ? 'demo' : said;
  if (url === '') return;
  requireNotServed(home);
  if (url === 'none') forgetRelay(home);
  else if (url === 'demo') await chooseDemoRelay(home);
  else writeRelay(home, url);
}

function requireNotServed(home: string): void {
  const ledger = join(serversOf(home), 'ledger');
  if (existsSync(ledger)) lockLedger(ledger).release();
}

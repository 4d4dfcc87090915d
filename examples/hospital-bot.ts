// Files a laboratory's results into the charts of the patients who allowed it:
//   SALUS_PASSPHRASE=... node hospital-bot.ts WALLET-FILE RESULTS-FILE
// RESULTS-FILE has one JSON object a line: {"patient": account, "resource": FHIR Observation}. The wallet is
// the bot's own. Each patient's grant gives it a key to write with; it cannot read back what it wrote.
import { readFileSync } from 'node:fs';
import { CodedError, fileWalletStore, Person, type ReceivedGrant } from '@salus/salus/sdk';

interface Result {
  readonly patient: string;
  readonly resource: { readonly resourceType: string; readonly code?: { readonly text?: string } };
}

const mayFile = (grant: ReceivedGrant): boolean =>
  grant.state === 'live' && grant.terms.writeClasses.includes('lab');

async function main(walletFile: string, passphrase: string, file: string): Promise<void> {
  const bot = await Person.open({ store: fileWalletStore(walletFile), passphrase });
  // What an earlier run wrote down and did not see confirmed is repeated first.
  await bot.sync();
  const grants = (await bot.inbox()).filter(mayFile);
  const lines = readFileSync(file, 'utf8').split('\n');
  for (const line of lines.filter((it) => it.trim() !== '')) {
    const { patient, resource } = JSON.parse(line) as Result;
    const grant = grants.find((it) => it.patient === patient);
    if (grant === undefined) {
      console.log(`${patient}: kept back, no grant to write laboratory results`);
      continue;
    }
    const { recordIds, confirmed } = await bot.write(grant.consent, [
      {
        recordClass: 'lab',
        mediaType: 'application/fhir+json',
        name: resource.code?.text ?? resource.resourceType,
        bytes: new TextEncoder().encode(JSON.stringify(resource)),
      },
    ]);
    console.log(`${patient}: filed as ${recordIds[0]} at height ${confirmed.height}`);
  }
}

const [walletFile = '', file = ''] = process.argv.slice(2);
try {
  await main(walletFile, process.env.SALUS_PASSPHRASE ?? '', file);
} catch (error) {
  if (!(error instanceof CodedError)) throw error;
  console.error(`${error.sentence} (${error.code})`);
  process.exitCode = 1;
}

// A patient's own laboratory results, newest first:
//   SALUS_PASSPHRASE=... node read-my-lab-values.ts WALLET-FILE
// Every record is fetched sealed, held against the ledger and opened here; no server saw what is printed.
import { CodedError, fileWalletStore, Person } from '@salus/salus/sdk';

/** The few fields of a FHIR Observation that this program shows. Decrypted is not yet valid: all may lack. */
interface Observation {
  readonly resourceType?: string;
  readonly effectiveDateTime?: string;
  readonly code?: { readonly text?: string };
  readonly valueQuantity?: { readonly value?: number; readonly unit?: string };
}

async function main(walletFile: string, passphrase: string): Promise<void> {
  const person = await Person.open({ store: fileWalletStore(walletFile), passphrase });
  const records = await person.listRecords();
  const lab = records.filter((it) => it.state === 'live' && it.recordClass === 'lab');
  const opened = await person.openRecords(lab.map((it) => it.recordId));
  const values = opened
    .filter(({ head }) => head.mediaType === 'application/fhir+json')
    .map(({ bytes }) => JSON.parse(new TextDecoder().decode(bytes)) as Observation)
    .filter((it) => it.resourceType === 'Observation' && it.valueQuantity?.value !== undefined)
    .sort((a, b) => (b.effectiveDateTime ?? '').localeCompare(a.effectiveDateTime ?? ''));
  for (const { effectiveDateTime, code, valueQuantity } of values) {
    const { value = Number.NaN, unit = '' } = valueQuantity ?? {};
    const day = effectiveDateTime?.slice(0, 10) ?? 'undated   ';
    console.log(`${day}  ${Number(value.toFixed(2))} ${unit}  ${code?.text ?? ''}`);
  }
  console.log(`${values.length} values of ${person.name}`);
}

const [walletFile = ''] = process.argv.slice(2);
try {
  await main(walletFile, process.env.SALUS_PASSPHRASE ?? '');
} catch (error) {
  if (!(error instanceof CodedError)) throw error;
  console.error(`${error.sentence} (${error.code})`);
  process.exitCode = 1;
}

import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Installed, type Ran, ran, root } from './packed.ts';

/** The examples beside the installed package, as somebody has them who copied one to begin with. */
export function copyExamples(installed: Installed): void {
  for (const name of ['read-my-lab-values.ts', 'hospital-bot.ts', 'check-receipt-page']) {
    cpSync(join(root, 'examples', name), join(installed.folder, name), { recursive: true });
  }
  writeFileSync(join(installed.folder, 'package.json'), '{"private":true,"type":"module"}');
}

const settings = {
  target: 'ES2023',
  strict: true,
  noEmit: true,
  // Of libraries, the compiler's own need no check here.
  skipDefaultLibCheck: true,
  types: ['node'],
  lib: ['ES2023', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
};

/** Compiles the examples and a use of every entry point, as a program with plain `strict` does. */
export async function compileConsumer(
  { folder }: Installed,
  resolution: {
    readonly module: string;
    readonly moduleResolution: string;
    readonly skipLibCheck: boolean;
  },
): Promise<Ran> {
  writeFileSync(
    join(folder, 'entries.ts'),
    `import { type Act, decodeReceipt, type Receipt } from '@salus/salus/ledger';
import { type Code, CodedError, checkReceipt, type ReceiptVerdict } from '@salus/salus/receipt';
import { CodedError as FromSdk, type GrantRequest, Person } from '@salus/salus/sdk';
import { fileInputOf, indexedDbWalletStore } from '@salus/salus/sdk/browser';

// One class by every way in, and optional fields that are undefined: a program need not be stricter.
export const same: typeof CodedError = FromSdk;
export const request: GrantRequest = {
  grantee: 'dr-b', readClasses: ['lab'], purposes: ['TREAT'], notAfterMs: 1, notBeforeMs: undefined,
};
export const kindOf = (act: Act): string => act.kind;
export const heightOf = (receipt: Receipt): number => receipt.height;
export const codeOf = (error: CodedError): Code => error.code;
export const chainOf = (verdict: ReceiptVerdict): string => verdict.chain;
export const uses = [decodeReceipt, checkReceipt, Person.open, fileInputOf, indexedDbWalletStore];
`,
  );
  const include = ['entries.ts', 'read-my-lab-values.ts', 'hospital-bot.ts', 'check-receipt-page'];
  const compilerOptions = { ...settings, ...resolution };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include }));
  const tsc = join(root, 'node_modules', 'typescript-native', 'bin', 'tsc');
  return ran(process.execPath, [tsc, '-p', 'tsconfig.json'], { cwd: folder });
}

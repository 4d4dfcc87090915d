// `node --import THIS src/cli/salus.ts ...`: Salus in a later version, which has one wing more (wing.ts).
import { registerHooks } from 'node:module';

const wing = new URL('./wing.ts', import.meta.url).href;
/** The list as it stands, and one line more. */
const lists = {
  '/src/wings/ledger.ts': (own) =>
    `import { newer } from '${wing}'; import { ledgerWings as own } from '${own}'; export const ledgerWings = [...own, newer];`,
  '/src/wings/codes.ts': (own) =>
    `import { newerCodes } from '${wing.replace('wing.ts', 'codes.ts')}'; import { wingCodes as own } from '${own}'; export const wingCodes = { ...own, ...newerCodes };`,
};
registerHooks({
  load(url, context, next) {
    const source = Object.entries(lists).find(([file]) => url.endsWith(file))?.[1](`${url}?own`);
    return source === undefined
      ? next(url, context)
      : { format: 'module', source, shortCircuit: true };
  },
});

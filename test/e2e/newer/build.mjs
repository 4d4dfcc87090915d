// `node --import THIS src/cli/salus.ts ...`: Salus in a later version, which has one wing more (wing.ts).
import { registerHooks } from 'node:module';

const wing = new URL('./wing.ts', import.meta.url).href;
const lists = {
  '/src/wings/ledger.ts': `import { newer } from '${wing}'; export const ledgerWings = [newer];`,
  '/src/wings/codes.ts': `export { newerCodes as wingCodes } from '${wing.replace('wing.ts', 'codes.ts')}';`,
};
registerHooks({
  load(url, context, next) {
    const source = Object.entries(lists).find(([file]) => url.endsWith(file))?.[1];
    return source === undefined
      ? next(url, context)
      : { format: 'module', source, shortCircuit: true };
  },
});

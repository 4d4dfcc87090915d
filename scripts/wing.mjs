// Adds a wing and takes it out again: a folder below src/wings, and a line in each list that its floors need.
//   node scripts/wing.mjs new NAME [--floors codes,ledger,...] [--from FOLDER]
//   node scripts/wing.mjs remove NAME
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const wings = join(root, 'src', 'wings');

/** What each floor is called in its list, where it stands in the wing, and how an empty one is written. */
const floors = {
  codes: {
    file: 'codes.ts',
    suffix: 'Codes',
    spread: true,
    empty: (it) => `/** What the wing says, by code. */\nexport const ${it} = {} as const;\n`,
  },
  names: {
    file: 'names.ts',
    suffix: 'Names',
    empty: (it) =>
      `/** The words that the wing adds to the spine's lists. */\nexport const ${it} = { roles: [], rights: [], batchKinds: [], labels: {} } as const;\n`,
  },
  ledger: {
    suffix: 'Ledger',
    empty: (it, name) =>
      `import type { LedgerWing } from '../../../ledger/wing.ts';\n\n/** What the wing brings to the ledger. */\nexport const ${it} = { name: '${name}', acts: [], tables: [] } as const satisfies LedgerWing;\n`,
  },
  gateway: {
    suffix: 'Gateway',
    empty: (it, name) =>
      `import type { GatewayWing } from '../../../gateway/wing.ts';\n\n/** What the wing adds to every gateway. */\nexport const ${it}: GatewayWing = { name: '${name}', parts: [], handlers: [] };\n`,
  },
  sdk: {
    suffix: 'Sdk',
    empty: (it, name) =>
      `import type { SdkWing } from '../../../sdk/wing.ts';\n\n/** What the wing adds to a person's device. */\nexport const ${it}: SdkWing = { name: '${name}', drawers: [], pendingKinds: [], messageKinds: [] };\n`,
  },
  server: {
    suffix: 'Server',
    empty: (it, name) =>
      `import type { ServerWing } from '../../../server/process.ts';\n\n/** What the wing brings to the servers of a home. */\nexport const ${it}: ServerWing = { name: '${name}', processes: [] };\n`,
  },
  cli: {
    suffix: 'Commands',
    spread: true,
    empty: (it) =>
      `import type { AddCommand } from '../../../cli/commands/command.ts';\n\n/** The wing's commands, in the order in which \`--help\` lists them. */\nexport const ${it}: readonly AddCommand[] = [];\n`,
  },
  story: {
    suffix: 'Chapter',
    empty: (it, name) =>
      `import type { Chapter } from '../../../story/chapter.ts';\n\n/** The wing's chapter. */\nexport const ${it}: Chapter<undefined> = {\n  name: '${name}',\n  tells: 'Nothing yet.',\n  flags: {},\n  open: async () => undefined,\n  steps: [],\n};\n`,
  },
  test: {
    suffix: 'Test',
    empty: (it, name) =>
      `import type { TestWing } from '../../../../test/model/wing.ts';\n\n/** The wing's acts once more, for the model ledger and the histories. */\nexport const ${it}: TestWing = { name: '${name}', acts: [], tables: [] };\n`,
  },
};

function stop(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(2);
}

const fileOf = (floor) => floors[floor].file ?? join(floor, 'index.ts');
const identifierOf = (floor, name) =>
  name.replace(/-([a-z0-9])/g, (_, letter) => letter.toUpperCase()) + floors[floor].suffix;

/** The first list or table of a file of `src/wings`, and what stands around it. */
function parted(text) {
  const found = /= ([[{])([^\]}]*)([\]}])( as const|;)/.exec(text);
  if (found === null) stop('A list of wings has another form than this script knows.');
  const from = found.index + 3;
  return {
    before: text.slice(0, from),
    entries: found[2],
    after: text.slice(from + found[2].length),
  };
}

function edit(floor, change) {
  const path = join(wings, `${floor}.ts`);
  writeFileSync(path, change(readFileSync(path, 'utf8')));
}

function format(paths) {
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
  const args = [biome, 'check', '--write', '--log-level=error', ...paths];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) stop('Biome has something to say about the lists above.');
}

function addWing(name, chosen, from) {
  const folder = join(wings, name);
  if (existsSync(folder)) stop(`There is a wing ${name} already.`);
  if (from !== undefined) cpSync(from, folder, { recursive: true });
  else {
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, 'README.md'),
      `# ${name}\n\nWhat it is for, its acts, tables, routes and rules.\n`,
    );
  }
  const present = Object.keys(floors).filter((floor) =>
    from === undefined ? chosen.includes(floor) : existsSync(join(folder, fileOf(floor))),
  );
  for (const floor of present) {
    const it = identifierOf(floor, name);
    const path = join(folder, fileOf(floor));
    if (!existsSync(path)) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, floors[floor].empty(it, name));
    }
    edit(floor, (text) => {
      const { before, entries, after } = parted(text);
      const entry = `${entries.trim() === '' ? '' : `${entries.replace(/,?\s*$/, '')}, `}${floors[floor].spread ? '...' : ''}${it},`;
      return `import { ${it} } from './${name}/${fileOf(floor)}';\n${before}${entry}${after}`;
    });
  }
  format(['src/wings']);
  process.stdout.write(`src/wings/${name}: ${present.join(', ')}\n`);
}

function removeWing(name) {
  const folder = join(wings, name);
  if (!existsSync(folder)) stop(`There is no wing ${name}.`);
  for (const floor of Object.keys(floors)) {
    const it = identifierOf(floor, name);
    edit(floor, (text) => {
      const rest = text.replace(new RegExp(`^import [^;]*'\\./${name}/[^;]*;\\n`, 'gm'), '');
      if (rest === text) return text;
      const { before, entries, after } = parted(rest);
      return (
        before + entries.replace(new RegExp(`(\\.\\.\\.)?\\b${it}s?\\b,?\\s*`), '').trim() + after
      );
    });
  }
  rmSync(folder, { recursive: true });
  format(['src/wings']);
  process.stdout.write(`src/wings/${name} is gone, and its lines.\n`);
}

const [verb, name = '', ...flags] = process.argv.slice(2);
const flag = (word) => (flags.includes(word) ? flags[flags.indexOf(word) + 1] : undefined);
if (!/^[a-z][a-z0-9-]*$/.test(name) || name in floors) {
  stop('node scripts/wing.mjs new NAME [--floors codes,ledger,...] [--from FOLDER] | remove NAME');
}
if (verb === 'new') {
  const chosen = flag('--floors')?.split(',') ?? Object.keys(floors);
  const unknown = chosen.find((floor) => !(floor in floors));
  if (unknown !== undefined)
    stop(`There is no floor ${unknown}: ${Object.keys(floors).join(', ')}.`);
  addWing(name, chosen, flag('--from'));
} else if (verb === 'remove') removeWing(name);
else stop('Say new or remove.');

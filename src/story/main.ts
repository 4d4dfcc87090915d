// npm run story -- [--chapter main] [--bundle FILE]... [--attach FILE]... [--corpus DIR] [--engine embedded] [--members 3] [--keep DIR] [--json]
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { asCoded, createOutput, exitCodeOf, refusalOf } from '../cli/output.ts';
import { CodedError } from '../primitives/errors.ts';
import { importCorpus } from './corpus.ts';
import { readInputs } from './inputs.ts';
import { Scene } from './scene.ts';
import { Servers } from './server.ts';
import { mainStory } from './story.ts';

const examples = fileURLToPath(new URL('../../examples/', import.meta.url));

async function main(args: readonly string[]): Promise<number> {
  const json = args.includes('--json');
  const output = createOutput(json);
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort(new CodedError('INTERRUPTED')));
  const undo: (() => unknown)[] = [];
  try {
    const { values } = parseFlags(args);
    if (values.chapter !== 'main') throw new CodedError('USAGE', { chapter: values.chapter });
    // The one engine and the one size of consortium that there are; others are refused, not imitated.
    if (values.engine !== 'embedded') throw new CodedError('USAGE', { engine: values.engine });
    if (values.members !== '3') throw new CodedError('USAGE', { members: values.members });
    const started = performance.now();
    const keep = values.keep === undefined ? undefined : resolve(values.keep);
    const home = keep ?? mkdtempSync(join(tmpdir(), 'salus-story-'));
    mkdirSync(home, { recursive: true });
    if (readdirSync(home).length > 0)
      throw new CodedError('USAGE', { keep: 'the folder is not empty' });
    if (keep === undefined) undo.push(() => rmSync(home, { recursive: true, force: true }));
    const bundles = values.bundle ?? (values.attach ? [] : examplesIn('patients', '.json'));
    const attachments = values.attach ?? (values.bundle ? [] : examplesIn('documents', '.pdf'));
    const inputs = readInputs(bundles, attachments);
    const servers = await Servers.start(home);
    undo.push(() => servers.stop());
    if (values.corpus !== undefined) {
      const counts = { imported: 0, refused: 0 };
      for await (const line of importCorpus(servers, home, resolve(values.corpus), stop.signal)) {
        counts[line.result]++;
        output.line(
          { ...line },
          () =>
            `${line.result.padEnd(8)} ${line.code || line.kind}  ${line.items} items  ${line.file}`,
        );
      }
      const ms = Math.round(performance.now() - started);
      output.line(
        { story: 'corpus', ok: true, ...counts, ms },
        () =>
          `\n${counts.imported} files imported and given back byte for byte, ${counts.refused} refused with a code.`,
      );
      return 0;
    }
    const scene = new Scene(home, servers, inputs, stop.signal);
    for (const [i, { name, tells, play }] of mainStory.entries()) {
      stop.signal.throwIfAborted();
      const begun = performance.now();
      const progress = output.progress(`${i + 1} ${tells}`);
      const facts = await play(scene).finally(() => progress.done());
      const ms = Math.round(performance.now() - begun);
      output.line(
        { step: i + 1, name, ok: true, ms, ...facts },
        () => `\n${String(i + 1).padStart(2)}  ${tells}  (${ms} ms)\n${tell(facts)}`,
      );
    }
    const ms = Math.round(performance.now() - started);
    output.line(
      { story: 'main', ok: true, steps: mainStory.length, ms },
      () =>
        `\nAll ${mainStory.length} steps held, in ${(ms / 1000).toFixed(1)} s.${keep === undefined ? '' : ` Everything is kept in ${keep}.`}`,
    );
    return 0;
  } catch (error) {
    const coded = stop.signal.aborted ? new CodedError('INTERRUPTED') : asCoded(error);
    if (json) process.stdout.write(`${JSON.stringify(refusalOf(coded))}\n`);
    else
      process.stderr.write(
        `\n${coded.sentence} (${coded.code} ${JSON.stringify(coded.details)})\n`,
      );
    if (coded.code === 'INTERNAL' || process.env.STORY_STACK)
      process.stderr.write(`${String((error as Error).stack)}\n`);
    return exitCodeOf(coded);
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        chapter: { type: 'string', default: 'main' },
        bundle: { type: 'string', multiple: true },
        attach: { type: 'string', multiple: true },
        corpus: { type: 'string' },
        engine: { type: 'string', default: 'embedded' },
        members: { type: 'string', default: '3' },
        keep: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    });
  } catch (cause) {
    throw new CodedError('USAGE', { problem: (cause as Error).message }, cause);
  }
}

function examplesIn(folder: string, ending: string): string[] {
  const path = join(examples, folder);
  return readdirSync(path)
    .filter((file) => file.endsWith(ending))
    .sort()
    .map((file) => join(path, file));
}

/** Facts for people: a line each, lists shortened. */
function tell(facts: Readonly<Record<string, unknown>>): string {
  return Object.entries(facts)
    .map(([name, value]) => `      ${name}: ${short(value)}`)
    .join('\n');
}

function short(value: unknown): string {
  if (Array.isArray(value)) {
    const shown = value.slice(0, 4).map(short).join(', ');
    return value.length > 4 ? `${shown} … (${value.length})` : shown;
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .map(([name, inner]) => `${name} ${short(inner)}`)
      .join(' · ');
  }
  const text = String(value);
  return text.length > 40 ? `${text.slice(0, 16)}…` : text;
}

process.exitCode = await main(process.argv.slice(2));

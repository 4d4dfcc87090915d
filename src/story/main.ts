// npm run story -- [--chapter NAME] [--bundle FILE]... [--attach FILE]... [--corpus DIR] [--engine embedded|cometbft] [--members N] [--keep DIR] [--json]
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { asCoded, createOutput, exitCodeOf, type Output, refusalOf } from '../cli/output.ts';
import { CodedError } from '../primitives/errors.ts';
import { wingChapters } from '../wings/story.ts';
import { type AnyChapter, chapterNamed, type Step } from './chapter.ts';
import { mainChapter } from './chapters/main/chapter.ts';
import { type CorpusLine, importCorpus } from './corpus.ts';
import { readInputs } from './inputs.ts';
import { type ServerPlan, Servers } from './server.ts';

const examples = fileURLToPath(new URL('../../examples/', import.meta.url));

async function main(args: readonly string[]): Promise<number> {
  const output = createOutput(args.includes('--json'));
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort(new CodedError('INTERRUPTED')));
  const stage = new AsyncDisposableStack();
  try {
    const chapter = chapterOf(args);
    await play({ chapter, values: parseFlags(args, chapter), output, signal: stop.signal }, stage);
    return 0;
  } catch (error) {
    const coded = stop.signal.aborted ? new CodedError('INTERRUPTED') : asCoded(error);
    report(coded, output.json);
    if (coded.code === 'INTERNAL' || process.env.STORY_STACK)
      process.stderr.write(`${String((error as Error).stack)}\n`);
    return exitCodeOf(coded);
  } finally {
    await stage.disposeAsync();
  }
}

function report(error: CodedError, json: boolean): void {
  const { sentence, code, details } = error;
  if (json) process.stdout.write(`${JSON.stringify(refusalOf(error))}\n`);
  else process.stderr.write(`\n${sentence} (${code} ${JSON.stringify(details)})\n`);
}

interface Performance {
  readonly chapter: AnyChapter;
  readonly values: ReturnType<typeof parseFlags>;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** Plays a chapter, or a corpus, on servers of its own; `stage` takes them away. */
async function play(
  { chapter, values, output, signal }: Performance,
  stage: AsyncDisposableStack,
): Promise<void> {
  const { engine, members, corpus, bundle, attach } = values;
  const plan = planOf(engine, members);
  const started = performance.now();
  const home = homeOf(values.keep, stage);
  const bundles = bundle ?? (attach ? [] : examplesIn('patients', '.json'));
  const attachments = attach ?? (bundle ? [] : examplesIn('documents', '.pdf'));
  const inputs = readInputs(bundles, attachments);
  if (corpus !== undefined) {
    const servers = await Servers.start(home, {}, plan);
    stage.defer(() => servers.stop());
    await tellCorpus(importCorpus(servers, home, resolve(corpus), signal), output, started);
    return;
  }
  const all = withThose(chapter);
  let number = 0;
  for (const { name, open, steps, partSettings } of all) {
    const folder = all.length === 1 ? home : join(home, name);
    mkdirSync(folder, { recursive: true });
    const servers = await Servers.start(folder, {}, plan, partSettings);
    stage.defer(() => servers.stop());
    const scene = await open({ home: folder, servers, inputs, flags: values, signal });
    for (const step of steps) {
      signal.throwIfAborted();
      await tellStep(step, scene, { number: ++number, output });
    }
    await servers.stop();
  }
  const ms = Math.round(performance.now() - started);
  const kept = values.keep === undefined ? '' : ` Everything is kept in ${home}.`;
  output.line(
    { story: chapter.name, ok: true, steps: number, ms },
    () => `\nAll ${number} steps held, in ${(ms / 1000).toFixed(1)} s.${kept}`,
  );
}

const withThose = (chapter: AnyChapter): readonly AnyChapter[] => [
  chapter,
  ...(chapter.followedBy ?? []).flatMap((name) => chapters.filter((it) => it.name === name)),
];

/** One process has its three hospitals; on CometBFT each member has a machine's processes of its own. Throws USAGE. */
function planOf(engine: string, members: string): ServerPlan {
  if (engine !== 'embedded' && engine !== 'cometbft') throw new CodedError('USAGE', { engine });
  const count = Number(members === '' ? (engine === 'embedded' ? 3 : 4) : members);
  const fits = engine === 'embedded' ? count === 3 : Number.isInteger(count) && count >= 3;
  if (!fits) throw new CodedError('USAGE', { members });
  return { engine, members: count };
}

/** An empty folder: the one to keep, or one that goes away. Throws USAGE. */
function homeOf(keep: string | undefined, stage: AsyncDisposableStack): string {
  const home = keep === undefined ? mkdtempSync(join(tmpdir(), 'salus-story-')) : resolve(keep);
  mkdirSync(home, { recursive: true });
  if (readdirSync(home).length > 0)
    throw new CodedError('USAGE', { keep: 'the folder is not empty' });
  if (keep === undefined) stage.defer(() => rmSync(home, { recursive: true, force: true }));
  return home;
}

async function tellStep<Scene>(
  step: Step<Scene>,
  scene: Scene,
  { number, output }: { readonly number: number; readonly output: Output },
): Promise<void> {
  const { name, tells } = step;
  const begun = performance.now();
  const progress = output.progress(`${number} ${tells}`);
  const facts = await step.play(scene).finally(() => progress.done());
  const ms = Math.round(performance.now() - begun);
  output.line(
    { step: number, name, ok: true, ms, ...facts },
    () => `\n${String(number).padStart(2)}  ${tells}  (${ms} ms)\n${tell(facts)}`,
  );
}

async function tellCorpus(
  lines: AsyncIterable<CorpusLine>,
  output: Output,
  started: number,
): Promise<void> {
  const counts = { imported: 0, refused: 0 };
  for await (const line of lines) {
    counts[line.result]++;
    output.line(
      { ...line },
      () => `${line.result.padEnd(8)} ${line.code || line.kind}  ${line.items} items  ${line.file}`,
    );
  }
  const ms = Math.round(performance.now() - started);
  output.line(
    { story: 'corpus', ok: true, ...counts, ms },
    () =>
      `\n${counts.imported} files imported and given back byte for byte, ${counts.refused} refused with a code.`,
  );
}

const chapters: readonly AnyChapter[] = [mainChapter, ...wingChapters];

/** The chapter that `--chapter` names: it decides which other flags there are. Throws USAGE with all names. */
function chapterOf(args: readonly string[]): AnyChapter {
  const { values } = parseArgs({
    args: [...args],
    options: { chapter: commonFlags.chapter },
    strict: false,
  });
  // `--chapter` without a name is told with the other flags.
  return chapterNamed(
    typeof values.chapter === 'string' ? values.chapter : mainChapter.name,
    chapters,
  );
}

const commonFlags = {
  chapter: { type: 'string', default: 'main' },
  bundle: { type: 'string', multiple: true },
  attach: { type: 'string', multiple: true },
  corpus: { type: 'string' },
  engine: { type: 'string', default: 'embedded' },
  members: { type: 'string', default: '' },
  keep: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

function parseFlags(args: readonly string[], { flags }: AnyChapter) {
  try {
    return parseArgs({ args: [...args], options: { ...flags, ...commonFlags } }).values;
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

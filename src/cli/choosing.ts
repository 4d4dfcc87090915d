import type { Code } from '../codes/index.ts';
import { CodedError, type ErrorDetails } from '../primitives/errors.ts';
import { table, when } from './format.ts';
import type { Choice } from './refusal.ts';

/** A refusal that shows what could have been said: for people a table, with --json `choices`. */
export class Choosing extends CodedError {
  readonly choices: readonly Choice[];

  constructor(code: Code, choices: readonly Choice[], details: ErrorDetails = {}) {
    super(code, { ...details, ...(code === 'AMBIGUOUS' && { matches: choices.length }) });
    this.choices = choices;
  }
}

/** What a person reads: the sentence first, what is wrong with this very command, times as dates, and the choices. */
export function refusalText(error: CodedError): string {
  const lines = [sentenceOf(error)];
  if (error instanceof Choosing && error.choices.length > 0) lines.push(choiceTable(error.choices));
  return lines.join('\n');
}

function sentenceOf(error: CodedError): string {
  const { code, details } = error;
  const { problem, ...others } = details;
  if (typeof problem === 'string') {
    const said = `${problem.slice(0, 1).toUpperCase()}${problem.slice(1).replace(/\.$/, '')}.`;
    const next = code === 'USAGE' ? '; --help shows how it is used' : '';
    return `${said} (${code}${next})`;
  }
  const told = Object.entries(others).map(([name, value]) =>
    isTime(name, value) ? `${name.slice(0, -2)} ${when(Number(value))}` : undefined,
  );
  if (told.every((it) => it === undefined)) return error.message;
  const rest = Object.fromEntries(Object.entries(others).filter((it) => !isTime(...it)));
  const times = told.filter((it) => it !== undefined).join(', ');
  const message = new CodedError(code, rest).message;
  return message.replace(/\)$/, `${Object.keys(rest).length > 0 ? ', ' : ': '}${times})`);
}

/** Past 2001: a length of time is shorter. */
const isTime = (name: string, value: unknown): boolean =>
  name.endsWith('Ms') && typeof value === 'number' && value > 1_000_000_000_000;

function choiceTable(choices: readonly Choice[]): string {
  const [first = {}] = choices;
  const columns = Object.keys(first);
  return table([columns, ...choices.map((it) => columns.map((name) => it[name] ?? ''))]);
}

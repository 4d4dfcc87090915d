import * as z from 'zod/mini';
import { maxNameLength } from '../../../../api/display-name.ts';
import { accountIdText, base64urlText, height, timeMs } from '../../../../api/message-parts.ts';
import { defineRoute } from '../../../../api/route.ts';
import { machineStatus } from '../machine.ts';

const few = z.maxLength(1_000);
/** As many as there may be members. */
const accounts = z.array(accountIdText).check(few);
const key = base64urlText(32);

/** What members see of each other, and how this hospital's machine stands among them. */
export const consortiumAnswer = z.object({
  ...{ chain: z.string().check(z.maxLength(64)), height, timeMs },
  /** Whose gateway says it. */
  organisation: accountIdText,
  /** So many yes decide. */
  quorum: z.int(),
  members: z
    .array(
      z.object({
        account: accountIdText,
        name: z.string().check(z.maxLength(maxNameLength)),
        url: z.string().check(z.maxLength(1_024)),
        rights: z.array(z.string().check(z.maxLength(64))).check(z.maxLength(64)),
        ...{ frozen: z.boolean(), counts: z.boolean(), validates: z.boolean() },
      }),
    )
    .check(few),
  validators: z
    .array(
      z.object({
        publicKey: key,
        power: z.int(),
        organisation: z.union([accountIdText, z.literal('')]),
      }),
    )
    .check(few),
  open: z
    .array(
      z.object({
        proposal: z.string().check(z.maxLength(64)),
        by: accountIdText,
        outcome: z.string().check(z.maxLength(32)),
        ...{ untilMs: timeMs, yes: accounts, no: accounts },
        facts: z.record(z.string(), z.union([z.string(), z.number(), z.array(z.string())])),
      }),
    )
    .check(few),
  cases: z
    .array(
      z.object({
        organisation: z.union([accountIdText, z.literal('')]),
        ...{ publicKey: key, height, removed: z.boolean() },
      }),
    )
    .check(few),
  /** By its own nodes, and unproven. Missing: this hospital’s ledger is ordered by one machine. */
  machine: z.optional(machineStatus),
});
export type ConsortiumAnswer = z.infer<typeof consortiumAnswer>;

/** The same as `consortium status`. */
export const consortiumGet = defineRoute({
  method: 'GET',
  path: '/v1/consortium',
  who: 'operator',
  summary:
    'What members of the ledger see of each other, and how this hospital’s machine stands, for its operator',
  rule: 'GV-11',
  answer: consortiumAnswer,
  noStore: true,
});

import { CodedError } from '../primitives/errors.ts';
import type { ReportPart } from './actions/access-report.ts';
import type { Context } from './client/context.ts';
import type { MessageKind } from './client/messages.ts';
import type { PendingKind } from './client/pending.ts';
import type { HalfKeeper } from './records/double.ts';
import type { Drawer } from './wallet/drawer.ts';

/** What a wing adds to a person's device. Its actions need no list: who wants one imports it. */
export interface SdkWing {
  readonly name: string;
  /** Where it keeps what must not be lost: named `NAME` or `NAME/SECOND`. */
  readonly drawers: readonly Pick<Drawer<unknown>, 'wing'>[];
  /** What answers to its transactions change in the wallet. */
  readonly pendingKinds: readonly PendingKind[];
  /** What it knows of what was done with this person's record, for her report, by a word for each; loaded when she asks for one. */
  readonly reports?: Readonly<Record<string, () => Promise<ReportPart>>>;
  /** What it takes out of the inbox. */
  readonly messageKinds: readonly MessageKind[];
  /** Where second halves of the keys of doubly encrypted items come from. */
  readonly halfKeeper?: HalfKeeper<Context>;
}

/** The kinds of all wings; `ofSpine` come first. Throws INTERNAL: two parts of one name or number. */
export function kindsOf(
  wings: readonly SdkWing[],
  ofSpine: readonly MessageKind[],
): Pick<SdkWing, 'pendingKinds' | 'messageKinds'> & {
  readonly halfKeepers: readonly HalfKeeper<Context>[];
} {
  const drawers = wings.flatMap(({ name, drawers }) => {
    const foreign = drawers.find(({ wing }) => wing !== name && !wing.startsWith(`${name}/`));
    if (foreign !== undefined)
      throw new CodedError('INTERNAL', { wing: name, drawer: foreign.wing });
    return drawers.map((it) => it.wing);
  });
  const messageKinds = [...ofSpine, ...wings.flatMap((wing) => wing.messageKinds)];
  requireDistinct(
    'wing',
    wings.map((it) => it.name),
  );
  requireDistinct('drawer', drawers);
  requireDistinct(
    'objectType',
    messageKinds.map((it) => it.objectType),
  );
  return {
    pendingKinds: wings.flatMap((wing) => wing.pendingKinds),
    ...{ messageKinds, halfKeepers: wings.flatMap((wing) => wing.halfKeeper ?? []) },
  };
}

function requireDistinct(what: string, names: readonly (string | number)[]): void {
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new CodedError('INTERNAL', { [what]: twice });
}

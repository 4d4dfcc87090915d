import { alertsNames } from './alerts/names.ts';
import { consortiumNames } from './consortium/names.ts';
import { vitalsNames } from './vitals/names.ts';

/**
 * The words that wings add to the spine's lists. Pure data, for what reads them stands below everything else
 * that a wing declares; a wing's `names.ts` imports nothing.
 */
interface WingNames {
  /** What an account may be, beside the spine's roles. */
  readonly roles: readonly string[];
  /** What genesis may let an organisation do, beside the spine's rights. */
  readonly rights: readonly string[];
  /** What an organisation may gather into a BatchAnchor, beside the spine's kinds. */
  readonly batchKinds: readonly string[];
  /** Domain-separation labels; each stands in the wing's README too. */
  readonly labels: Readonly<Record<string, `salus/1/${string}`>>;
}

/** A line a wing. */
const named = [consortiumNames, vitalsNames, alertsNames] as const satisfies readonly WingNames[];

type Named = (typeof named)[number];
type Words<Part extends 'roles' | 'rights' | 'batchKinds'> = Named extends infer Wing
  ? Wing extends WingNames
    ? Wing[Part][number]
    : never
  : never;
export type WingLabel = Named extends infer Wing
  ? Wing extends WingNames
    ? Wing['labels'][keyof Wing['labels']]
    : never
  : never;

const all: readonly {
  readonly [Part in 'roles' | 'rights' | 'batchKinds']: readonly Words<Part>[];
}[] = named;
export const wingRoles = all.flatMap(({ roles }) => roles);
export const wingRights = all.flatMap(({ rights }) => rights);
export const wingBatchKinds = all.flatMap((wing) => wing.batchKinds);

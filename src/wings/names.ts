/**
 * The words that wings add to the spine's lists: a line a wing. Pure data, for what reads them stands below
 * everything that a wing declares.
 */

/** What an account may be, beside the spine's roles. */
export const wingRoles = [] as const;
/** What genesis may let an organisation do, beside the spine's rights. */
export const wingRights = [] as const;
/** What an organisation may gather into a BatchAnchor, beside the spine's kinds. */
export const wingBatchKinds = [] as const;

import { config } from 'zod';

/**
 * Schemas are checked without generated code: the policy of a page that handles records forbids `eval`, and
 * even asking whether it is allowed counts as a violation there. Imported before any schema is made.
 */
config({ jitless: true });

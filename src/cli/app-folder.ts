import { fileURLToPath } from 'node:url';

/** Where the built web app lies: beside the sources, and beside `dist` in a package. */
export const appFolder = fileURLToPath(new URL('../../web/dist', import.meta.url));

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium as playwright } from 'playwright-core';

/**
 * Starts a headless Chromium: `CHROMIUM_PATH`, else Debian's, else the one that npm brought (x64).
 * The caller closes it in `finally`: one left open holds the whole run.
 */
export async function launchChromium(more: readonly string[] = []): Promise<Browser> {
  return playwright.launch({ executablePath: await executable(), args: [...args, ...more] });
}

/** The same with a profile in this folder, which stays when it is closed. */
export async function openChromiumProfile(folder: string): Promise<BrowserContext> {
  const executablePath = await executable();
  return playwright.launchPersistentContext(folder, { executablePath, args, locale: 'en-GB' });
}

const args = ['--no-sandbox', '--disable-background-networking', '--disable-component-update'];

async function executable(): Promise<string> {
  const named = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
  return existsSync(named) ? named : unpacked();
}

/** The npm build also wants the libraries and fonts that a plain Debian lacks; it brings both. */
async function unpacked(): Promise<string> {
  const {
    default: chromium,
    inflate,
    setupLambdaEnvironment,
  } = await import('@sparticuz/chromium');
  const bin = fileURLToPath(new URL('../bin', import.meta.resolve('@sparticuz/chromium')));
  // It unpacks into the folder for what is temporary, and only what is not there: here it stays for the next run.
  const { TMPDIR } = process.env;
  const folder = fileURLToPath(new URL('../../.cache/chromium', import.meta.url));
  mkdirSync(folder, { recursive: true });
  process.env.TMPDIR = folder;
  try {
    const libraries = await inflate(join(bin, 'al2023.tar.br'));
    setupLambdaEnvironment(join(libraries, 'lib'));
    const path = await chromium.executablePath(bin);
    process.env.FONTCONFIG_FILE = fontsOf(folder);
    return path;
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
}

/** Its own file looks for fonts under /tmp alone. Without any, text takes no room, and is hidden to a test. */
function fontsOf(folder: string): string {
  const directories = [join(folder, 'fonts'), '/usr/share/fonts'];
  const lines = directories.map((directory) => `<dir>${directory}</dir>`);
  const path = join(folder, 'fonts.conf');
  const cache = `<cachedir>${join(folder, 'fonts-cache')}</cachedir>`;
  writeFileSync(
    path,
    `<?xml version="1.0"?>\n<fontconfig>${lines.join('')}${cache}</fontconfig>\n`,
  );
  return path;
}

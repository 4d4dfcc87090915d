import { onDevice } from './device.ts';

/** What the server that the app came from says of itself: which hospitals answer there, and whether it is a demo. */
export interface Site {
  readonly version: string;
  readonly hospitals: readonly {
    readonly name: string;
    readonly title: string;
    readonly account: string;
    /** Of its gateway, absolute. */
    readonly url: string;
  }[];
  readonly demo: boolean;
}

let asked: Promise<Site> | undefined;

/** Asked once; while nobody answers, as it was said last. */
export function siteOf(): Promise<Site> {
  asked ??= fetchSite().catch((error: unknown) => {
    asked = undefined;
    throw error;
  });
  return asked;
}

async function fetchSite(): Promise<Site> {
  const site = await said().catch(async (error: unknown) => {
    const held = await onDevice('site', 'readonly', (store) => store.get('site'));
    if (held === undefined) throw error;
    return held as Site;
  });
  const { origin } = self.location;
  return {
    ...site,
    hospitals: site.hospitals.map((it) => ({ ...it, url: `${origin}/${it.name}` })),
  };
}

export async function hospitalOf(
  organisation: string,
): Promise<Site['hospitals'][number] | undefined> {
  return (await siteOf()).hospitals.find((it) => it.account === organisation);
}

/** Names and paths of hospitals, which anybody may ask for: it is kept as it is. */
async function said(): Promise<Site> {
  const response = await fetch('/app/site.json', { cache: 'no-store' });
  if (!response.ok) throw new Error(`site: ${response.status}`);
  const site: unknown = await response.json();
  await onDevice('site', 'readwrite', (store) => store.put(site, 'site')).catch(() => undefined);
  return site as Site;
}

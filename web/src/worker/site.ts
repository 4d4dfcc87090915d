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

/** Asked once; again after a failure. */
export function siteOf(): Promise<Site> {
  asked ??= fetchSite().catch((error: unknown) => {
    asked = undefined;
    throw error;
  });
  return asked;
}

async function fetchSite(): Promise<Site> {
  const response = await fetch('/app/site.json');
  if (!response.ok) throw new Error(`site: ${response.status}`);
  const site = (await response.json()) as Site;
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

interface UserAgentData {
  readonly brands: readonly { readonly brand: string }[];
  readonly platform: string;
}

/** What the browser calls itself and the system below it; by its older text where it has no data of that kind. */
export function thisBrowser(): { readonly browser: string; readonly system: string } {
  const { userAgent } = navigator;
  const data = (navigator as { readonly userAgentData?: UserAgentData }).userAgentData;
  // One of the brands is made up, so that no site relies on the list; the maker's own stands beside Chromium.
  const brands = (data?.brands ?? [])
    .map((it) => it.brand)
    .filter((it) => !/not.*brand/iu.test(it));
  const browser =
    brands.find((it) => it !== 'Chromium') ?? brands[0] ?? byText(browsers, userAgent);
  const system = data?.platform || byText(systems, userAgent);
  return { browser, system };
}

const byText = (names: readonly (readonly [RegExp, string])[], text: string): string =>
  names.find(([pattern]) => pattern.test(text))?.[1] ?? '';

const browsers = [
  [/Firefox/u, 'Firefox'],
  [/Edg\//u, 'Edge'],
  [/Chrome/u, 'Chrome'],
  [/./u, 'Safari'],
] as const;
const systems = [
  [/Android/u, 'Android'],
  [/iPhone|iPad/u, 'iOS'],
  [/Mac/u, 'macOS'],
  [/Windows/u, 'Windows'],
  [/./u, 'Linux'],
] as const;

type Sodium = typeof import('libsodium-wrappers-sumo')['default'];

let loading: Promise<Sodium> | undefined;

/** libsodium as WebAssembly, loaded by the first thing that needs it: 0.5 MB that who only reads never does. */
export function loadSodium(): Promise<Sodium> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Sodium> {
  const { default: sodium } = await import('libsodium-wrappers-sumo');
  await sodium.ready;
  return sodium;
}

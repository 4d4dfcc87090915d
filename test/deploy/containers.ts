export async function containers(_folder: string, say: (what: string) => void): Promise<void> {
  say('later');
}

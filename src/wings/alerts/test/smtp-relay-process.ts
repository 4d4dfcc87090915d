import { SmtpRelay } from '../node/smtp-relay.ts';

// A relay as a process: says its port, then each letter, a line of JSON each.
const relay = new SmtpRelay({
  onLetter: (letter) => {
    process.stdout.write(`${JSON.stringify(letter)}\n`);
    return undefined;
  },
});
const port = await relay.listen(Number(process.argv[2] ?? 0));
process.stdout.write(`${JSON.stringify({ port })}\n`);

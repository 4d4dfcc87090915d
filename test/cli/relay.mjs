// Passes a command on to the test that listens at the socket, which runs it in its own process: a script of
// many commands then costs one start of the code instead of one per command.
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

const [socket, ...args] = process.argv.slice(2);
const line = connect(socket);
await once(line, 'connect');
line.end(JSON.stringify({ args, passphrase: process.env.SALUS_PASSPHRASE }));
const { code, stdout, stderr } = JSON.parse(await text(line));
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = code;

// The peer of `bench chart`: the same resources in clear, from node:sqlite over plain HTTP as one JSON Bundle. No keys,
// no grants, no looks: what a chart costs where nothing is asked of it.
import { createServer } from 'node:http';
import { DatabaseSync } from 'node:sqlite';

const database = process.argv[2] ?? '';
const db = new DatabaseSync(database, { readOnly: true });
const bodies = db.prepare('SELECT body FROM resources WHERE patient = ? ORDER BY id');

const server = createServer((request, response) => {
  const patient = request.url?.slice(1) ?? '';
  const entries = bodies.all(patient).map(({ body }) => `{"resource":${String(body)}}`);
  const text = `{"resourceType":"Bundle","type":"searchset","entry":[${entries.join(',')}]}`;
  response.writeHead(200, { 'content-type': 'application/fhir+json' });
  response.end(text);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  process.stdout.write(`${port}\n`);
});

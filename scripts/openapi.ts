// Writes docs/openapi.json from the schemas of the routes; a test fails when it is not up to date.
import { mkdirSync, writeFileSync } from 'node:fs';
import { routes } from '../src/api/routes/all.ts';
import { describeInterface } from '../src/gateway/openapi.ts';
import type { GatewayWing } from '../src/gateway/wing.ts';
import { gatewayWings } from '../src/wings/gateway.ts';

mkdirSync('docs', { recursive: true });
const wings: readonly GatewayWing[] = gatewayWings;
const ofWings = wings.flatMap(({ handlers }) => handlers.map(({ route }) => route));
const text = JSON.stringify(await describeInterface([...routes, ...ofWings]), undefined, 2);
writeFileSync('docs/openapi.json', `${text}\n`);

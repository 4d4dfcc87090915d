import fastify from 'fastify';
import type { Route } from '../api/route.ts';
import { routes as spine } from '../api/routes/all.ts';
import { CodedError } from '../primitives/errors.ts';
import { describeRoutes, optionsOf } from './serve.ts';

/** The OpenAPI 3.1 description of one hospital, as docs/openapi.json holds it: of the declarations alone. */
export async function describeInterface(routes: readonly Route[] = spine): Promise<object> {
  const app = fastify();
  await describeRoutes(app);
  for (const route of routes) {
    const handler = () => {
      throw new CodedError('INTERNAL');
    };
    app.route({ ...optionsOf(route), handler });
  }
  await app.ready();
  const description = app.swagger();
  await app.close();
  return description;
}

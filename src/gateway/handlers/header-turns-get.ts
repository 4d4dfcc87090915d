import { headerTurnsGet } from '../../api/routes/header-turns-get.ts';
import { CodedError } from '../../primitives/errors.ts';
import { handler } from '../handler.ts';

/** Throws HEIGHT_UNKNOWN (also on an engine of one validator), NODE_SILENT. Source: rule CB-14. */
export const handleHeaderTurnsGet = handler(headerTurnsGet, async ({ gateway, params }) => {
  const { engine } = gateway.options;
  const { height } = params;
  if (engine.turns === undefined) throw new CodedError('HEIGHT_UNKNOWN', { height });
  return { height, turns: [...(await engine.turns(height))] };
});

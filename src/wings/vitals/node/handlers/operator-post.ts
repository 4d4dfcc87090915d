import { operatorPost } from '../../api/routes/operator-post.ts';
import { dataHandler } from '../handler.ts';

/** Source: rule VT-15. */
export const handleOperatorPost = dataHandler(operatorPost, async ({ server, bytes }) => {
  const { quarantines, work, ...rest } = await server.operator.asked(bytes);
  return {
    ...{ ...rest, quarantines: [...quarantines] },
    ...(work && { work: { ...work, rebuilt: [...work.rebuilt] } }),
  };
});

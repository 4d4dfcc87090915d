import { handler } from '../../../../gateway/handler.ts';
import { studiesGet } from '../../api/routes/studies-get.ts';
import { seenStudies } from '../studies-part.ts';

/** Source: rule VQ-41. */
export const handleStudiesGet = handler(studiesGet, ({ gateway }) => {
  const seen = gateway.parts.get(seenStudies);
  return { datasets: seen.datasets(), permits: seen.permits() };
});

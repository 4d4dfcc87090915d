import { textOfBytes } from '../../../../api/message-parts.ts';
import { handler } from '../../../../gateway/handler.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import { incidentsGet } from '../../api/routes/incidents-get.ts';
import { hospitalReports } from '../incidents/incidents-part.ts';

/** Source: rule VT-26. */
export const handleIncidentsGet = handler(incidentsGet, async ({ gateway }) => {
  const listed = await gateway.parts.get(hospitalReports).list();
  return {
    incidents: listed.map(({ name, height, signed, report }) => {
      const { kind, store, foundBy, foundMs, wholeMs, more, people, follows } = report;
      const { places, attempts, untold, done } = report;
      return {
        ...{ name, height, kind, store, foundBy, foundMs, wholeMs, more, people },
        ...{ places: [...places], attempts: [...attempts], untold: [...untold], done: [...done] },
        ...{ follows: bytesToHex(follows), signed: textOfBytes(signed) },
      };
    }),
  };
});

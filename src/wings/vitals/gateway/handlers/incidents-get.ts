import { textOfBytes } from '../../../../api/message-parts.ts';
import { handler } from '../../../../gateway/handler.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import { readReport } from '../../api/incident-report.ts';
import { incidentsGet } from '../../api/routes/incidents-get.ts';
import { hospitalReports } from '../incidents/incidents-part.ts';

/** Source: rule VT-26. */
export const handleIncidentsGet = handler(incidentsGet, ({ gateway }) => ({
  incidents: gateway.parts
    .get(hospitalReports)
    .list()
    .map(({ name, height, signed }) => {
      const { kind, store, foundBy, foundMs, wholeMs, places, more, ...rest } = readReport(signed);
      const { people, attempts, untold, done, follows } = rest;
      return {
        ...{ name, height, kind, store, foundBy, foundMs, wholeMs, more, people },
        ...{ places: [...places], attempts: [...attempts], untold: [...untold], done: [...done] },
        ...{ follows: bytesToHex(follows), signed: textOfBytes(signed) },
      };
    }),
}));

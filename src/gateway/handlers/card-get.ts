import { textOfBytes } from '../../api/message-parts.ts';
import { cardGet } from '../../api/routes/card-get.ts';
import { handler } from '../handler.ts';

/** Of those who work here; a patient’s is NOT_FOUND. Source: rule H-13. */
export const handleCardGet = handler(cardGet, ({ gateway, params }) => ({
  card: textOfBytes(gateway.enrolment.cardOf(params.account)),
}));

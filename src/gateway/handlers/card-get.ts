import { textOfBytes } from '../../api/message-parts.ts';
import { cardGet } from '../../api/routes/card-get.ts';
import { handler } from '../handler.ts';

export const handleCardGet = handler(cardGet, ({ gateway, params }) => ({
  card: textOfBytes(gateway.enrolment.cardOf(params.account)),
}));

import { textOfBytes } from '../../api/message-parts.ts';
import { cardsPost } from '../../api/routes/cards-post.ts';
import { handler } from '../handler.ts';

/** Of those who work here; none where nobody is called so. Source: rule H-13. */
export const handleCardsPost = handler(cardsPost, ({ gateway, body }) => ({
  cards: gateway.enrolment.cardsOf(body.name).map(textOfBytes),
}));

import { localHospitals } from '../server/desk.ts';
import { homeCards } from './cards.ts';

export interface ShownPerson {
  readonly name: string;
  readonly role: string;
  readonly hospital: string;
  readonly account: string;
}

/** Everybody whose public card lies in this home. */
export function peopleOf(home: string): readonly ShownPerson[] {
  const hospitals = localHospitals(home);
  return homeCards(home).map(({ name, card }) => ({
    name,
    role: card.role,
    hospital:
      hospitals.find((it) => it.account === card.organisation)?.name ??
      card.organisation.slice(0, 8),
    account: card.account,
  }));
}

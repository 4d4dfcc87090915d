import { webWings } from '../wings/all.ts';
import type { Place } from './place.ts';

const keys: Place = { path: '/keys', word: 'keys', icon: 'key' };
const check: Place = { path: '/check', word: 'check', icon: 'verified' };

const patient: readonly Place[] = [
  { path: '/home', word: 'home', icon: 'home' },
  { path: '/record', word: 'record', icon: 'record', leadsTo: ['/item/', '/add'] },
  { path: '/sharing', word: 'sharing', icon: 'share', leadsTo: ['/share', '/code'] },
  { path: '/looked', word: 'looked', icon: 'look' },
  keys,
];
const clinician: readonly Place[] = [
  { path: '/patients', word: 'patients', icon: 'people', leadsTo: ['/chart/'] },
  { path: '/drafts', word: 'drafts', icon: 'drafts' },
  check,
  keys,
];
const operator: readonly Place[] = [
  { path: '/network', word: 'network', icon: 'network', leadsTo: ['/network/'] },
  { path: '/explorer', word: 'explorer', icon: 'box' },
  check,
  keys,
];
export const deskPlaces: readonly Place[] = [
  { path: '/desk', word: 'enrol', icon: 'desk' },
  { path: '/desk/people', word: 'people', icon: 'people' },
  check,
];

/** At most five places a role. */
export function placesOf(role: string | undefined): readonly Place[] {
  if (role === 'patient') return patient;
  if (role === 'operator') return operator;
  if (role === undefined) return [keys];
  const ofWing = webWings.flatMap(({ home }) => (home?.role === role ? [home] : []));
  if (ofWing.length > 0) return [...ofWing, check, keys];
  return clinician;
}

export const homeOf = (role: string | undefined): string => placesOf(role)[0]?.path ?? '/keys';

import sprite from './icons.svg?no-inline';

/** The signs of the app: strokes on a grid of 24, in one file that is fetched once. */
export const iconNames = [
  'people',
  'drafts',
  'verified',
  'key',
  'lock',
  'write',
  'attend',
  'check',
  'print',
  'file',
  'desk',
  'home',
  'record',
  'share',
  'look',
  'add',
  'code',
  'phone',
  'refused',
  'lab',
  'diagnosis',
  'sheet',
  'forward',
  'back',
  'save',
  'erase',
  'down',
  'passkey',
  'passphrase',
  'unknown',
  'network',
  'box',
  'search',
  'vital',
  'medication',
  'image',
  'card',
  'syringe',
  'info',
  'again',
  'offline',
  'arrowUp',
  'clock',
  'note',
  'gene',
  'close',
  'menu',
] as const;
export type IconName = (typeof iconNames)[number];

/** A sign beside words, never in place of them. `flip`: it points along the line, and turns with the direction of writing. */
export function Icon({ name, flip = false }: { readonly name: IconName; readonly flip?: boolean }) {
  return (
    <svg className={flip ? 'i flip' : 'i'} aria-hidden="true">
      <use href={`${sprite}#${name}`} />
    </svg>
  );
}

/**
 * Where the numbers of a chart stand, and which of them. The same drawing is 620 units wide on a desk and on a phone, where
 * its letters are nearly twice as large in it: what would stand on another number there is shown on a desk alone.
 */
export interface Label {
  readonly key: string;
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly isOut: boolean;
  /** For a phone there is no room. */
  readonly isDeskOnly: boolean;
}

/** A point that wants its number beside it. */
export interface Labelled {
  readonly key: string;
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly isOut: boolean;
  /** Of the lower of two lines: its number stands below. */
  readonly isLower: boolean;
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Of a number's letters, in units of the drawing; `value.css`. */
const letters = { phone: { size: 23, width: 13.5 }, desk: { size: 13, width: 7.8 } } as const;
type Size = keyof typeof letters;
const [above, below] = [-11, 26];
/** Of letters of 21 units, a little more than a digit is: months have wide ones. */
const dateLetter = 12.5;
const drawingWidth = 620;
/** The numbers of the axis end here. */
const axisEnd = 42;

/** The most important first: who comes later makes way. */
export function numberLabels(wanted: readonly Labelled[]): readonly Label[] {
  const placed: Label[] = [];
  for (const it of wanted) {
    const label = placeOf(it, placed, false) ?? placeOf(it, placed, true);
    if (label !== undefined) placed.push(label);
  }
  return placed;
}

function placeOf(
  { key, x, y, text, isOut, isLower }: Labelled,
  placed: readonly Label[],
  isDeskOnly: boolean,
): Label | undefined {
  const half = (text.length * letters.phone.width) / 2;
  for (const offset of isLower ? [below, above] : [above, below]) {
    const label = {
      ...{ key, text, isOut, isDeskOnly },
      ...{ x: Math.max(x, axisEnd + half), y: y + offset },
    };
    const sizes: readonly Size[] = isDeskOnly ? ['desk'] : ['desk', 'phone'];
    const isFree = sizes.every((size) =>
      placed
        .filter((other) => size === 'desk' || !other.isDeskOnly)
        .every((other) => !overlap(boxOf(label, size), boxOf(other, size))),
    );
    if (isFree) return label;
  }
  return undefined;
}

function boxOf({ x, y, text }: Label, size: Size): Box {
  const half = (text.length * letters[size].width) / 2 + 2;
  return { left: x - half, right: x + half, top: y - letters[size].size * 0.8, bottom: y + 2 };
}

const overlap = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/** Dates that have room beside each other and in the drawing: the first, and the last where both have. */
export function dateLabels<T extends { readonly x: number; readonly text: string }>(
  all: readonly T[],
): readonly T[] {
  const [first, last] = [all[0], all.at(-1)];
  if (first === undefined || last === undefined || all.length === 1) return all;
  const hasRoom = (a: T, b: T): boolean =>
    b.x - a.x > ((a.text.length + b.text.length) / 2 + 1) * dateLetter;
  const shown: T[] = [first];
  for (const it of all.slice(1, -1)) {
    if (hasRoom(shown.at(-1) as T, it) && hasRoom(it, last)) shown.push(it);
  }
  return (hasRoom(first, last) ? [...shown, last] : [first]).map((it) => {
    const half = (it.text.length * dateLetter) / 2;
    return { ...it, x: Math.min(Math.max(it.x, half), drawingWidth - half) };
  });
}

/** No number is ever broken; what is longer than one may be. */
export const valueClass = (text: string): string => (text.length > 14 ? 'v long' : 'v');
export const longClass = (text: string): string => (text.length > 24 ? 'long' : '');

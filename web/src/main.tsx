import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import { startWords } from './app/language.ts';
import { afterPaint } from './boundary/after-paint.ts';
import { keptApp } from './boundary/new-version.ts';

const place = document.querySelector('#app');
if (place === null) throw new Error('no place for the app');
await startWords();
createRoot(place).render(<App />);
// All files of the app are kept then: they wait until the first picture had the line to itself.
afterPaint(() => void keptApp.keep(), 5_000);

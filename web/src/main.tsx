import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import { startWords } from './app/language.ts';
import { keptApp } from './boundary/new-version.ts';

const place = document.querySelector('#app');
if (place === null) throw new Error('no place for the app');
await startWords();
createRoot(place).render(<App />);
await keptApp.keep();

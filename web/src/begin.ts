import './styles/all.css';
import '@fontsource-variable/atkinson-hyperlegible-next/wght.css';
import '@fontsource/ibm-plex-sans-arabic/400.css';
import '@fontsource/ibm-plex-sans-arabic/600.css';
import { loadWords, preferred } from './app/preferred.ts';

// The words come beside the app, not after it. What does not come now is asked for again where it is needed.
loadWords[preferred()]().catch(() => undefined);
void import('./main.tsx');

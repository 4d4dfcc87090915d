import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { keeperName, listedFiles } from './listed-files.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/**
 * The app as files that a strict policy can serve: nothing inline, nothing from elsewhere, names with hashes. The SDK is
 * taken by the name that it is published under, from its sources; `browser` picks its side of `#platform`.
 */
export default defineConfig({
  root: here('.'),
  plugins: [react(), listedFiles(here('dist'))],
  resolve: {
    alias: { '@salus/salus/sdk/browser': here('../src/sdk/browser/index.ts') },
    conditions: ['browser', 'module', 'import', 'default'],
  },
  worker: { format: 'es' },
  build: {
    outDir: here('dist'),
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1_500,
    manifest: 'manifest.json',
    rolldownOptions: {
      checks: { pluginTimings: false },
      input: { index: here('index.html'), keeper: here('src/service-worker.ts') },
      output: {
        // Its name is its address for good: who has an old one asks for the new one there.
        entryFileNames: ({ name }) => (name === 'keeper' ? keeperName : 'assets/[name]-[hash].js'),
      },
    },
  },
});

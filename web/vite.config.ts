import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/**
 * The app as files that a strict policy can serve: nothing inline, nothing from elsewhere, names with hashes. The SDK is
 * taken by the name that it is published under, from its sources; `browser` picks its side of `#platform`.
 */
export default defineConfig({
  root: here('.'),
  plugins: [react()],
  resolve: {
    alias: { '@salus/salus/sdk/browser': here('../src/sdk/browser/index.ts') },
    conditions: ['browser', 'module', 'import', 'default'],
  },
  worker: {
    format: 'es',
    rolldownOptions: {
      // What every start needs is one file; each part that comes later would cut it into many otherwise.
      output: { codeSplitting: { groups: [{ name: 'start', tags: ['$initial'] }] } },
      checks: { ineffectiveDynamicImport: false, pluginTimings: false },
    },
  },
  build: {
    outDir: here('dist'),
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1_500,
    manifest: 'manifest.json',
    rolldownOptions: { checks: { pluginTimings: false } },
  },
});

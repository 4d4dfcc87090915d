import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { keeperName, listedFiles } from './listed-files.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const beginModules =
  /[\\/]web[\\/]src[\\/](?:begin|app[\\/]preferred)\.|vite[\\/]preload-helper|rolldown[\\/]runtime/u;
const baseModules =
  /[\\/]node_modules[\\/](?:react|react-dom|scheduler|react-router|react-i18next|i18next|@tanstack[\\/](?:react-query|query-core)|use-sync-external-store|html-parse-stringify|void-elements)[\\/]/u;
const appModules =
  /[\\/]web[\\/]src[\\/](?:main|app[\\/](?!preferred)|boundary[\\/](?!passkey)|pages[\\/]\w+[\\/]routes|pages[\\/]start[\\/]locked|wings[\\/](?:all|\w+[\\/]index)|parts[\\/](?:answer|failure|icon|mark|person-sign)\.)/u;

/** The page has the app fetched while its first lines run: they know the language, and ask for its words. */
const appBesideWords: Plugin = {
  name: 'app-beside-words',
  transformIndexHtml: {
    order: 'post',
    handler(_html, { bundle = {} }) {
      const chunks = Object.values(bundle).filter((it) => it.type === 'chunk');
      const app = new Set<string>();
      const fetch = (chunk: (typeof chunks)[number] | undefined): void => {
        if (chunk === undefined || chunk.isEntry || app.has(chunk.fileName)) return;
        app.add(chunk.fileName);
        for (const name of chunk.imports) fetch(chunks.find((it) => it.fileName === name));
      };
      fetch(chunks.find((it) => it.facadeModuleId?.endsWith('/src/main.tsx')));
      return [...app].map((fileName) => ({
        tag: 'link',
        attrs: { rel: 'modulepreload', crossorigin: true, href: `/${fileName}` },
        injectTo: 'head' as const,
      }));
    },
  },
};

/**
 * The app as files that a strict policy can serve: nothing inline, nothing from elsewhere, names with hashes. The SDK is
 * taken by the name that it is published under, from its sources; `browser` picks its side of `#platform`.
 */
export default defineConfig({
  root: here('.'),
  plugins: [react(), appBesideWords, listedFiles(here('dist'))],
  resolve: {
    alias: [
      { find: '@salus/salus/sdk/browser', replacement: here('../src/sdk/browser/index.ts') },
      {
        find: /^@salus\/salus\/sdk\/([a-z]+)$/u,
        replacement: here('../src/wings/$1/sdk/index.ts'),
      },
    ],
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
    rolldownOptions: {
      checks: { pluginTimings: false },
      input: { index: here('index.html'), keeper: here('src/service-worker.ts') },
      output: {
        // Its name is its address for good: who has an old one asks for the new one there.
        entryFileNames: ({ name }) => (name === 'keeper' ? keeperName : 'assets/[name]-[hash].js'),
        codeSplitting: {
          // What begins, alone, and what every page needs, as two files: over a slow line each request is a wait.
          groups: [
            { name: 'begin', test: beginModules, priority: 3 },
            { name: 'base', test: baseModules, priority: 2 },
            { name: 'app', test: appModules, priority: 1 },
          ],
        },
      },
    },
  },
});

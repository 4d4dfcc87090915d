import { test } from 'node:test';
import { pagesAreAnchored } from './anchored-pages.ts';

test('three processes take a sensor’s pages in and anchor them on the ledger', (t) =>
  pagesAreAnchored(t));

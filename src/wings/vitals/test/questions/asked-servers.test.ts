import { test } from 'node:test';
import { answersAreMeasured } from '../settings/asked-servers.ts';

test('pages that three servers proved and sealed are asked about: the answer is what the device measured', (t) =>
  answersAreMeasured(t));

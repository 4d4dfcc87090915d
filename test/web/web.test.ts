import { after, before } from 'node:test';
import { type App, startApp } from './app.ts';
import { checkCases } from './cases/check.ts';
import { clinicianCases } from './cases/clinician.ts';
import { deskCases } from './cases/desk.ts';
import { homeCases } from './cases/home.ts';
import { hostileCases } from './cases/hostile.ts';
import { keptAppCases } from './cases/kept-app.ts';
import { keyboardCases } from './cases/keyboard.ts';
import { keysCases } from './cases/keys.ts';
import { lookedCases } from './cases/looked.ts';
import { lostAnswersCases } from './cases/lost-answers.ts';
import { movingCases } from './cases/moving.ts';
import { offlineCases } from './cases/offline.ts';
import { operatorCases } from './cases/operator.ts';
import { profileCases } from './cases/profile.ts';
import { recordCases } from './cases/record.ts';
import { roughCases } from './cases/rough.ts';
import { sharingCases } from './cases/sharing.ts';

/** The web app in a real browser, one demo for all: a file in `cases` for each part of it. */
let app: App;
before(async () => {
  app = await startApp();
});
after(() => app.close());

const theApp = (): App => app;
homeCases(theApp);
keysCases(theApp);
movingCases(theApp);
lookedCases(theApp);
recordCases(theApp);
clinicianCases(theApp);
sharingCases(theApp);
deskCases(theApp);
operatorCases(theApp);
checkCases(theApp);
keyboardCases(theApp);
hostileCases(theApp);
keptAppCases(theApp);
offlineCases(theApp);
roughCases(theApp);
lostAnswersCases(theApp);
profileCases(theApp);

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/**
 * A Firefox as its makers ship it, driven by WebDriver BiDi: the few commands that a story needs, over a WebSocket.
 * Playwright speaks it too, and asks of a Firefox what the long-term release does not have yet.
 */
export class Firefox {
  readonly #process: ChildProcess;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Reply) => void>();
  /** Errors of the pages, and addresses that are not the demo's. */
  readonly troubles: string[] = [];
  #context = '';
  #last = 0;

  private constructor(process: ChildProcess, socket: WebSocket, origin: string) {
    this.#process = process;
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#hear(JSON.parse(String(data)), origin));
  }

  /** `programs`: where `firefox-esr` lies; its profile comes into `folder`. `origin`: what pages may ask. `more`: preferences beside its own. */
  static async start(
    programs: string,
    folder: string,
    origin: string,
    more: Readonly<Record<string, boolean | number | string>> = {},
  ): Promise<Firefox> {
    const profile = join(folder, 'profile');
    mkdirSync(profile);
    writeFileSync(join(profile, 'user.js'), written([...preferences, ...Object.entries(more)]));
    const args = [
      '--headless',
      '--no-remote',
      '--profile',
      profile,
      '--remote-debugging-port',
      '0',
    ];
    const firefox = spawn(join(programs, 'firefox-esr'), args, {
      env: { ...process.env, HOME: folder, ...libraries(programs) },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const socket = new WebSocket(`${await addressOf(firefox)}/session`);
    await once(socket, 'open');
    const made = new Firefox(firefox, socket, origin);
    await made.#send('session.new', { capabilities: {} });
    const events = ['log.entryAdded', 'network.beforeRequestSent'];
    await made.#send('session.subscribe', { events });
    return made;
  }

  /** Somebody who was never here: nothing of those before is kept for them. */
  async visit(url: string): Promise<void> {
    const { userContext } = await this.#send('browser.createUserContext', {});
    const { context } = await this.#send('browsingContext.create', { type: 'tab', userContext });
    this.#context = String(context);
    const viewport = { width: 1280, height: 800 };
    await this.#send('browsingContext.setViewport', { context, viewport });
    await this.#send('browsingContext.navigate', { context, url, wait: 'complete' });
  }

  /** Touches the first that is seen, fits and has these words, once there is one: where it is, as a finger does. */
  async touch(selector: string, words: RegExp | string = ''): Promise<void> {
    await this.#until(`${selector} ${words} under a finger`, async () => {
      const element = await this.#find(selector, words);
      const move = { type: 'pointerMove', x: 0, y: 0, origin: { type: 'element', element } };
      const pointer = { type: 'pointer', id: 'finger' };
      // What a page draws anew meanwhile is no longer there to point at, so nothing was touched yet.
      if (!(await this.#tryAct({ ...pointer, actions: [move] }))) return undefined;
      const press = [
        { type: 'pointerDown', button: 0 },
        { type: 'pointerUp', button: 0 },
      ];
      await this.#act({ ...pointer, actions: press });
      return true;
    });
  }

  /** Types into what has the focus. */
  async write(text: string): Promise<void> {
    const keys = Array.from(text).flatMap((value) => [
      { type: 'keyDown', value },
      { type: 'keyUp', value },
    ]);
    await this.#act({ type: 'key', id: 'keyboard', actions: keys });
  }

  /** Its words, once it is there. */
  async says(selector: string, words: RegExp | string = ''): Promise<string> {
    await this.#find(selector, words);
    const found = await this.#call(
      `(...args) => (${finder})(...args).textContent`,
      selector,
      words,
    );
    return String(found.value);
  }

  /** The value of a field, once it fits. */
  async holds(selector: string, value: RegExp): Promise<void> {
    await this.#until(`${selector} with ${value}`, async () => {
      const found = await this.#call(`(it) => document.querySelector(it)?.value ?? ''`, selector);
      return value.test(String(found.value)) || undefined;
    });
  }

  /** What a function of the page answers, in its own words of JavaScript. */
  async runs(functionDeclaration: string): Promise<unknown> {
    return (await this.#call(functionDeclaration)).value;
  }

  /** Whether it goes, in the time that a page takes. */
  async goes(selector: string, words: RegExp | string): Promise<void> {
    await this.#until(`${selector} ${words} to go`, async () => {
      const found = await this.#call(finder, selector, words);
      return found.type === 'null' || undefined;
    });
  }

  async close(): Promise<void> {
    this.#socket.close();
    const ended = once(this.#process, 'exit');
    this.#process.kill();
    await ended;
  }

  async #find(selector: string, words: RegExp | string): Promise<{ readonly sharedId: string }> {
    return this.#until(`${selector} ${words}`, async () => {
      const found = await this.#call(finder, selector, words);
      return found.sharedId === undefined ? undefined : { sharedId: found.sharedId };
    });
  }

  async #until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    for (let asked = 0; asked < 600; asked++) {
      const found = await look();
      if (found !== undefined) return found;
      await wait(100);
    }
    const said = await this.#call('() => document.body.innerText');
    return assert.fail(`no ${what} on the page:\n${said.value}\n${this.troubles.join('\n')}`);
  }

  async #call(functionDeclaration: string, ...args: readonly (RegExp | string)[]): Promise<Remote> {
    const { result } = await this.#send('script.callFunction', {
      functionDeclaration,
      ...{ awaitPromise: true, target: { context: this.#context } },
      arguments: args.map((it) =>
        it instanceof RegExp
          ? { type: 'regexp', value: { pattern: it.source, flags: it.flags } }
          : { type: 'string', value: it },
      ),
    });
    return result as Remote;
  }

  /** False: the element is not displayed any more. */
  async #tryAct(source: object): Promise<boolean> {
    try {
      await this.#act(source);
      return true;
    } catch (error) {
      if (String(error).includes('move target out of bounds')) return false;
      throw error;
    }
  }

  async #act(source: object): Promise<void> {
    const context = this.#context;
    await this.#send('input.performActions', { context, actions: [source] });
  }

  async #send(method: string, params: object): Promise<Readonly<Record<string, unknown>>> {
    this.#last += 1;
    const id = this.#last;
    const answered = new Promise<Reply>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method, params }));
    const answer = await answered;
    if (answer.type === 'error') throw new Error(`${method}: ${answer.error} ${answer.message}`);
    return answer.result;
  }

  #hear(message: Answer, origin: string): void {
    if (message.type !== 'event') {
      this.#waiting.get(message.id)?.(message);
      this.#waiting.delete(message.id);
      return;
    }
    const { method, params } = message;
    if (method === 'log.entryAdded' && params.level === 'error') this.troubles.push(params.text);
    const url = params.request?.url ?? origin;
    if (!url.startsWith(origin) && !/^(blob|data|about):/u.test(url)) {
      this.troubles.push(`asked ${url}`);
    }
  }
}

interface Remote {
  readonly type: string;
  readonly value?: unknown;
  readonly sharedId?: string;
}

type Reply =
  | { readonly type: 'success'; readonly id: number; readonly result: Record<string, unknown> }
  | {
      readonly type: 'error';
      readonly id: number;
      readonly error: string;
      readonly message: string;
    };

type Answer =
  | Reply
  | {
      readonly type: 'event';
      readonly method: string;
      readonly params: {
        readonly level?: string;
        readonly text: string;
        readonly request?: { readonly url: string };
      };
    };

// What a person finds: seen, and by its words or its label. It comes into view, as a person scrolls to it.
const finder = `(selector, words) => {
  const found = [...document.querySelectorAll(selector)].find((it) => {
    const said = (it.getAttribute('aria-label') ?? it.textContent).replace(/\\s+/g, ' ').trim();
    return it.checkVisibility() && !it.disabled
      && (typeof words === 'string' ? said.includes(words) : words.test(said));
  });
  found?.scrollIntoView({ block: 'center', behavior: 'instant' });
  return found ?? null;
}`;

/** Nothing that a new Firefox asks of its makers, and the language of the tests. */
const preferences = [
  ['app.update.enabled', false],
  ['browser.shell.checkDefaultBrowser', false],
  ['datareporting.policy.dataSubmissionEnabled', false],
  ['intl.accept_languages', 'en-GB'],
  ['network.captive-portal-service.enabled', false],
  ['network.connectivity-service.enabled', false],
  ['services.settings.server', 'data:,'],
] as const;

const written = (of: readonly (readonly [string, boolean | number | string])[]): string =>
  of
    .map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`)
    .join('');

/** Of a package that was unpacked, and not installed, the libraries lie beside it. */
function libraries(programs: string): Readonly<Record<string, string>> {
  const beside = globSync('../lib/*-linux-gnu', { cwd: programs }).map((it) =>
    resolve(programs, it),
  );
  if (dirname(programs) === '/usr' || beside.length === 0) return {};
  const path = [...beside, resolve(programs, '../lib/firefox-esr')];
  return { LD_LIBRARY_PATH: path.join(':') };
}

async function addressOf(firefox: ChildProcess): Promise<string> {
  let said = '';
  const { stderr } = firefox;
  assert.ok(stderr !== null);
  for await (const chunk of stderr) {
    said += String(chunk);
    const [, address] = /WebDriver BiDi listening on (ws:\S+)/u.exec(said) ?? [];
    if (address !== undefined) {
      // Nobody reads on, and a pipe that is full would hold it.
      stderr.resume();
      return address;
    }
  }
  return assert.fail(`Firefox ended: ${said}`);
}

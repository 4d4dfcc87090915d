import { type ChildProcess, spawn } from 'node:child_process';

/** A program that a test starts and reads, until it is stopped. */
export class ChildProgram {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  /** All that it wrote, to both of its outputs. */
  text = '';
  #onText: () => void = () => undefined;

  private constructor(child: ChildProcess) {
    this.#child = child;
    for (const output of [child.stdout, child.stderr]) {
      output?.setEncoding('utf8').on('data', (text: string) => {
        this.text += text;
        this.#onText();
      });
    }
    this.#exited = new Promise((resolve) => {
      child.once('close', () => resolve());
      child.once('error', (error) => {
        this.text += error.message;
        resolve();
      });
    });
  }

  static start(program: string, args: readonly string[]): ChildProgram {
    return new ChildProgram(spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] }));
  }

  /** Waits until it has said this; undefined: it ended before. */
  async said(what: RegExp): Promise<RegExpExecArray | undefined> {
    const found = new Promise<RegExpExecArray>((resolve) => {
      const look = () => {
        const match = what.exec(this.text);
        if (match !== null) resolve(match);
      };
      this.#onText = look;
      look();
    });
    return Promise.race([found, this.#exited.then(() => undefined)]);
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }
}

import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';

/** What has the focus, whether a person sees that, and whether anything lies over it. */
interface Focus {
  readonly what: string;
  readonly isNowhere: boolean;
  readonly isShown: boolean;
  readonly isCovered: boolean;
}

// Of a radio or a file the label is what is seen.
const lookAtFocus = `(() => {
  const it = document.activeElement;
  if (it === null || it === document.body) return { what: 'body', isNowhere: true };
  const seen = [it, it.closest('label')].filter((one) => one !== null);
  const ringed = seen.find((one) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(one);
    return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
  });
  const box = (ringed ?? it).getBoundingClientRect();
  const over = document.elementFromPoint(box.x + box.width / 2, box.y + Math.min(box.height / 2, 20));
  return {
    what: it.tagName + ' ' + (it.getAttribute('aria-label') ?? it.textContent).trim().slice(0, 60),
    isNowhere: false,
    isShown: ringed !== undefined,
    isCovered: over === null || !(seen.some((one) => one.contains(over)) || over.contains(it)),
  };
})()`;

/** A person with a keyboard alone: each key, and that the focus is seen after it. */
export class Keyboard {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** Goes on with a key until this has the focus; on the way nothing else loses it or hides it. */
  async to(target: Locator, key = 'Tab'): Promise<void> {
    await target.waitFor();
    for (let pressed = 0; pressed < 120; pressed++) {
      await this.#page.keyboard.press(key);
      const focus = await this.#look();
      assert.ok(!focus.isNowhere, `the focus is lost before ${target}`);
      assert.ok(focus.isShown, `${focus.what} does not show that it has the focus`);
      assert.ok(!focus.isCovered, `something lies over ${focus.what}`);
      if (await this.#isAt(target)) return;
    }
    assert.fail(`no key leads to ${target}`);
  }

  async press(key: string): Promise<void> {
    await this.#page.keyboard.press(key);
  }

  async write(text: string): Promise<void> {
    await this.#page.keyboard.type(text);
  }

  /** Waits until this has the focus: where a key or an answer has put it. */
  async isAt(target: Locator): Promise<void> {
    await target.waitFor();
    for (let asked = 0; asked < 100; asked++) {
      if (await this.#isAt(target)) return;
      await this.#page.waitForTimeout(50);
    }
    assert.fail(`${(await this.#look()).what} has the focus, not ${target}`);
  }

  async #isAt(target: Locator): Promise<boolean> {
    return (await target.count()) > 0 && (await target.first().evaluate(isActive));
  }

  async #look(): Promise<Focus> {
    return (await this.#page.evaluate(lookAtFocus)) as Focus;
  }
}

const isActive = (it: { readonly ownerDocument: { readonly activeElement: unknown } }): boolean =>
  it.ownerDocument.activeElement === it;

// Owns every selector of the page contract and the actions a person makes with it.
// Must not assert what a journey is about: it acts, waits and answers.

import { DEADLINE_MS } from "./wait.mjs";

/** The plain prompt of the test's shells, alone on the last written line. */
export const PROMPT = /(^|\n)\$ *\n*$/;

/** @typedef {{name: string, selected: boolean}} Tab */

export class BowlinePage {
  /** Uncaught errors, panics and CSP refusals: no journey expects any. @type {string[]} */
  errors = [];

  constructor(/** @type {import("playwright-core").Page} */ page) {
    this.page = page;
    page.setDefaultTimeout(DEADLINE_MS);
    page.on("pageerror", (error) => this.errors.push(error.stack || String(error)));
    page.on("console", (message) => {
      const text = message.text();
      if (/Content Security Policy|panicked at|hydrat/i.test(text) && message.type() !== "info") {
        this.errors.push(`${message.type()}: ${text}`);
      }
    });
    page.on("dialog", (dialog) => void dialog.accept());
  }

  // Opening

  /** Opens and waits for a usable shell. */
  async open(/** @type {string} */ url) {
    await this.page.goto(url);
    await this.ready();
  }

  async reload() {
    await this.page.reload();
    await this.ready();
  }

  /** Connected, the pane in front shows a live terminal, or what else is expected there, and what comes later has come. */
  async ready(pane = "live") {
    await this.waitForLink("websocket", "poll");
    await this.waitForPane(pane);
    await this.page.locator("html[data-complete]").waitFor({ state: "attached" });
  }

  // The link

  async link() {
    return this.page.evaluate(() => document.documentElement.dataset.link ?? "");
  }

  async waitForLink(/** @type {string[]} */ ...states) {
    return this.#wait(
      `data-link = ${states.join(" or ")}`,
      (wanted) => wanted.includes(document.documentElement.dataset.link ?? ""),
      states,
      { timeout: 60_000 },
    );
  }

  /** Every value data-link had since the page was loaded, in order. @returns {Promise<string[]>} */
  async linkHistory() {
    return this.page.evaluate(() => /** @type {any} */ (window).journeyLinks);
  }

  // Panes

  /** The pane in use. */
  get pane() {
    return this.page.locator(".pane.chosen").filter({ visible: true }).first();
  }

  /** All panes on screen. */
  get panes() {
    return this.page.locator(".pane").filter({ visible: true });
  }

  /** The pane of a session. */
  paneOf(/** @type {string} */ session) {
    return this.page.locator(`.pane[data-session="${session}"]`);
  }

  async waitForPane(/** @type {string} */ state) {
    await this.page.locator(`.pane.chosen[data-state="${state}"]`).filter({ visible: true }).first().waitFor();
  }

  /** So many panes on screen, all of them live. */
  async waitForPanes(/** @type {number} */ count) {
    await this.#wait(
      `${count} live panes`,
      (count) => {
        const panes = [...document.querySelectorAll(".pane")].filter((pane) => pane.checkVisibility());
        return panes.length === count && panes.every((pane) => pane.getAttribute("data-state") === "live");
      },
      count,
    );
  }

  /** Where the panes on screen are, by session, in whole pixels from the panel's corner. */
  async places() {
    return this.page.evaluate(() => {
      const panel = document.querySelector(".panel")?.getBoundingClientRect();
      const panes = [...document.querySelectorAll(".pane")].filter((pane) => pane.checkVisibility());
      return Object.fromEntries(
        panes.map((pane) => {
          const { x, y, width, height } = pane.getBoundingClientRect();
          const place = { x: x - (panel?.x ?? 0), y: y - (panel?.y ?? 0), width, height };
          const whole = Object.entries(place).map(([side, length]) => [side, Math.round(length)]);
          return [pane.getAttribute("data-session") ?? "", Object.fromEntries(whole)];
        }),
      );
    });
  }

  /** Waits until the pane of a session is the one in use, with the keyboard in it. */
  async waitForUse(/** @type {string} */ session) {
    await this.#wait(
      `the keyboard in ${session}`,
      (session) => {
        const pane = document.querySelector(".pane.chosen");
        return pane?.getAttribute("data-session") === session && pane.contains(document.activeElement);
      },
      session,
    );
  }

  /** Splits the pane in use by its key and waits for the new shell. @returns {Promise<string>} its session */
  async split(/** @type {"right" | "down"} */ side) {
    const before = await this.session();
    const count = await this.panes.count();
    await this.press(side === "right" ? "Alt+Shift+D" : "Alt+Shift+E");
    await this.waitForPanes(count + 1);
    await this.#wait(
      "another session in use",
      (before) => {
        const session = document.querySelector(".pane.chosen")?.getAttribute("data-session");
        return session && session !== before;
      },
      before,
    );
    await this.waitForText(PROMPT);
    const session = await this.session();
    await this.waitForUse(session);
    return session;
  }

  async session() {
    return (await this.pane.getAttribute("data-session")) ?? "";
  }

  async focus() {
    await this.pane.locator(".xterm-helper-textarea").focus();
  }

  /** The front terminal's whole buffer, or that of a session. */
  async text(/** @type {string | undefined} */ session = undefined) {
    return this.page.evaluate(
      (id) => /** @type {string} */ (/** @type {any} */ (window).bowline?.text(id ?? undefined) ?? ""),
      session,
    );
  }

  async size() {
    return this.page.evaluate(() => /** @type {{cols: number, rows: number}} */ (/** @type {any} */ (window).bowline.size()));
  }

  async waitForSizeOtherThan(/** @type {{cols: number, rows: number}} */ old) {
    await this.#wait(
      `a size other than ${old.cols}×${old.rows}`,
      ({ cols, rows }) => {
        const size = /** @type {any} */ (window).bowline.size();
        return size.cols !== cols || size.rows !== rows;
      },
      old,
    );
    return this.size();
  }

  /**
   * @param {RegExp | string} pattern a string is looked for as it is
   * @param {{timeout?: number, session?: string}} [options]
   */
  async waitForText(pattern, { timeout = DEADLINE_MS, session } = {}) {
    const source = typeof pattern === "string" ? pattern.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&") : pattern.source;
    await this.#wait(
      `text ${pattern}`,
      ({ source, flags, session }) =>
        new RegExp(source, flags).test(/** @type {any} */ (window).bowline?.text(session) ?? ""),
      { source, flags: typeof pattern === "string" ? "" : pattern.flags, session },
      { timeout },
    );
  }

  async type(/** @type {string} */ text) {
    await this.page.keyboard.type(text);
  }

  async press(/** @type {string[]} */ ...keys) {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  /** Waits for the prompt, types a command and Enter; with a pattern, waits for its output. */
  async run(/** @type {string} */ command, /** @type {RegExp | string | undefined} */ pattern = undefined) {
    await this.waitForText(PROMPT);
    await this.focus();
    await this.type(command);
    await this.press("Enter");
    if (pattern !== undefined) await this.waitForText(pattern);
  }

  /** Pastes into the terminal, as the browser does after Ctrl+V. */
  async paste(/** @type {string} */ text) {
    await this.pane.locator(".xterm-helper-textarea").evaluate((textarea, text) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text/plain", text);
      textarea.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    }, text);
  }

  /**
   * Milliseconds from each key going down to its echo being in the terminal's buffer.
   *
   * @param {string} keys letters, typed one after the other, each after the echo before; a space at the end of a line
   *   would not be seen in the text
   * @returns {Promise<number[]>}
   */
  async echoTimes(keys) {
    const times = [];
    for (const key of keys) {
      // The watch is there before the key: keys and questions to the page go separate ways.
      await this.page.evaluate((deadline) => {
        const bowline = /** @type {any} */ (window).bowline;
        const before = bowline.text();
        const end = performance.now() + deadline;
        let pressed = 0;
        window.addEventListener("keydown", () => (pressed = performance.now()), { capture: true, once: true });
        const journeyEcho = new Promise((resolve, reject) => {
          const look = () => {
            if (pressed > 0 && bowline.text() !== before) resolve(performance.now() - pressed);
            else if (performance.now() > end) reject(new Error("no echo within the deadline"));
            else setTimeout(look, 1);
          };
          look();
        });
        Object.assign(window, { journeyEcho });
      }, DEADLINE_MS);
      await this.page.keyboard.press(key);
      times.push(await this.page.evaluate(() => /** @type {number} */ (/** @type {any} */ (window).journeyEcho)));
    }
    return times;
  }

  // Tabs

  get tabElements() {
    return this.page.getByRole("tablist").first().getByRole("tab");
  }

  /** @returns {Promise<Tab[]>} */
  async tabs() {
    return this.tabElements.evaluateAll((tabs) =>
      tabs.map((tab) => ({
        name: (tab.querySelector(".tab-name")?.textContent ?? tab.getAttribute("aria-label") ?? tab.textContent ?? "").trim(),
        selected: tab.getAttribute("aria-selected") === "true",
      })),
    );
  }

  /** All that a tab says to assistive technology: its name and the state of its session. */
  async tabWords(/** @type {number} */ index) {
    return (await this.tabElements.nth(index).getAttribute("aria-label")) ?? "";
  }

  async waitForTabWords(/** @type {number} */ index, /** @type {RegExp | string} */ words) {
    const source = typeof words === "string" ? `^${words.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}$` : words.source;
    await this.#wait(
      `tab ${index} to say ${words}`,
      ({ index, source }) => {
        const tab = document.querySelectorAll("[role=tablist] [role=tab]")[index];
        return new RegExp(source).test(tab?.getAttribute("aria-label") ?? "");
      },
      { index, source },
    );
  }

  async waitForTabs(/** @type {number} */ count) {
    await this.#wait(
      `${count} tabs`,
      (count) => document.querySelectorAll("[role=tablist] [role=tab]").length === count,
      count,
    );
  }

  /** Adds a tab by its button and waits for its shell. */
  async newTab() {
    const before = await this.tabElements.count();
    await this.page.getByRole("button", { name: "New tab" }).first().click();
    await this.waitForTabs(before + 1);
    await this.waitForPane("live");
    await this.waitForText(PROMPT);
  }

  /** @param {number} index from 0 */
  async selectTab(index) {
    await this.tabElements.nth(index).click();
    await this.#wait(
      `tab ${index} selected`,
      (index) => document.querySelectorAll("[role=tablist] [role=tab]")[index]?.getAttribute("aria-selected") === "true",
      index,
    );
    await this.waitForPane("live");
  }

  async renameTab(/** @type {number} */ index, /** @type {string} */ name) {
    await this.selectTab(index);
    await this.tabElements.nth(index).focus();
    await this.press("F2");
    const field = this.page.locator("[role=tablist] input, .tab input").filter({ visible: true }).first();
    await field.waitFor();
    await field.fill(name);
    await field.press("Enter");
    await this.#wait(
      `a tab named ${name}`,
      (name) => document.querySelector("[role=tablist]")?.textContent?.includes(name),
      name,
    );
  }

  /** Closes the tab in front by its button: its session is detached, not ended. */
  async closeTab(/** @type {number} */ index) {
    const before = await this.tabElements.count();
    await this.tabElements.nth(index).hover();
    await this.page.locator(".tab").nth(index).locator(".tab-close").click();
    await this.waitForTabs(before - 1);
  }

  // The picker

  async openPicker() {
    await this.press("Alt+Shift+S");
    const dialog = this.page.getByRole("dialog", { name: "Sessions" });
    await dialog.waitFor();
    return new Picker(dialog);
  }

  // Exited panes

  get restartButton() {
    return this.pane.getByRole("button", { name: "Restart" });
  }

  // Waiting

  /**
   * @template T
   * @param {string} what
   * @param {(argument: T) => unknown} probe runs in the page
   * @param {T} argument
   * @param {{timeout?: number}} [options]
   */
  async #wait(what, probe, argument, { timeout = DEADLINE_MS } = {}) {
    try {
      // Not by animation frame: a page that is not in front has none.
      await this.page.waitForFunction(/** @type {any} */ (probe), argument, { timeout, polling: 50 });
    } catch (error) {
      throw new Error(`not seen within ${timeout} ms: ${what}\n${await this.report()}`, { cause: error });
    }
  }

  /** What a reader of a failed test wants to see first. */
  async report() {
    try {
      const [link, tabs, text] = [await this.link(), await this.tabs(), await this.text()];
      const states = await this.page.locator(".pane").evaluateAll((panes) =>
        panes.map((pane) => pane.getAttribute("data-state")),
      );
      return [
        `link ${link}; tabs ${tabs.map(({ name, selected }) => (selected ? `[${name}]` : name)).join(", ")}; panes ${states}`,
        "the terminal ends with:",
        ...text.trimEnd().split("\n").slice(-15),
      ].join("\n");
    } catch (error) {
      return `(the page answers nothing: ${error})`;
    }
  }
}

/** The open session picker. */
export class Picker {
  constructor(/** @type {import("playwright-core").Locator} */ dialog) {
    this.dialog = dialog;
  }

  /** The row that shows `text`; the narrowest element that also holds its buttons. */
  row(/** @type {string} */ text) {
    return this.dialog
      .locator(":is(li, tr, [role=row], [role=option], [role=listitem])")
      .filter({ hasText: text })
      .first();
  }

  async attach(/** @type {string} */ text) {
    await this.row(text).getByRole("button", { name: /^Attach/ }).click();
    await this.dialog.waitFor({ state: "hidden" });
  }

  /** Kills, and says so again when the page asks. */
  async kill(/** @type {string} */ text) {
    await this.askToKill(text);
    await this.question(text).getByRole("button", { name: "Kill" }).click();
  }

  /** Says for the first time that a session shall be killed. */
  async askToKill(/** @type {string} */ text) {
    await this.row(text).getByRole("button", { name: "Kill" }).click();
    await this.question(text).waitFor();
  }

  /** Whether it really shall. */
  question(/** @type {string} */ text) {
    return this.row(text).getByRole("group", { name: /^Kill/ });
  }

  async close() {
    await this.dialog.page().keyboard.press("Escape");
    await this.dialog.waitFor({ state: "hidden" });
  }
}

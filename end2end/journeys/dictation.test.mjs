// Owns the journeys of dictation. No browser hears anything here: a scripted SpeechRecognition stands in for the real
// one, so these prove what the page does with it and nothing about recognition.

import assert from "node:assert/strict";

import { journey } from "../support/journey.mjs";
import { PROMPT } from "../support/page.mjs";

/** @typedef {import("../support/page.mjs").BowlinePage} View */

/** Puts the double in place: `window.journeySpeech` is the last one made, and says what a test tells it to. */
function scriptedRecognition(/** @type {string} */ name) {
  class Recognition {
    lang = "";
    continuous = false;
    interimResults = false;
    /** @type {any} */ onstart;
    /** @type {any} */ onresult;
    /** @type {any} */ onerror;
    /** @type {any} */ onend;
    /** @type {any[]} */ #results = [];
    constructor() {
      const made = [...(/** @type {any} */ (window).journeySpeeches ?? []), this];
      Object.assign(window, { journeySpeech: this, journeySpeeches: made });
    }
    start() {
      queueMicrotask(() => this.onstart?.({}));
    }
    abort() {}
    say(/** @type {string} */ transcript, /** @type {boolean} */ isFinal) {
      const open = this.#results.at(-1)?.isFinal === false;
      if (open) this.#results.pop();
      this.#results.push(Object.assign([{ transcript, confidence: 1 }], { isFinal }));
      this.onresult?.({ resultIndex: this.#results.length - 1, results: this.#results });
    }
    fail(/** @type {string} */ error) {
      this.onerror?.({ error });
      this.onend?.({});
    }
    end() {
      this.onend?.({});
    }
  }
  Object.defineProperty(window, "SpeechRecognition", { value: undefined, configurable: true });
  Object.defineProperty(window, "webkitSpeechRecognition", { value: undefined, configurable: true });
  if (name) Object.defineProperty(window, name, { value: Recognition });
}

/** A page whose browser has the double under this name, or no recognition at all. */
async function pageWith(/** @type {import("../support/stage.mjs").Stage} */ stage, name = "webkitSpeechRecognition") {
  const server = await stage.server();
  const view = await stage.blankPage();
  await view.page.addInitScript(scriptedRecognition, name);
  await view.page.goto(`${server.url}#code=${server.code}`);
  await view.ready();
  await view.waitForText(PROMPT);
  await view.focus();
  return view;
}

async function open(/** @type {View} */ view) {
  await view.press("Alt+Shift+V");
  const panel = view.page.getByRole("dialog", { name: "Dictation" });
  await panel.getByText("Listening").waitFor();
  return panel;
}

const said = (/** @type {View} */ view, /** @type {string} */ words, final = true) =>
  view.page.evaluate(([words, final]) => /** @type {any} */ (window).journeySpeech.say(words, final), [words, final]);
const speeches = (/** @type {View} */ view) =>
  view.page.evaluate(() => /** @type {any} */ (window).journeySpeeches.length);

journey("what is heard is looked over, changed, and sent without a newline", async (stage) => {
  const view = await pageWith(stage);
  const panel = await open(view);
  const field = panel.getByRole("textbox", { name: "What was heard" });
  await said(view, "echo hel", false);
  await panel.getByText("echo hel", { exact: true }).waitFor();
  assert.equal(await field.inputValue(), "");
  await said(view, "echo hello");
  await said(view, " big");
  assert.equal(await field.inputValue(), "echo hello big");
  await view.type(" world");
  await view.press("Enter");
  await panel.waitFor({ state: "hidden" });
  await view.waitForText(/\$ echo hello big world$/m);
  // Not run yet: that takes the user's own Enter, and the keyboard is where it works.
  assert.doesNotMatch(await view.text(), /^hello big world/m);
  await view.press("Enter");
  await view.waitForText(/^hello big world\s*$/m);
});

journey("send and press Enter runs it; Escape sends nothing", async (stage) => {
  const view = await pageWith(stage, "SpeechRecognition");
  let panel = await open(view);
  await said(view, "echo never");
  await view.press("Escape");
  await panel.waitFor({ state: "hidden" });
  panel = await open(view);
  await said(view, "echo now-$((1+1))");
  await panel.getByRole("button", { name: "Send and press Enter" }).click();
  await view.waitForText(/^now-2\s*$/m);
  assert.doesNotMatch(await view.text(), /never/);
});

journey("several lines go as one paste to a program that knows pastes", async (stage) => {
  const view = await pageWith(stage);
  await view.run("bind 'set enable-bracketed-paste on'; clear");
  await view.waitForText(/^\$ *\n*$/);
  const panel = await open(view);
  await said(view, "echo one");
  await view.press("Shift+Enter");
  await said(view, "echo two");
  await view.press("Enter");
  await panel.waitFor({ state: "hidden" });
  await view.waitForText(/echo two/);
  assert.doesNotMatch(await view.text(), /^one\s*$/m, "nothing ran");
  await view.press("Enter");
  await view.waitForText(/^one\s*\ntwo\s*$/m);
});

journey("a recogniser that ends in between goes on; errors are said in words", async (stage) => {
  const view = await pageWith(stage);
  const panel = await open(view);
  await said(view, "first");
  await view.page.evaluate(() => /** @type {any} */ (window).journeySpeech.end());
  await view.page.waitForFunction(() => /** @type {any} */ (window).journeySpeeches.length === 2);
  await panel.getByText("Listening").waitFor();
  await said(view, "second");
  const field = panel.getByRole("textbox", { name: "What was heard" });
  assert.equal(await field.inputValue(), "first second");
  await view.page.evaluate(() => /** @type {any} */ (window).journeySpeech.fail("not-allowed"));
  await panel.getByRole("alert").getByText(/doesn’t allow this page to use the microphone/).waitFor();
  await panel.getByText("Paused").waitFor();
  assert.equal(await speeches(view), 2, "it doesn't try again by itself");
  await panel.getByRole("button", { name: "Resume" }).click();
  await panel.getByText("Listening").waitFor();
  await panel.getByRole("alert").waitFor({ state: "detached" });
  assert.equal(await field.inputValue(), "first second");
});

journey("the language is chosen once and kept on this device", async (stage) => {
  const view = await pageWith(stage);
  let panel = await open(view);
  const language = () => view.page.evaluate(() => /** @type {any} */ (window).journeySpeech.lang);
  assert.equal(await language(), "");
  await panel.getByRole("combobox", { name: "Language" }).selectOption("de-DE");
  await view.page.waitForFunction(() => /** @type {any} */ (window).journeySpeech.lang === "de-DE");
  await panel.getByRole("button", { name: "Cancel" }).click();
  await panel.waitFor({ state: "hidden" });
  panel = await open(view);
  assert.equal(await language(), "de-DE");
  assert.equal(await panel.getByRole("combobox", { name: "Language" }).inputValue(), "de-DE");
});

journey("a browser without recognition has no button, and says why the key does nothing", async (stage) => {
  const view = await pageWith(stage, "");
  assert.equal(await view.page.getByRole("button", { name: "Dictate" }).count(), 0);
  await view.press("Alt+Shift+V");
  await view.page.getByText(/has no speech recognition/).waitFor();
});

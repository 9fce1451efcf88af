// Owns the proof that the page's search finds what a person would: every match once, in wrapped lines and wide characters
// too. Must not need a browser.

import assert from "node:assert/strict";
import { test } from "node:test";

import headless from "@xterm/headless";

import { expression, find } from "../../public/search.mjs";

const COLS = 20;

/** What is found in a terminal of 20 columns that shows `text`: `row:col+cells`. */
async function found(/** @type {string} */ text, /** @type {Partial<Parameters<typeof expression>[0]>} */ query) {
  const terminal = new headless.Terminal({ cols: COLS, rows: 4, allowProposedApi: true });
  await new Promise((resolve) => terminal.write(text, () => resolve(undefined)));
  const wanted = expression({ text: "", regex: false, matchCase: false, word: false, ...query });
  assert.ok(wanted instanceof RegExp, `${wanted}`);
  const { matches, whole } = find(terminal.buffer.active, COLS, wanted);
  assert.ok(whole);
  return matches.map(({ row, col, cells }) => `${row}:${col}+${cells}`);
}

test("every match is found once", async () => {
  assert.deepEqual(await found("one two one\r\nOne", { text: "one" }), ["0:0+3", "0:8+3", "1:0+3"]);
  assert.deepEqual(await found("one two one\r\nOne", { text: "one", matchCase: true }), ["0:0+3", "0:8+3"]);
  assert.deepEqual(await found("a 123 45", { text: "\\d+", regex: true }), ["0:2+3", "0:6+2"]);
  assert.deepEqual(await found("a.c abc", { text: "a.c" }), ["0:0+3"]);
});

test("a whole word is found behind a part of a longer one", async () => {
  assert.deepEqual(await found("foobar foo barfoo", { text: "foo", word: true }), ["0:7+3"]);
  assert.deepEqual(await found("é éa", { text: "é", word: true }), ["0:0+1"]);
});

test("a match goes over the end of a wrapped line, with wide characters too", async () => {
  assert.deepEqual(await found(`${"x".repeat(18)}needle`, { text: "needle" }), ["0:18+6"]);
  assert.deepEqual(await found("日本 needle", { text: "needle" }), ["0:5+6"]);
  assert.deepEqual(await found("a日本b", { text: "日本" }), ["0:1+4"]);
  // The second one finds no room in the last cell.
  assert.deepEqual(await found(`${"x".repeat(17)}日本`, { text: "日本" }), ["0:17+5"]);
  // Two code units, and one cell by the table that this terminal begins with.
  assert.deepEqual(await found("🙂 end", { text: "end" }), ["0:2+3"]);
});

test("what has scrolled away is searched too", async () => {
  const lines = Array.from({ length: 50 }, (_, at) => `line ${at}`).join("\r\n");
  assert.deepEqual(await found(lines, { text: "line 7" }), ["7:0+6"]);
});

test("what is no expression is said, and what would be found everywhere", () => {
  const query = { regex: true, matchCase: false, word: false };
  assert.equal(expression({ ...query, text: "(" }), "invalid");
  assert.equal(expression({ ...query, text: "x*" }), "empty");
  // Only an older expression allows these.
  assert.ok(expression({ ...query, text: "\\-\\_" }) instanceof RegExp);
  assert.ok(expression({ ...query, regex: false, text: "a-b/c(d)" }) instanceof RegExp);
});

// Owns the proof that a page's terminal answers nothing: what the pinned xterm.js can answer at all is listed by asking
// it everything there is to ask; the page's terminal is asked the same, and nothing leaves the page.

import assert from "node:assert/strict";

import { everyQuery } from "../programs/every-query.mjs";
import { journey } from "../support/journey.mjs";
import { PROMPT } from "../support/page.mjs";
import { noteWhatIsSent, whatWasSent } from "../support/sent.mjs";

/** All that xterm.js 6.0 answers, with every window report allowed. `? h` is a report of focus as mode 1004 is set. */
const ANSWERED = [
  "C1 5n",
  "C1 6n",
  "C1 ?1$p",
  "C1 ?6n",
  "C1 >c",
  "C1 c",
  "CSI $ p",
  "CSI > c",
  "CSI ? $ p",
  "CSI ? h",
  "CSI ? n",
  "CSI c",
  "CSI n",
  "CSI t",
  "DCS $ q",
  "OSC 10",
  "OSC 11",
  "OSC 12",
  "OSC 4",
];

journey("whatever a program asks, the page sends nothing but what the user does", async (stage) => {
  const server = await stage.server();
  const view = await stage.blankPage();
  await noteWhatIsSent(view);
  await view.page.goto(`${server.url}#code=${server.code}`);
  await view.ready();
  await view.waitForText(PROMPT);

  /** @type {Map<string, string>} */
  const queries = new Map();
  for (const { kind, bytes } of everyQuery()) queries.set(kind, (queries.get(kind) ?? "") + bytes);
  const answered = await view.page.evaluate(async (queries) => {
    const { Terminal } = await import(/** @type {any} */ ("xterm"));
    const reports = ["getWinState", "getWinPosition", "getWinSizePixels", "getScreenSizePixels", "getCellSizePixels", "getWinSizeChars", "getScreenSizeChars", "getIconTitle", "getWinTitle"];
    const terminal = new Terminal({ windowOptions: Object.fromEntries(reports.map((report) => [report, true])) });
    const place = document.body.appendChild(document.createElement("div"));
    terminal.open(place);
    /** @type {Set<string>} */
    const kinds = new Set();
    let parsing = "";
    terminal.onData(() => kinds.add(parsing));
    await new Promise((resolve) => {
      for (const [kind, bytes] of queries) {
        terminal.write("", () => (parsing = kind));
        // From the first cell: at the last one, xterm.js 6.0 throws at `CSI 1 J`.
        terminal.write(`\x1b[H${bytes}`);
      }
      terminal.write("", () => resolve(undefined));
    });
    terminal.dispose();
    place.remove();
    return [...kinds].sort();
  }, [...queries]);
  assert.deepEqual(answered, ANSWERED.toSorted());

  const session = await view.session();
  const sent = () => whatWasSent(view);
  const before = await sent();
  await server.type(session, "node every-query.mjs\r");
  await view.waitForText(/^asked-everything\s*$/m, { timeout: 120_000 });
  // Mode 1004 is set: looking away and back.
  await view.pane.locator(".xterm-helper-textarea").evaluate((element) => element.blur());
  await view.focus();
  assert.equal(await sent(), before, "the page answered something");

  // What the user does still goes out, and of `CSI ? 1004 ; 2004 h` the other half holds.
  await view.paste("pasted \x1b] whole");
  await view.press("Control+d");
  await view.waitForText(PROMPT);
  const after = (await sent()).slice(before.length);
  assert.equal(after, "\x1b[200~pasted \x1b] whole\x1b[201~\x04");
});

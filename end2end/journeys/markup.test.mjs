// Owns the journey of text that wants to be markup: whatever a program, a file or somebody's name says is shown as it
// stands, and no element comes of it, neither in the page as it is built nor in what the server renders.

import assert from "node:assert/strict";

import { journey } from "../support/journey.mjs";
import { PROMPT } from "../support/page.mjs";
import { until } from "../support/wait.mjs";

/** Ends whatever it may stand in: an attribute, an element of text, a script, a comment. `at` tells the ways apart. */
const evil = (/** @type {string} */ at) => `'"></title></script>--><img src=x onerror=owned+="${at}"><b class=owned>${at}`;

/** The same for a folder and a file, which hold no slash. */
const evilName = (/** @type {string} */ at) => `'"--><img src=x onerror=owned+="${at}"><b class=owned>${at}`;

journey("titles, names, folders, files and notices are text, whatever they hold", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await view.waitForText(PROMPT);
  await view.page.evaluate(() => Object.assign(window, { owned: "" }));
  const nothing = async (/** @type {string} */ when) => {
    const made = await view.page.evaluate(() => ({
      ran: /** @type {any} */ (window).owned,
      elements: document.querySelectorAll(".owned, img[src=x], [onerror]").length,
    }));
    assert.deepEqual(made, { ran: "", elements: 0 }, when);
  };

  // A program's title, its folder and a notification of it.
  await view.focus();
  const folder = evilName("folder");
  await view.run(`mkdir -p ${quoted(folder)} && cd ${quoted(folder)} && echo in-$((1+1))`, /^in-2$/m);
  await view.type(`printf '\\e]2;%s\\a' ${quoted(evil("title"))}; sleep 1000\n`);
  await until("the title", async () => (await view.tabWords(0)).includes("owned>title"));
  await nothing("a title");
  await view.press("Control+c");
  await view.waitForText(/\^C/);

  await view.newTab();
  await view.selectTab(1);
  await view.waitForText(PROMPT);
  await view.focus();
  await view.type(`sleep 0.2; printf '\\e]777;notify;%s;%s\\a' ${quoted(evil("notice").replaceAll(";", ""))} text\n`);
  await view.selectTab(0);
  await until("the notice", async () => (await view.tabWords(1)).length > 0);
  await nothing("a notice");

  // Names that people give, to a tab and to a file.
  await view.renameTab(1, evil("tab").slice(0, 100));
  await nothing("a tab's name");
  await view.selectTab(0);
  await view.focus();
  await view.pane.locator(".xterm-screen").evaluate((screen, name) => {
    const data = new DataTransfer();
    data.items.add(new File(["text"], name, { type: "text/plain" }));
    for (const kind of ["dragenter", "dragover", "drop"]) {
      screen.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
    }
  }, evilName("file"));
  await view.page.getByText("Uploaded to").waitFor();
  await nothing("a file's name");

  const picker = await view.openPicker();
  await view.page.getByRole("dialog").getByText("owned>").first().waitFor();
  await nothing("the list of sessions");
  await view.press("Escape");
  await picker.close();

  // The page as the server renders it, with what it keeps of all that.
  const answer = await view.page.request.get(view.page.url());
  const html = await answer.text();
  assert.ok(!html.includes("<img src=x"), "the server's markup");
  assert.ok(html.includes("owned"), "which names them");
  await view.reload();
  await view.page.evaluate(() => Object.assign(window, { owned: /** @type {any} */ (window).owned ?? "" }));
  await nothing("a reload");
  assert.ok((await view.tabWords(1)).includes("img src=x"), "a name is as it was given");
});

/** One word of a shell. */
function quoted(/** @type {string} */ text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

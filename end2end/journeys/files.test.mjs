// Owns the journeys of files: dropped, pasted or chosen they are uploaded, and their paths typed where they were put; and
// what a terminal showed is there to keep.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

import { journey } from "../support/journey.mjs";
import { PROMPT } from "../support/page.mjs";
import { until } from "../support/wait.mjs";

/** @typedef {{name: string, type?: string, text: string}} Given */

/** Drags files, or a text, over the pane and lets them go, or pastes them. */
async function give(
  /** @type {import("../support/page.mjs").BowlinePage} */ view,
  /** @type {"drop" | "paste" | "dragover"} */ how,
  /** @type {Given[]} */ files,
  text = "",
) {
  await view.pane.locator(".xterm-screen").evaluate(
    (screen, { how, files, text }) => {
      const data = new DataTransfer();
      for (const { name, type, text } of files) data.items.add(new File([text], name, { type: type ?? "text/plain" }));
      if (text) data.setData("text/plain", text);
      if (how === "paste") {
        screen.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        return;
      }
      for (const name of how === "drop" ? ["dragenter", "dragover", "drop"] : ["dragenter", "dragover"]) {
        screen.dispatchEvent(new DragEvent(name, { dataTransfer: data, bubbles: true, cancelable: true }));
      }
    },
    { how, files, text },
  );
}

journey("files dropped on a terminal are uploaded in order and their paths typed, quoted", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await view.waitForText(PROMPT);
  await view.focus();
  await give(view, "dragover", [{ name: "a.txt", text: "" }]);
  await view.page.locator(".pane.drop-target").waitFor();
  await view.type("cat ");
  await give(view, "drop", [
    { name: "it's one.txt", text: "first-file\n" },
    { name: "two.txt", text: "second-file\n" },
  ]);
  await view.page.locator(".pane.drop-target").waitFor({ state: "detached" });
  await view.page.getByText(/Uploaded to .*two\.txt/).waitFor();
  await view.waitForText(/two\.txt/);
  await view.press("Enter");
  await view.waitForText(/^first-file\nsecond-file\n/m);
});

journey("a pasted picture is uploaded, a dropped text is pasted, and what fails is told", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await view.waitForText(PROMPT);
  await view.focus();
  await view.type("wc -c ");
  await give(view, "paste", [{ name: "image.png", type: "image/png", text: "12345" }]);
  await view.page.getByText(/Uploaded to .*image\.png/).waitFor();
  await view.press("Enter");
  await view.waitForText(/^5 .*image\.png/m);

  await give(view, "drop", [], "echo dropped-$((1+1))");
  await view.waitForText(/echo dropped-/);
  await view.focus();
  await view.press("Enter");
  await view.waitForText(/^dropped-2$/m);

  // The connection breaks.
  await view.page.route("**/api/upload", (route) => route.abort());
  await give(view, "drop", [{ name: "lost.txt", text: "x" }]);
  await view.page.getByText("“lost.txt” was not uploaded: the connection was lost.").waitFor();
});

journey("an upload shows how far it is and is given up", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await view.waitForText(PROMPT);
  // An answer that does not come; the bytes are not the point.
  await view.page.route("**/api/upload", () => {});
  await give(view, "drop", [
    { name: "one.txt", text: "1" },
    { name: "two.txt", text: "2" },
  ]);
  const list = view.page.getByRole("list", { name: "Uploads" });
  await list.getByText("two.txt").waitFor();
  await list.getByRole("button", { name: "Cancel uploading two.txt" }).click();
  await list.getByText("two.txt").waitFor({ state: "detached" });
  await list.getByRole("button", { name: "Cancel uploading one.txt" }).click();
  await list.waitFor({ state: "detached" });
});

journey("files are chosen, and a terminal's text and recording are kept", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await view.run("echo kept-$((1+1))", /^kept-2$/m);
  await view.focus();
  const [chooser] = await Promise.all([view.page.waitForEvent("filechooser"), view.press("Control+Alt+Shift+U")]);
  await chooser.setFiles([{ name: "chosen.txt", mimeType: "text/plain", buffer: Buffer.from("chosen") }]);
  await view.waitForText(/chosen\.txt/);
  await view.focus();
  await view.press("Control+c");

  const kept = async (/** @type {string} */ chord) => {
    const [download] = await Promise.all([view.page.waitForEvent("download"), view.press(chord)]);
    return { name: download.suggestedFilename(), text: await readFile(await download.path(), "utf8") };
  };
  const text = await kept("Control+Alt+Shift+S");
  assert.match(text.name, /^bash-\d{8}-\d{6}\.txt$/);
  assert.match(text.text, /^kept-2$/m);
  const recording = await kept("Control+Alt+Shift+R");
  assert.match(recording.name, /\.cast$/);
  const [head, ...events] = recording.text.trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(head.version, 2);
  await until("the output in it", async () => events.some(([, , data]) => data.includes("kept-2")));
});

journey("a file above the server's limit is refused before it is sent, and the others go", async (stage) => {
  await stage.server({ args: ["--upload-limit", "2KiB"] });
  const view = await stage.page();
  await view.waitForText(PROMPT);
  await view.focus();
  /** @type {string[]} */
  const sent = [];
  view.page.on("request", (request) => void (request.url().endsWith("/api/upload") && sent.push(request.url())));
  await give(view, "drop", [
    { name: "large.bin", text: "x".repeat(3 * 1024) },
    { name: "small.bin", text: "y".repeat(2 * 1024) },
  ]);
  await view.page
    .getByText("“large.bin” was not uploaded: it has 3 KiB, and at most 2 KiB may be uploaded (--upload-limit).")
    .waitFor();
  await view.page.getByText(/Uploaded to .*small\.bin/).waitFor();
  assert.equal(sent.length, 1, "the large one never left the page");
});

// Owns the journeys of keys: every command by its chord, other layouts, changing keys, the palette and the tab finder. What
// a command does in depth is its own journey's.

import assert from "node:assert/strict";

import { journey } from "../support/journey.mjs";
import { KeysDialog } from "../support/keys.mjs";
import { PROMPT } from "../support/page.mjs";
import { until } from "../support/wait.mjs";

/** @typedef {import("../support/page.mjs").BowlinePage} View */

/** The names of the tabs, the one in front in brackets. */
async function front(/** @type {View} */ view) {
  return (await view.tabs()).map(({ name, selected }) => (selected ? `[${name}]` : name)).join(" ");
}

const waitForFront = (/** @type {View} */ view, /** @type {string} */ wanted) =>
  until(`the tabs ${wanted}`, async () => (await front(view)) === wanted);

const dialog = (/** @type {View} */ view, /** @type {string} */ name) => view.page.getByRole("dialog", { name });

/** Opens a dialog by the chord and closes it by Escape, with the keyboard back in the terminal. */
const opens = (/** @type {string} */ name) => async (/** @type {View} */ view, /** @type {string} */ chord) => {
  await view.press(chord);
  await dialog(view, name).waitFor();
  await view.press("Escape");
  await dialog(view, name).waitFor({ state: "hidden" });
  await until("the keyboard in the terminal", () => inTerminal(view));
};

const inTerminal = (/** @type {View} */ view) =>
  view.page.evaluate(() => document.activeElement?.classList.contains("xterm-helper-textarea") ?? false);

/** Nine tabs are there for these, named 1 to 9. */
const shows = (/** @type {number} */ index) => async (/** @type {View} */ view, /** @type {string} */ chord) => {
  await view.selectTab(index === 0 ? 1 : 0);
  await view.focus();
  await view.press(chord);
  await until(`tab ${index}`, async () => (await view.tabs())[index].selected);
};

const steps = (/** @type {number} */ from, /** @type {number} */ to) => async (/** @type {View} */ view, /** @type {string} */ chord) => {
  await view.selectTab(from);
  await view.focus();
  await view.press(chord);
  await until(`tab ${to}`, async () => (await view.tabs())[to].selected);
};

async function copies(/** @type {View} */ view, /** @type {string} */ chord) {
  await view.run("clear; echo copied-$((6*7))", /^copied-42/);
  await view.waitForText(PROMPT);
  await view.page.evaluate(() => navigator.clipboard.writeText("nothing"));
  // The terminal's own layers lie over its rows.
  const row = await view.pane.locator(".xterm-rows > div").filter({ hasText: /^copied-42\s*$/ }).last().boundingBox();
  assert.ok(row);
  await view.page.mouse.dblclick(row.x + 20, row.y + row.height / 2);
  await view.press(chord);
  await until("the copy", async () => (await view.page.evaluate(() => navigator.clipboard.readText())).includes("copied"));
}

/** Text of another size leaves room for another number of columns, and for the old one when it is undone. */
const resizes =
  (/** @type {(before: number, after: number) => boolean} */ as) => async (/** @type {View} */ view, /** @type {string} */ chord) => {
    const before = (await view.size()).cols;
    await view.press(chord);
    await until("another number of columns", async () => as(before, (await view.size()).cols));
    await view.press("Alt+Shift+Digit0");
    await until("as many columns as before", async () => (await view.size()).cols === before);
  };

/**
 * In a tab of two panes, the new one in use: to the right of the old one, or below it.
 *
 * @param {(view: View, chord: string, sessions: {first: string, second: string}) => Promise<unknown>} act
 * @param {"right" | "down"} [side]
 */
const amongTwo =
  (act, side = "right") => async (/** @type {View} */ view, /** @type {string} */ chord) => {
    const first = await view.session();
    await view.press(side === "right" ? "Alt+Shift+KeyD" : "Alt+Shift+KeyE");
    await view.waitForPanes(2);
    await until("a session in the new pane", async () => !["", first].includes(await view.session()));
    const second = await view.session();
    await act(view, chord, { first, second });
    if ((await view.page.locator(".pane").filter({ visible: true }).count()) > 1) await view.press("Alt+Shift+KeyW");
    await view.waitForPanes(1);
  };

/** The new pane is in use; the chord uses the old one. */
const leaves = (/** @type {"right" | "down"} */ side) =>
  amongTwo(async (view, chord, { first }) => {
    await view.press(chord);
    await view.waitForUse(first);
  }, side);

/** The old pane is in use; the chord uses the new one. */
const enters = (/** @type {"right" | "down"} */ side) =>
  amongTwo(async (view, chord, { first, second }) => {
    await view.paneOf(first).locator(".xterm-helper-textarea").focus();
    await view.waitForUse(first);
    await view.press(chord);
    await view.waitForUse(second);
  }, side);

/**
 * The new pane comes to lie otherwise.
 *
 * @param {"right" | "down"} side
 * @param {(at: {x: number, y: number}, other: {x: number, y: number}) => boolean} as
 */
const changes = (side, as) =>
  amongTwo(async (view, chord, { first, second }) => {
    await view.press(chord);
    await until("the panes elsewhere", async () => {
      const places = await view.places();
      return as(places[second], places[first]);
    });
    await view.waitForUse(second);
  }, side);

/** The new pane goes into another tab, which is shown then; a chord leads back to its own. */
const crosses = (/** @type {string} */ back) => async (/** @type {View} */ view, /** @type {string} */ chord) => {
  await amongTwo(async (view, chord, { second }) => {
    await view.press(chord);
    await view.waitForUse(second);
    await view.waitForPanes(2);
    await view.press("Alt+Shift+KeyW");
    await view.waitForPanes(1);
    await view.press(back);
    await view.waitForPanes(1);
  })(view, chord);
};

/** The divider stands elsewhere. */
const pushes = (/** @type {"right" | "down"} */ side, /** @type {(share: number) => boolean} */ as) =>
  amongTwo(async (view, chord) => {
    const share = async () => Number(await view.page.getByRole("separator").getAttribute("aria-valuenow"));
    await until("halves", async () => (await share()) === 50);
    await view.press(chord);
    await until("another share", async () => as(await share()));
  }, side);

/** The grid has so many cells; then tabs are shown again. */
const grid = (/** @type {number} */ cells) => async (/** @type {View} */ view, /** @type {string} */ chord) => {
  await view.press(chord);
  await until(`${cells} cells`, async () => (await view.page.locator(".dot").count()) === cells);
  await view.press("Alt+Shift+Backspace");
  await view.page.locator(".dot").first().waitFor({ state: "detached" });
};

const order = (/** @type {View} */ view) => view.tabElements.evaluateAll((tabs) => tabs.map((tab) => tab.id));

/** The tab in front goes from one place to another. */
const carries = (/** @type {number} */ from, /** @type {number} */ to) => async (/** @type {View} */ view, /** @type {string} */ chord) => {
  await view.selectTab(from);
  await view.focus();
  const tab = (await order(view))[from];
  await view.press(chord);
  await until("the tab elsewhere", async () => (await order(view))[to] === tab);
};

const keeps = (/** @type {RegExp} */ name) => async (/** @type {View} */ view, /** @type {string} */ chord) => {
  const [download] = await Promise.all([view.page.waitForEvent("download"), view.press(chord)]);
  assert.match(download.suggestedFilename(), name);
};

/**
 * What shows that a command did what it says, by its id: one line per command. A command without a line fails the walk.
 * Each begins with a workspace of nine tabs, the first in front with the keyboard in it, and leaves nine tabs.
 *
 * @type {Record<string, (view: View, chord: string) => Promise<unknown>>}
 */
const CHECKS = {
  "new-tab": async (view, chord) => {
    await view.press(chord);
    await view.waitForTabs(10);
    await view.waitForPane("live");
    await view.press("Alt+Shift+KeyW");
    await view.waitForTabs(9);
  },
  "close-tab": async (view, chord) => {
    await view.newTab();
    await view.waitForTabs(10);
    await view.focus();
    await view.press(chord);
    await view.waitForTabs(9);
  },
  "next-tab": steps(0, 1),
  "previous-tab": steps(1, 0),
  "next-terminal": steps(0, 1),
  "tab-1": shows(0),
  "tab-2": shows(1),
  "tab-3": shows(2),
  "tab-4": shows(3),
  "tab-5": shows(4),
  "tab-6": shows(5),
  "tab-7": shows(6),
  "tab-8": shows(7),
  "tab-9": shows(8),
  "find-tab": opens("Find a tab"),
  "rename-tab": async (view, chord) => {
    await view.press(chord);
    await view.page.getByRole("textbox", { name: "Name of the tab" }).waitFor();
    await view.press("Escape");
    await until("the keyboard in the terminal", () => inTerminal(view));
  },
  "move-tab-left": carries(1, 0),
  "move-tab-right": carries(0, 1),
  "split-right": amongTwo(async (view, chord) => {
    await view.press(chord);
    await view.waitForPanes(3);
    await view.press("Alt+Shift+KeyW");
    await view.waitForPanes(2);
  }),
  "split-down": amongTwo(async (view, chord) => {
    await view.press(chord);
    await view.waitForPanes(3);
    await view.press("Alt+Shift+KeyW");
    await view.waitForPanes(2);
  }),
  "close-pane": amongTwo(async (view, chord, { first }) => {
    await view.press(chord);
    await view.waitForPanes(1);
    await view.waitForUse(first);
  }),
  "zoom-pane": amongTwo(async (view, chord) => {
    await view.press(chord);
    await view.waitForPanes(1);
    await view.press(chord);
    await view.waitForPanes(2);
  }),
  "next-pane": leaves("right"),
  "previous-pane": leaves("right"),
  "pane-left": leaves("right"),
  "pane-up": leaves("down"),
  "pane-right": enters("right"),
  "pane-down": enters("down"),
  "divider-left": pushes("right", (share) => share < 50),
  "divider-right": pushes("right", (share) => share > 50),
  "divider-up": pushes("down", (share) => share < 50),
  "divider-down": pushes("down", (share) => share > 50),
  "equal-sizes": amongTwo(async (view, chord) => {
    const share = () => view.page.getByRole("separator").getAttribute("aria-valuenow");
    await view.press("Alt+Shift+Home");
    await until("another share", async () => (await share()) !== "50");
    await view.press(chord);
    await until("halves", async () => (await share()) === "50");
  }),
  "pane-to-new-tab": amongTwo(async (view, chord, { second }) => {
    await view.press(chord);
    await view.waitForTabs(10);
    await view.waitForUse(second);
    await view.press("Alt+Shift+KeyW");
    await view.waitForTabs(9);
  }),
  "pane-to-next-tab": crosses("Alt+Shift+Digit1"),
  "pane-to-previous-tab": async (view, chord) => {
    await view.selectTab(1);
    await view.focus();
    await crosses("Alt+Shift+Digit2")(view, chord);
  },
  "move-pane-left": changes("right", (at, other) => at.x < other.x),
  "move-pane-up": changes("down", (at, other) => at.y < other.y),
  // At the end already: the pane comes to stand beside the other one.
  "move-pane-right": changes("down", (at, other) => at.x > other.x),
  "move-pane-down": changes("right", (at, other) => at.y > other.y),
  "toggle-grid": grid(9),
  "grid-1": grid(1),
  "grid-2h": grid(2),
  "grid-2v": grid(2),
  "grid-4": grid(4),
  "grid-6": grid(6),
  "grid-9": grid(9),
  "grid-12": grid(12),
  "grid-16": grid(16),
  "grid-20": grid(20),
  "reset-view": async (view, chord) => {
    await view.press("Alt+Shift+KeyG");
    await view.page.locator(".dot").first().waitFor();
    await view.press(chord);
    await view.page.locator(".dot").first().waitFor({ state: "detached" });
  },
  connection: opens("Connection"),
  welcome: async (view, chord) => {
    await view.press(chord);
    await view.page.getByRole("button", { name: "Got it" }).click();
    await view.page.getByRole("button", { name: "Got it" }).waitFor({ state: "detached" });
  },
  dictate: opens("Dictation"),
  upload: async (view, chord) => {
    const [chooser] = await Promise.all([view.page.waitForEvent("filechooser"), view.press(chord)]);
    assert.ok(chooser.isMultiple());
  },
  "download-text": keeps(/\.txt$/),
  "download-recording": keeps(/\.cast$/),
  palette: opens("Command palette"),
  sessions: opens("Sessions"),
  shortcuts: opens("Keyboard shortcuts"),
  "toggle-theme": async (view, chord) => {
    const ground = () => view.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const before = await ground();
    await view.press(chord);
    await until("another ground", async () => (await ground()) !== before);
    await view.press(chord);
  },
  "screen-reader": async (view, chord) => {
    await view.press(chord);
    await view.pane.locator(".xterm-accessibility").waitFor();
    await view.press(chord);
    await view.pane.locator(".xterm-accessibility").waitFor({ state: "detached" });
    // What is said of it is a part of the page of its own, where keys go next.
    const dismiss = view.page.getByRole("button", { name: "Dismiss" });
    while ((await dismiss.count()) > 0) await dismiss.first().click();
  },
  "next-region": async (view, chord) => {
    await view.press(chord);
    await until("the keyboard out of the terminal", async () => !(await inTerminal(view)));
    await view.press(chord);
    await until("the keyboard in the terminal", () => inTerminal(view));
  },
  "previous-region": async (view, chord) => {
    await view.press(chord);
    await until("the keyboard on a tab", () =>
      view.page.evaluate(() => document.activeElement?.getAttribute("role") === "tab"),
    );
  },
  settings: opens("Settings"),
  "larger-text": resizes((before, after) => after < before),
  "smaller-text": resizes((before, after) => after > before),
  "reset-text": async (view, chord) => {
    const before = (await view.size()).cols;
    await view.press("Alt+Shift+Equal");
    await until("fewer columns", async () => (await view.size()).cols < before);
    await view.press(chord);
    await until("as many columns as before", async () => (await view.size()).cols === before);
  },
  "select-all": async (view, chord) => {
    await view.press(chord);
    await view.pane.locator(".xterm-selection div").first().waitFor({ state: "attached" });
    await view.pane.click();
  },
  "copy-all": copies,
  "copy-html": copies,
  find: async (view, chord) => {
    await view.press(chord);
    await view.page.getByRole("textbox", { name: "Search" }).waitFor();
    await view.press("Escape");
    await until("the keyboard in the terminal", () => inTerminal(view));
  },
  copy: copies,
  "copy-or-interrupt": async (view, chord) => {
    await copies(view, chord);
    await view.type("abandoned");
    // An interrupt takes away what the shell hasn't read yet.
    await view.waitForText("abandoned");
    await view.press(chord);
    await view.waitForText(/abandoned\^C/);
  },
  paste: async (view, chord) => {
    await view.page.evaluate(() => navigator.clipboard.writeText("pasted-text"));
    await view.press(chord);
    await view.waitForText("pasted-text");
    await view.press("Control+KeyC");
  },
};

journey("every command of the key table is done by its first chord", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await view.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  for (let nth = 1; nth < 9; nth += 1) await view.newTab();
  const keys = await KeysDialog.open(view);
  const table = await keys.table();
  await keys.close();
  const missing = table.filter(({ id }) => !(id in CHECKS)).map(({ id }) => id);
  assert.deepEqual(missing, [], "every command has a line in CHECKS");
  const gone = Object.keys(CHECKS).filter((id) => !table.some((row) => row.id === id));
  assert.deepEqual(gone, [], "every line in CHECKS has a command");
  for (const { id, chords } of table) {
    assert.ok(chords.length > 0, `${id} has a chord`);
    await view.selectTab(0);
    await view.focus();
    try {
      await CHECKS[id](view, chords[0]);
    } catch (error) {
      throw new Error(`${id} by ${chords[0]}`, { cause: error });
    }
  }
});

journey("keys that the browser keeps are struck in the dialog, which says who keeps them", async (stage) => {
  await stage.server();
  const view = await stage.page();
  const keys = await KeysDialog.open(view);
  const chord = (/** @type {string} */ id, /** @type {string} */ chord) => keys.row(id).locator(`[data-chord="${chord}"]`);
  const struck = (/** @type {import("playwright-core").Locator} */ chord) =>
    chord.locator("kbd").first().evaluate((key) => getComputedStyle(key).textDecorationLine === "line-through");
  const kept = chord("new-tab", "Ctrl+Shift+KeyT");
  assert.equal(await struck(kept), true);
  assert.match((await kept.getAttribute("title")) ?? "", /^Chromium keeps it for itself/);
  assert.equal(await struck(chord("new-tab", "Alt+Shift+KeyT")), false);
  await keys.dialog.getByText("Struck keys may never come here: Chromium keeps them.").waitFor();
});

/** A key as a keyboard's event says it: the physical key, and what a layout puts there. */
async function stroke(/** @type {View} */ view, /** @type {KeyboardEventInit & {altGraph?: boolean}} */ init) {
  return view.page.evaluate((init) => {
    const event = new KeyboardEvent("keydown", { ...init, modifierAltGraph: init.altGraph, bubbles: true, cancelable: true });
    if (init.keyCode) Object.defineProperty(event, "keyCode", { value: init.keyCode });
    document.activeElement?.dispatchEvent(event);
    return event.defaultPrevented;
  }, init);
}

journey("chords are the same physical keys in every layout, and what types goes to the shell", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await view.waitForText(PROMPT);
  await view.newTab();
  const chord = { altKey: true, shiftKey: true };
  // German ß and Ü, French with its digits shifted, Cyrillic, Dvorak, and the signs of Option on a Mac.
  const layouts = [
    ["German", "Slash", "_", "Keyboard shortcuts"],
    ["French", "KeyA", "Q", "Find a tab"],
    ["Cyrillic", "KeyP", "З", "Command palette"],
    ["Dvorak", "KeyS", "O", "Sessions"],
    ["Option", "KeyP", "∏", "Command palette"],
    ["Option with a dead key", "KeyS", "Dead", "Sessions"],
  ];
  for (const [layout, code, key, name] of layouts) {
    await view.focus();
    await stroke(view, { ...chord, code, key });
    await dialog(view, name)
      .waitFor()
      .catch((error) => Promise.reject(new Error(layout, { cause: error })));
    await view.press("Escape");
    await dialog(view, name).waitFor({ state: "hidden" });
  }
  // French types digits with Shift: the code counts.
  await view.focus();
  await stroke(view, { ...chord, code: "Digit1", key: "1" });
  await until("the first tab", async () => (await view.tabs())[0].selected);
  // AltGr, input methods and plain keys ask for nothing.
  await view.focus();
  const typing = [
    { ...chord, code: "KeyP", key: "þ", altGraph: true },
    { ...chord, code: "KeyP", key: "Process", isComposing: true },
    { ...chord, code: "KeyP", key: "Process", keyCode: 229 },
    { code: "KeyP", key: "p" },
    { shiftKey: true, code: "KeyP", key: "P" },
  ];
  for (const init of typing) await stroke(view, init);
  assert.equal(await view.page.getByRole("dialog").count(), 0, "no dialog opened");
  await view.press("Control+KeyC");
  await view.waitForText(PROMPT);
  // What layouts type arrives as it is.
  await view.run("cat");
  for (const text of ["äöüß@", "éèàç€", "привет", "∏Δ"]) {
    // The echo is the terminal line's: the text was there.
    await view.page.keyboard.insertText(text);
    await view.waitForText(text);
  }
});

journey("keys are changed, taken, warned of, kept and reset", async (stage) => {
  await stage.server();
  const view = await stage.page();
  const keys = await KeysDialog.open(view);
  const [old] = await keys.chords("new-tab");
  // Free: taken at once, and shown everywhere.
  await keys.record("new-tab", old, "Control+Alt+KeyJ");
  await until("the new chord", async () => (await keys.chords("new-tab"))[0] === "Control+Alt+KeyJ");
  assert.match((await view.page.getByRole("button", { name: "New tab" }).first().getAttribute("title")) ?? "", /Ctrl\+Alt\+J/);
  // Taken: the other is named, and keeps it until it is said so.
  await keys.record("new-tab", "Control+Alt+KeyJ", "Alt+Shift+KeyS");
  await keys.row("new-tab").getByText("“Sessions”").waitFor();
  await view.press("Escape");
  assert.equal((await keys.chords("sessions"))[0], "Alt+Shift+KeyS");
  await keys.record("new-tab", "Control+Alt+KeyJ", "Alt+Shift+KeyS");
  await keys.row("new-tab").getByRole("button", { name: "Use it anyway" }).click();
  await until("the chord changed hands", async () => !(await keys.chords("sessions")).includes("Alt+Shift+KeyS"));
  // Kept by the browser or the desktop: a warning.
  await keys.record("rename-tab", undefined, "Control+Alt+ArrowLeft");
  await keys.row("rename-tab").getByText("belongs to the desktop").waitFor();
  await keys.row("rename-tab").getByRole("button", { name: "Cancel" }).click();
  await keys.close();
  await view.focus();
  await view.press("Alt+Shift+KeyS");
  await view.waitForTabs(2);
  // Kept on this device.
  await view.reload();
  await view.focus();
  await view.press("Alt+Shift+KeyS");
  await view.waitForTabs(3);
  const again = await KeysDialog.open(view);
  await again.row("new-tab").getByRole("button", { name: "Reset the keys of New tab" }).click();
  await until("both as they were", async () => {
    const [one, other] = [await again.chords("new-tab"), await again.chords("sessions")];
    return one[0] === old && other[0] === "Alt+Shift+KeyS";
  });
  assert.equal(await view.page.evaluate(() => localStorage.getItem("bowline-keys")), null);
});

journey("keys are saved as a file and read again, and what can't be used changes nothing", async (stage) => {
  await stage.server();
  const view = await stage.page();
  const keys = await KeysDialog.open(view);
  await keys.record("find-tab", undefined, "Control+Shift+F9");
  await until("a second chord", async () => (await keys.chords("find-tab")).length === 2);
  const [download] = await Promise.all([
    view.page.waitForEvent("download"),
    keys.dialog.getByRole("button", { name: "Export" }).click(),
  ]);
  assert.equal(download.suggestedFilename(), "bowline-keys.json");
  const file = await download.path();
  await keys.dialog.getByRole("button", { name: "Reset all" }).click();
  await until("the default", async () => (await keys.chords("find-tab")).length === 1);
  await keys.dialog.getByRole("button", { name: "Import" }).click();
  await keys.dialog.getByLabel("Keys as JSON").fill('{"bowline-keys": 1, "keys": {"new-tab": ["T"]}}');
  await keys.dialog.getByRole("button", { name: "Use these keys" }).click();
  await keys.dialog.getByText(/Nothing was changed: “T” for new-tab needs/).waitFor();
  await keys.dialog.locator("input[type=file]").setInputFiles(file);
  await until("the saved keys", async () => (await keys.chords("find-tab"))[1] === "Control+Shift+F9");
  await keys.dialog.getByRole("button", { name: "Import" }).click();
  await keys.dialog.getByLabel("Keys as JSON").fill('{"bowline-keys": 1, "keys": {"fly": ["Ctrl+F9"]}}');
  await keys.dialog.getByRole("button", { name: "Use these keys" }).click();
  await keys.dialog.getByText("One command is not known here").waitFor();
  assert.equal((await keys.chords("find-tab")).length, 1);
});

journey("the palette finds commands and tabs by a few letters", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await view.renameTab(0, "harvest");
  await view.newTab();
  await view.focus();
  await view.press("Alt+Shift+KeyP");
  const palette = dialog(view, "Command palette");
  const field = palette.getByRole("combobox");
  await field.fill("rentb");
  const first = palette.getByRole("option").first();
  await first.getByText("Rename tab").waitFor();
  assert.equal(await field.getAttribute("aria-activedescendant"), await first.getAttribute("id"));
  assert.equal(await first.getAttribute("aria-selected"), "true");
  await view.press("Enter");
  await view.page.getByRole("textbox", { name: "Name of the tab" }).waitFor();
  await view.press("Escape");
  // Used lately: first, without a letter.
  await view.focus();
  await view.press("Alt+Shift+KeyP");
  await palette.getByRole("option").first().getByText("Rename tab").waitFor();
  // Arrows go around the end; the choice is said.
  await field.press("ArrowUp");
  const last = palette.getByRole("option").last();
  assert.equal(await last.getAttribute("aria-selected"), "true");
  await field.fill("@harv");
  await palette.getByRole("option").first().click();
  await palette.waitFor({ state: "hidden" });
  await waitForFront(view, "[harvest] bash");
  await until("the keyboard in the terminal", () => inTerminal(view));
});

journey("a full-screen program keeps its function keys", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await view.run("printf '\\033[?1049h'; cat -v", /^\s*$/);
  await view.press("F6");
  await view.waitForText("^[[17~");
  await view.press("Alt+Shift+KeyX");
  await until("the keyboard out of the terminal", async () => !(await inTerminal(view)));
});

journey("fifty tabs are scrolled, found and gone to", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await view.renameTab(0, "needle");
  await view.page.getByRole("button", { name: "Find a tab" }).waitFor({ state: "hidden" });
  for (let count = 2; count <= 50; count += 1) {
    await view.page.getByRole("button", { name: "New tab" }).first().click();
    await view.waitForTabs(count);
  }
  const inSight = () =>
    view.page.evaluate(() => {
      const [tab, list] = [document.querySelector(".tab.active"), document.querySelector(".tabs")];
      if (!tab || !list) return false;
      const [inner, outer] = [tab.getBoundingClientRect(), list.getBoundingClientRect()];
      return inner.left >= outer.left - 1 && inner.right <= outer.right + 1;
    });
  await until("the active tab in sight", inSight);
  await view.page.getByRole("button", { name: "Find a tab" }).click();
  const finder = dialog(view, "Find a tab");
  assert.equal(await finder.getByRole("option").count(), 50);
  await finder.getByRole("combobox").fill("ndl");
  assert.equal(await finder.getByRole("option").count(), 1);
  await view.press("Enter");
  await finder.waitFor({ state: "hidden" });
  await until("the needle", async () => (await view.tabs())[0].selected);
  await until("the active tab in sight", inSight);
  await view.focus();
  await view.press("Alt+Shift+Digit9");
  await until("the last tab", async () => (await view.tabs())[49].selected);
  await until("the active tab in sight", inSight);
});

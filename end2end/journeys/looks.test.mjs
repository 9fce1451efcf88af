// Looks: themes, fonts and what else this device's user likes, in the real page.

import assert from "node:assert/strict";

import { journey } from "../support/journey.mjs";
import { openSettings } from "../support/settings.mjs";
import { until } from "../support/wait.mjs";

/** The themes that come with the page, with their grounds. */
const THEMES = {
  Dark: "rgb(16, 19, 24)",
  Light: "rgb(252, 252, 250)",
  Dracula: "rgb(40, 42, 54)",
  "Solarized Dark": "rgb(0, 43, 54)",
  "Solarized Light": "rgb(253, 246, 227)",
  Nord: "rgb(46, 52, 64)",
  Monokai: "rgb(39, 40, 34)",
  "GitHub Dark": "rgb(13, 17, 23)",
};

/** @typedef {import("../support/page.mjs").BowlinePage} BowlinePage */

/** Grounds of the page, its bar and the terminal in front, and the value of data-theme. */
async function grounds(/** @type {BowlinePage} */ view) {
  return view.page.evaluate(() => {
    const ground = (/** @type {string} */ selector) =>
      getComputedStyle(/** @type {Element} */ (document.querySelector(selector))).backgroundColor;
    return {
      page: ground("body"),
      bar: ground(".bar"),
      terminal: ground(".pane .xterm-scrollable-element"),
      theme: document.documentElement.dataset.theme,
    };
  });
}

async function waitForGround(/** @type {BowlinePage} */ view, /** @type {string} */ wanted) {
  await until(`a page on ${wanted}`, async () => (await grounds(view)).page === wanted);
}

journey("each theme colours page, bar and terminal, and a reload begins in it", async (stage) => {
  await stage.server();
  const view = await stage.page();
  const bars = new Set();
  for (const [name, ground] of Object.entries(THEMES)) {
    const dialog = await openSettings(view, "Colours");
    // While the system decides, a theme waits for its turn: always dark, or always light.
    await dialog.getByRole("radio", { name: /Light/.test(name) ? "Light" : "Dark", exact: true }).first().check();
    await dialog.getByRole("radio", { name, exact: true }).last().check();
    await view.press("Escape");
    await waitForGround(view, ground);
    const now = await grounds(view);
    assert.equal(now.terminal, ground, `${name}: the terminal's ground is the page's`);
    assert.notEqual(now.bar, ground, `${name}: the bar stands out`);
    assert.equal(now.theme, name.toLowerCase().replace(" ", "-"));
    bars.add(now.bar);
  }
  assert.equal(bars.size, Object.keys(THEMES).length, "no two bars alike");

  // The first paint after a reload: what the document says before any script ran.
  const [answer] = await Promise.all([
    view.page.waitForResponse((response) => response.request().isNavigationRequest()),
    view.page.reload({ waitUntil: "commit" }),
  ]);
  assert.match(await answer.text(), /data-theme="github-dark"[\s\S]*--surface:#0d1117/);
  await view.ready();
  assert.equal((await grounds(view)).terminal, THEMES["GitHub Dark"]);
});

journey("the page follows the system live, and the toggle goes between the last two themes", async (stage) => {
  await stage.server();
  const view = await stage.page({ colorScheme: "dark" });
  const dialog = await openSettings(view, "Colours");
  await dialog.getByRole("radio", { name: "Nord", exact: true }).check();
  await dialog.getByRole("radio", { name: "Solarized Light", exact: true }).check();
  await view.press("Escape");
  await waitForGround(view, THEMES.Nord);
  assert.equal((await grounds(view)).theme, "system");
  await view.page.emulateMedia({ colorScheme: "light" });
  await waitForGround(view, THEMES["Solarized Light"]);
  await until("the terminal in the light theme", async () => (await grounds(view)).terminal === THEMES["Solarized Light"]);
  await view.focus();
  await view.press("Alt+Shift+L");
  await waitForGround(view, THEMES.Nord);
  assert.equal((await grounds(view)).theme, "nord");
  await view.press("Alt+Shift+L");
  await waitForGround(view, THEMES["Solarized Light"]);
});

/** Sixteen colours by names, and their grounds. */
const names = ["Black", "Red", "Green", "Yellow", "Blue", "Magenta", "Cyan", "White"];
const vscode = `{ // a theme
  "name": "Code", "colors": { "terminal.background": "#101820", "terminal.foreground": "#eeeeee",
  ${names.flatMap((name) => [`"terminal.ansi${name}": "#808080"`, `"terminal.ansiBright${name}": "#a0a0a0"`]).join()}, } }`;
const gogh = JSON.stringify({
  name: "Gogh One",
  background: "#201018",
  foreground: "#eeeeee",
  ...Object.fromEntries([...Array(16).keys()].map((nth) => [`color_${String(nth + 1).padStart(2, "0")}`, "#909090"])),
});
const windows = {
  name: "Window",
  background: "#182010",
  foreground: "#eeeeee",
  purple: "#909090",
  brightPurple: "#a0a0a0",
  ...Object.fromEntries(
    names.filter((name) => name !== "Magenta").flatMap((name) => [
      [name.toLowerCase(), "#909090"],
      [`bright${name}`, "#a0a0a0"],
    ]),
  ),
};

journey("themes are imported from files of three kinds, survive a reload and can be removed", async (stage) => {
  await stage.server();
  const view = await stage.page();
  const dialog = await openSettings(view, "Colours");
  await dialog.getByRole("radio", { name: "Dark", exact: true }).first().check();
  const bring = async (/** @type {string} */ text) => {
    await dialog.getByLabel("Theme as JSON").fill(text);
    await dialog.getByRole("button", { name: "Import" }).click();
  };
  await bring(vscode);
  await waitForGround(view, "rgb(16, 24, 32)");
  await bring(gogh);
  await waitForGround(view, "rgb(32, 16, 24)");
  await bring(JSON.stringify({ ...windows, red: undefined }));
  await dialog.getByText("Windows Terminal scheme without the colour red").waitFor();
  const file = { name: "w.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify({ schemes: [windows] })) };
  await dialog.locator("input[type=file]").setInputFiles(file);
  await waitForGround(view, "rgb(24, 32, 16)");

  const [answer] = await Promise.all([
    view.page.waitForResponse((response) => response.request().isNavigationRequest()),
    view.page.reload({ waitUntil: "commit" }),
  ]);
  assert.match(await answer.text(), /data-theme="window"[\s\S]*--surface:#182010/);
  await view.ready();
  assert.equal((await grounds(view)).terminal, "rgb(24, 32, 16)");

  const again = await openSettings(view, "Colours");
  await again.getByRole("button", { name: "Remove Window" }).click();
  await waitForGround(view, THEMES.Dark);
});

journey("a font is loaded when it is chosen, cells change and the program hears of it", async (stage) => {
  await stage.server();
  const view = await stage.page();
  const loaded = async (/** @type {string} */ font) =>
    view.page.evaluate((font) => [...document.fonts].some((face) => face.family.includes(font) && face.status === "loaded"), font);
  assert.equal(await loaded("Source Code Pro"), false, "only the chosen font is loaded");
  const agree = async () => {
    const { cols, rows } = await view.size();
    await view.run("clear; stty size", new RegExp(`^${rows} ${cols}$`, "m"));
  };
  await agree();
  let before = await view.size();
  let dialog = await openSettings(view, "Text");
  await dialog.getByRole("spinbutton", { name: "Text size" }).fill("22");
  await dialog.getByRole("spinbutton", { name: "Text size" }).press("Enter");
  let after = await view.waitForSizeOtherThan(before);
  assert.ok(after.cols < before.cols && after.rows < before.rows);
  await dialog.getByLabel("Font").selectOption("Source Code Pro");
  await until("the font is there", () => loaded("Source Code Pro"));
  await view.press("Escape");
  await agree();

  await view.reload();
  assert.equal(await loaded("Source Code Pro"), true, "the choice is kept");
  await until("the same cells", async () => (await view.size()).rows === after.rows);
  await view.focus();
  before = await view.size();
  await view.press("Control+0");
  after = await view.waitForSizeOtherThan(before);
  assert.ok(after.cols > before.cols, "back to the size of a fresh page");
  await view.press("Control+Equal", "Control+Equal");
  await view.waitForSizeOtherThan(after);
  await view.press("Control+Minus", "Control+Minus");
  await until("the size before", async () => (await view.size()).cols === after.cols);
  await agree();
});

journey("the cursor is what the user likes, unless a program says otherwise", async (stage) => {
  await stage.server();
  const view = await stage.page();
  const dialog = await openSettings(view, "Terminal");
  await dialog.getByRole("radio", { name: "Bar" }).check();
  await dialog.getByRole("switch", { name: "Blinking cursor" }).uncheck();
  await view.press("Escape");
  await view.focus();
  const cursor = (/** @type {string} */ shape) => view.pane.locator(`.xterm-cursor-${shape}`).waitFor();
  await cursor("bar");
  await view.run("printf '\\033[4 q'");
  await cursor("underline");
  await view.run("printf '\\033[0 q'");
  await cursor("bar");
  const other = await stage.page();
  assert.equal(await other.page.evaluate(() => localStorage.getItem("bowline-settings")), null, "another browser has its own");
});

journey("ligatures are drawn where the font has them", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await view.run("clear; echo 'a => b'", /a => b\n/);
  const arrow = view.pane.locator(".xterm-rows span").filter({ hasText: /^=>$/ });
  assert.equal(await arrow.count(), 0, "cell by cell at first");
  const dialog = await openSettings(view, "Text");
  await dialog.getByLabel("Font").selectOption("Fira Code");
  await dialog.getByRole("switch", { name: "Ligatures" }).check();
  await arrow.waitFor();
  assert.match(await arrow.evaluate((span) => getComputedStyle(span).fontFeatureSettings), /calt/);
});

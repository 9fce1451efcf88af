// Owns pictures of the real page for people: `node end2end/screenshots.mjs FOLDER` writes it at three widths, dark and
// light, with work in it, and its overlays. Must not assert anything about looks.

import { mkdir } from "node:fs/promises";
import path from "node:path";

import { openSettings } from "./support/settings.mjs";
import { Stage, closeBrowser } from "./support/stage.mjs";
import { until } from "./support/wait.mjs";

const SIZES = [
  { width: 390, height: 844 },
  { width: 1280, height: 720 },
  { width: 2560, height: 1440 },
];

const folder = process.argv[2];
if (!folder) {
  console.error("usage: node end2end/screenshots.mjs FOLDER");
  process.exit(2);
}
await mkdir(folder, { recursive: true });

const stage = new Stage((line) => console.log(line));
try {
  const server = await stage.server();
  await login();
  await tabs();
  await lost();
  await setup();
  let prepared = false;
  for (const viewport of SIZES) {
    for (const colorScheme of /** @type {const} */ (["dark", "light"])) {
      const view = await stage.page({ viewport, colorScheme, renderer: "dom", login: prepared ? "token" : "code" });
      const shot = async (/** @type {string} */ what) => {
        const file = path.join(folder, `${what}-${viewport.width}-${colorScheme}.png`);
        await view.page.screenshot({ path: file, animations: "disabled" });
        console.log(file);
      };
      if (!prepared) {
        await view.renameTab(0, "agent");
        await view.newTab();
        await view.renameTab(1, "build");
        await view.newTab();
        await view.renameTab(2, "logs");
        await view.selectTab(0);
        await view.run(
          `clear; for c in 31 32 33 34 35 36 91 92 93 94 95 96; do printf '\\e[%sm colour %s \\e[7m reversed \\e[0m\\n' $c $c; done; ls -la --color`,
          /raw-reader/,
        );
        prepared = true;
      }
      await shot("workspace");
      await view.openPicker().then(async (picker) => {
        await shot("picker");
        await picker.askToKill("agent");
        await shot("kill");
        await view.press("Escape");
        await picker.close();
      });
      await view.press("Alt+Shift+Slash");
      await view.page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
      await shot("shortcuts");
      await view.press("Escape");
      await view.press("Alt+Shift+P");
      await view.page.getByRole("dialog", { name: "Command palette" }).waitFor();
      await shot("palette");
      await view.press("Escape");
      for (const group of ["Colours", "Text", "Terminal", "Clipboard", "Access"]) {
        await openSettings(view, group);
        await shot(`settings-${group.toLowerCase()}`);
        await view.press("Escape");
      }
      await view.pane.click({ button: "right" });
      await view.page.getByRole("menu").waitFor();
      await shot("menu");
      await view.press("Escape");
      const other = await stage.page({ viewport: { width: 1000, height: 640 }, login: "token" });
      await other.focus();
      await view.pane.locator(".pane-note").first().waitFor();
      await shot("sized-elsewhere");
      const picker = await view.openPicker();
      await picker.row("agent").getByRole("button", { name: "Watch" }).click();
      await view.pane.getByRole("button", { name: "Type here" }).waitFor();
      await shot("read-only");
      await other.page.context().close();
      await view.page.context().close();
    }
  }
  await panes();

  /** Panes beside each other, one dragged by its head, and the grid. */
  async function panes() {
    const split = new Stage((line) => console.log(line));
    try {
      await split.server();
      const first = await split.page({ viewport: SIZES[1] });
      await first.run("clear; ls -la --color", /raw-reader|total/);
      await first.split("right");
      await first.run("clear; seq 1 12", /^12$/m);
      await first.split("down");
      await first.page.context().close();
      for (const viewport of SIZES) {
        for (const colorScheme of /** @type {const} */ (["dark", "light"])) {
          const view = await split.page({ viewport, colorScheme, login: "token" });
          await view.waitForPanes(3);
          const shot = async (/** @type {string} */ what) => {
            const file = path.join(folder, `${what}-${viewport.width}-${colorScheme}.png`);
            await view.page.screenshot({ path: file, animations: "disabled" });
            console.log(file);
          };
          await shot("split");
          const head = await view.page.locator(".pane-head").last().boundingBox();
          const target = await view.panes.first().boundingBox();
          if (!head || !target) throw new Error("panes without heads");
          await view.page.mouse.move(head.x + head.width / 3, head.y + head.height / 2);
          await view.page.mouse.down();
          await view.page.mouse.move(target.x + target.width / 2, target.y + target.height - 20, { steps: 4 });
          await view.page.locator(".drop-room").waitFor();
          await shot("drag");
          await view.press("Escape");
          await view.page.mouse.up();
          await view.page.getByRole("button", { name: "Grid", exact: true }).click();
          await view.waitForPanes(3);
          await shot("grid");
          await view.page.getByRole("button", { name: "Grid", exact: true }).click();
          await view.page.context().close();
        }
      }
    } finally {
      await split.end();
    }
  }

  /** What tabs say of sessions: a call, progress, an end, output that nobody saw. */
  async function tabs() {
    const busy = new Stage((line) => console.log(line));
    try {
      const server = await busy.server();
      const first = await busy.page({ renderer: "dom" });
      /** @type {Record<string, string>} */
      const sessions = {};
      const programs = [
        ["agent", "clear; \"$BOWLINE_BIN\" status waiting; read\r"],
        ["build", "clear; printf '\\033]9;4;1;62\\007'; read\r"],
        ["tests", "clear; printf '\\033]9;4;2;80\\007'; read\r"],
        ["fetch", "clear; printf '\\033]9;4;3\\007'; read\r"],
        ["deploy", "exit 3\r"],
        ["logs", "clear; exec cat\r"],
        ["", "clear; printf '\\033]2;~/src/bowline\\007'; ls\r"],
      ];
      for (const [index, [name, input]] of programs.entries()) {
        if (index > 0) await first.newTab();
        if (name) await first.renameTab(index, name);
        sessions[name] = await first.session();
        await server.type(sessions[name], input);
      }
      await first.page.context().close();
      for (const viewport of SIZES) {
        for (const colorScheme of /** @type {const} */ (["dark", "light"])) {
          const view = await busy.page({ viewport, colorScheme, login: "token" });
          await until("a word of new output", async () => {
            await server.type(sessions.logs, "a line\r");
            return (await view.tabWords(5)).endsWith("new output");
          });
          await view.waitForTabWords(0, /waits for you$/);
          const file = path.join(folder, `tabs-${viewport.width}-${colorScheme}.png`);
          await view.page.screenshot({ path: file, animations: "disabled" });
          console.log(file);
          if (viewport.width === SIZES[0].width) {
            // Narrow pages scroll to the tab in front: the first ones once more.
            await view.tabElements.nth(0).evaluate((tab) => tab.closest(".tabs")?.scrollTo({ left: 0 }));
            const begin = path.join(folder, `tabs-begin-${viewport.width}-${colorScheme}.png`);
            await view.page.screenshot({ path: begin, animations: "disabled" });
            console.log(begin);
          }
          await view.page.context().close();
        }
      }
    } finally {
      await busy.end();
    }
  }

  /** How far set-up is, with steps in every state. */
  async function setup() {
    const machine = new Stage((line) => console.log(line));
    try {
      await machine.server();
      const now = Date.now();
      const times = { started_ms: now - 41_000, ended_ms: now - 9_000 };
      const error = "npm could not install it: request to https://registry.example/opencode-ai failed; 1.18.30 is kept";
      const steps = [
        { id: "shell", label: "Shell files", state: "complete", ...times },
        { id: "npm", label: "Node.js and npm", state: "complete", version: "11.19.1", ...times },
        { id: "claude", label: "Claude Code", state: "complete", version: "2.1.330", ...times },
        { id: "codex", label: "Codex", state: "running", started_ms: now - 12_000, tail: "@openai/codex@latest is 0.169.0\nnpm http fetch GET 200 https://registry.example/@openai%2fcodex 265ms (cache miss)" },
        { id: "gemini", label: "Gemini CLI", state: "waiting" },
        { id: "opencode", label: "OpenCode", state: "error", error, tail: "npm error network request failed", ...times },
        { id: "oauth", label: "No service principal in shells", state: "skipped", error: "it was cancelled" },
      ];
      for (const viewport of SIZES) {
        for (const colorScheme of /** @type {const} */ (["dark", "light"])) {
          const view = await machine.page({ viewport, colorScheme, login: "token" });
          await view.page.route("**/api/setup-status", (route) => route.fulfill({ json: { state: "running", steps, terminal_mode: "tabs" } }));
          await view.page.reload();
          await view.ready();
          const panel = view.page.locator("details.setup");
          await panel.waitFor();
          const shot = async (/** @type {string} */ what) => {
            const file = path.join(folder, `${what}-${viewport.width}-${colorScheme}.png`);
            await view.page.screenshot({ path: file, animations: "disabled" });
            console.log(file);
          };
          await shot("setup-folded");
          await panel.locator("summary").click();
          await panel.getByText("OpenCode").waitFor();
          await shot("setup");
          await view.page.context().close();
        }
      }
    } finally {
      await machine.end();
    }
  }

  /** What a page says after a crash. */
  async function lost() {
    const ended = new Stage((line) => console.log(line));
    try {
      const server = await ended.server({ args: ["--keeper", "off"] });
      const first = await ended.page({ renderer: "dom" });
      for (const [index, name] of ["agent", "build", "logs"].entries()) {
        if (index > 0) await first.newTab();
        await first.renameTab(index, name);
        await first.run("clear; for line in $(seq 1 18); do echo \"line $line of what was printed\"; done", /line 18/);
      }
      await first.page.context().close();
      await server.kill("SIGTERM");
      await server.restart();
      for (const viewport of SIZES) {
        for (const colorScheme of /** @type {const} */ (["dark", "light"])) {
          const view = await ended.page({ viewport, colorScheme, login: "token", pane: "exited" });
          await view.pane.getByText(/its screen as it was/).waitFor();
          await view.page.locator(".banner.lost").waitFor();
          const shot = async (/** @type {string} */ what) => {
            const file = path.join(folder, `${what}-${viewport.width}-${colorScheme}.png`);
            await view.page.screenshot({ path: file, animations: "disabled" });
            console.log(file);
          };
          await shot("lost");
          await view.openPicker();
          await shot("lost-picker");
          await view.page.context().close();
        }
      }
    } finally {
      await ended.end();
    }
  }

  /** The first page that a stranger sees. */
  async function login() {
    for (const viewport of SIZES) {
      for (const colorScheme of /** @type {const} */ (["dark", "light"])) {
        const view = await stage.blankPage({ viewport, colorScheme });
        await view.page.goto(server.url, { waitUntil: "networkidle" });
        const file = path.join(folder, `login-${viewport.width}-${colorScheme}.png`);
        await view.page.screenshot({ path: file, animations: "disabled" });
        console.log(file);
        await view.page.context().close();
      }
    }
  }
} finally {
  await stage.end();
  await closeBrowser();
}

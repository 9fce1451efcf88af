// Owns what stands around a page: one browser per process, fresh server, proxies and contexts, everything ended whatever
// happens, and what a reader needs when something failed. Must not know the test runner.

import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import path from "node:path";

import { chromium, firefox } from "playwright-core";

import { CuttingProxy } from "./cutting-proxy.mjs";
import { DatabricksWorkspace } from "./databricks.mjs";
import { Deployed, settingsOf } from "./deployed.mjs";
import { GitHub } from "./github.mjs";
import { GitServer } from "./git-server.mjs";
import { JupyterHub } from "./jupyterhub.mjs";
import { Nginx } from "./nginx.mjs";
import { SigningProxy } from "./signing-proxy.mjs";
import { BowlinePage } from "./page.mjs";
import { BowlineServer, repository } from "./server.mjs";
import { SignInService } from "./sign-in-service.mjs";

const results = path.join(repository, "end2end/test-results");
const VIEWPORT = { width: 1000, height: 640 };

/** @typedef {"chromium" | "firefox"} Kind */

/** The browsers of this process. @type {Map<Kind, Promise<import("playwright-core").Browser>>} */
const browsers = new Map();

/** A browser of this process: Debian's, or the one that BOWLINE_CHROMIUM or BOWLINE_FIREFOX names. */
export function theBrowser(/** @type {Kind} */ kind = "chromium") {
  const known = browsers.get(kind);
  if (known) return known;
  const started = kind === "firefox" ? startFirefox() : startChromium();
  browsers.set(kind, started);
  return started;
}

function startChromium() {
  return chromium.launch({
    executablePath: process.env.BOWLINE_CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** By WebDriver BiDi, which a Firefox as it is distributed speaks. */
function startFirefox() {
  const executablePath = process.env.BOWLINE_FIREFOX ?? "/usr/bin/firefox-esr";
  return firefox.launch({ executablePath, channel: "moz-firefox" });
}

export async function closeBrowser() {
  const running = await Promise.allSettled(browsers.values());
  browsers.clear();
  for (const started of running) if (started.status === "fulfilled") await started.value.close();
}

/**
 * Settings of the page's ladder that a journey shortens (`bowline-link-settings`).
 *
 * @typedef {object} LinkSettings
 * @property {number} [socket_open_ms]
 * @property {number} [probe_ms]
 * @property {number} [probe_max_ms]
 * @property {number} [first_word_ms]
 * @property {number} [early_cut_ms]
 * @property {number} [early_cuts]
 * @property {number} [poll_hold_ms]
 */

/**
 * @typedef {object} PageOptions
 * @property {string} [url] another way to the server: a proxy's URL
 * @property {"code" | "token" | "none"} [login] by the printed link (the default for the first page), or by the token
 * @property {LinkSettings} [settings]
 * @property {Kind} [browser]
 * @property {"dom" | "default"} [renderer]
 * @property {{width: number, height: number}} [viewport]
 * @property {"dark" | "light"} [colorScheme]
 * @property {import("playwright-core").BrowserContextOptions} [device] what else the browser's context is: fingers, a phone
 * @property {string} [pane] what the pane in front shows at first; "live" if left out
 */

/** Everything a journey starts, ended in the reverse order. */
export class Stage {
  /** @type {(() => Promise<unknown>)[]} */
  #cleanups = [];
  /** @type {BowlineServer | undefined} */
  #server;
  /** @type {JupyterHub | undefined} */
  #hub;
  /** @type {BowlinePage[]} */
  #pages = [];
  /** @type {(line: string) => void} */
  print;

  constructor(/** @type {(line: string) => void} */ print) {
    this.print = print;
  }

  /** @param {import("./server.mjs").Options} [options] */
  async server(options) {
    const server = await BowlineServer.start(options);
    this.#server = server;
    this.#cleanups.push(() => server.stop());
    return server;
  }

  /** @param {import("./cutting-proxy.mjs").Cruelty} [cruelty] */
  async cuttingProxy(cruelty) {
    const proxy = await CuttingProxy.start(this.#theServer().port, cruelty);
    this.#cleanups.push(() => proxy.close());
    return proxy;
  }

  /** Before the server that asks it. */
  async databricks() {
    const workspace = await DatabricksWorkspace.start();
    this.#cleanups.push(() => workspace.stop());
    return workspace;
  }

  /** @param {string[]} names */
  async gitServer(names) {
    const git = await GitServer.start(names);
    this.#cleanups.push(() => git.stop());
    return git;
  }

  async github() {
    const github = await GitHub.start();
    this.#cleanups.push(() => github.stop());
    return github;
  }

  async signingProxy() {
    const proxy = await SigningProxy.start(this.#theServer().port);
    this.#cleanups.push(() => proxy.stop());
    return proxy;
  }

  async signInService() {
    const service = await SignInService.start();
    this.#cleanups.push(() => service.stop());
    return service;
  }

  /**
   * Bowline and a proxy before it as docs/deploy has them.
   *
   * @param {string} file the proxy's
   * @param {object} options
   * @param {string} options.settings the file of Bowline's settings
   * @param {Record<string, string>} [options.env] further settings, or others
   * @param {string} [options.signIn] where the service listens that signs people in
   * @param {import("./deployed.mjs").Change[]} [options.changes] what is replaced in the proxy's file
   */
  async deployed(file, { settings, env: further = {}, signIn, changes }) {
    const { BOWLINE_LISTEN: listen, ...env } = await settingsOf(settings);
    const secret = env.BOWLINE_PROXY_SECRET && randomBytes(16).toString("hex");
    const server = await this.server({
      listen: listen.startsWith("unix:") ? "socket" : "port",
      env: { ...env, ...(secret ? { BOWLINE_PROXY_SECRET: secret } : {}), ...further },
    });
    const proxy = await Deployed.start(file, { server: server.place, secret, signIn, changes });
    this.#cleanups.push(() => proxy.stop());
    return { server, proxy };
  }

  /** @param {string[]} names @param {Record<string, string>} [environment] */
  async jupyterHub(names, environment) {
    const hub = await JupyterHub.start(names, environment);
    this.#hub = hub;
    this.#cleanups.push(() => hub.stop());
    return hub;
  }

  async identityProvider() {
    // It takes its time to load, and has something to say then.
    const { IdentityProvider } = await import("./identity-provider.mjs");
    const provider = await IdentityProvider.start();
    this.#cleanups.push(() => provider.stop());
    return provider;
  }

  /** @param {import("./nginx.mjs").Manner} manner */
  async nginx(manner) {
    const nginx = await Nginx.start(this.#theServer().port, manner);
    this.#cleanups.push(() => nginx.stop());
    return nginx;
  }

  /**
   * A page in a browser context of its own, logged in and with a usable shell.
   *
   * @param {PageOptions} [options]
   */
  async page(options = {}) {
    const server = this.#theServer();
    const url = options.url ?? server.url;
    const login = options.login ?? (this.#pages.length === 0 ? "code" : "token");
    const view = await this.blankPage(options);
    if (login === "token") await logIn(view.page.context(), url, server.token);
    await view.page.goto(login === "code" ? `${url}#code=${server.code}` : url);
    if (login !== "none") await view.ready(options.pane);
    return view;
  }

  /** A page that has gone nowhere yet. @param {PageOptions} [options] */
  async blankPage({ settings = {}, renderer = "dom", viewport = VIEWPORT, colorScheme = "dark", device = {}, browser } = {}) {
    const context = await (await theBrowser(browser)).newContext({ viewport, colorScheme, ...device });
    this.#cleanups.push(() => context.close());
    await context.addInitScript(
      ({ settings, renderer }) => {
        /** @type {string[]} */
        const links = [];
        Object.assign(window, { journeyLinks: links });
        const note = () => {
          const state = document.documentElement?.dataset.link;
          if (state && state !== links.at(-1)) links.push(state);
        };
        new MutationObserver(note).observe(document, { subtree: true, childList: true, attributeFilter: ["data-link"] });
        try {
          localStorage.setItem("bowline-link-settings", JSON.stringify(settings));
          if (renderer === "dom") localStorage.setItem("bowline-renderer", "dom");
        } catch {
          // about:blank has no storage.
        }
      },
      { settings, renderer },
    );
    const view = new BowlinePage(await context.newPage());
    this.#pages.push(view);
    return view;
  }

  #theServer() {
    if (!this.#server) throw new Error("the journey starts its server first");
    return this.#server;
  }

  /** Journeys that provoke errors on purpose say so by emptying the page's list. */
  unexpectedErrors() {
    return this.#pages.flatMap((view) => view.errors);
  }

  async explain(/** @type {string} */ name) {
    await mkdir(results, { recursive: true });
    const slug = name.toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 80);
    for (const [index, view] of this.#pages.entries()) {
      const file = path.join(results, `${slug}-${index + 1}.png`);
      await view.page.screenshot({ path: file, timeout: 10_000 }).then(
        () => this.print(`screenshot: ${file}`),
        (error) => this.print(`no screenshot: ${error}`),
      );
      this.print(`page ${index + 1}: ${await view.report()}`);
      for (const error of view.errors) this.print(`page ${index + 1} error: ${error}`);
    }
    if (this.#hub) this.print(`the hub's log ends with:\n${this.#hub.logTail()}`);
    if (this.#server) this.print(`the server's log ends with:\n${this.#server.logTail()}`);
  }

  async end() {
    for (const cleanup of this.#cleanups.reverse()) {
      await cleanup().catch((error) => this.print(`cleanup: ${error}`));
    }
  }
}

/** Trades the access token for the cookie and the page's proof, as the login form does. */
export async function logIn(
  /** @type {import("playwright-core").BrowserContext} */ context,
  /** @type {string} */ url,
  /** @type {string} */ token,
) {
  const response = await context.request.post(new URL("api/login", url).href, {
    data: { token },
    headers: { origin: new URL(url).origin },
  });
  if (!response.ok()) throw new Error(`api/login answered ${response.status()}: ${await response.text()}`);
  const { proof } = await response.json();
  await context.addInitScript((proof) => {
    try {
      if (!localStorage.getItem("bowline-proof")) localStorage.setItem("bowline-proof", proof);
    } catch {
      // about:blank has no storage.
    }
  }, proof);
}

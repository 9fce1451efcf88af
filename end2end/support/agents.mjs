// Owns the agents of the journeys: the real Claude Code, Codex and Gemini CLI from npm, where they are, and how they are
// kept from speaking to anybody but the double. Must not know Bowline.

import { existsSync } from "node:fs";
import path from "node:path";

import { repository } from "./server.mjs";

const folder = process.env.BOWLINE_AGENTS ?? path.join(repository, "target/agents");
/** Where their commands are. */
export const commands = path.join(folder, "node_modules/.bin");

/** Why they can't be run here; undefined where they can. */
export function whyNot() {
  const missing = ["claude", "codex", "gemini"].filter((name) => !existsSync(path.join(commands, name)));
  return missing.length === 0 ? undefined : `there is no ${missing.join(", ")} at ${commands}`;
}

/** Variables by which they look for no news of themselves and tell nobody of their use. */
const QUIET = {
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  DISABLE_AUTOUPDATER: "1",
  DISABLE_TELEMETRY: "1",
  GEMINI_TELEMETRY_ENABLED: "false",
  NO_UPDATE_NOTIFIER: "1",
  OPENCODE_DISABLE_AUTOUPDATE: "1",
  OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
  OPENCODE_DISABLE_MODELS_FETCH: "1",
  // Nobody but this machine can be reached, even if one of them wanted to.
  HTTP_PROXY: "http://127.0.0.1:9",
  HTTPS_PROXY: "http://127.0.0.1:9",
  http_proxy: "http://127.0.0.1:9",
  https_proxy: "http://127.0.0.1:9",
  NO_PROXY: "127.0.0.1,localhost",
  no_proxy: "127.0.0.1,localhost",
  COLORTERM: "truecolor",
};

/** A command line that starts one of them. */
export function agent(/** @type {string} */ name, /** @type {string[]} */ ...words) {
  return quietly(path.join(commands, name), ...words);
}

/** A command line that starts one from elsewhere. */
export function quietly(/** @type {string} */ program, /** @type {string[]} */ ...words) {
  const variables = Object.entries(QUIET).map(([name, value]) => `${name}=${value}`);
  return ["/usr/bin/env", ...variables, program, ...words];
}

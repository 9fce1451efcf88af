// Owns the proof by Databricks' own client for Python: that it takes the double for a workspace, and that it gets in with
// tokens that Bowline made, before and after they were replaced. Without the client nothing here passes.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";

import { journey } from "../support/journey.mjs";
import { bowline, checked } from "../support/sdk.mjs";
import { until } from "../support/wait.mjs";

const PASTED = "dapi-pasted-by-ana";
const ANA = "ana@example.com";

/** What databricks-sdk finds in the double, by the name of the check in end2end/sdk/checks.py. */
const CHECKS = {
  people: "who somebody is, and the groups",
  tokens: "tokens made, listed, revoked, dead by themselves and ended by others",
  files: "files put, read, listed and removed, and what no file may be",
  principal: "a service principal by its secret, and the app that it is",
  trouble: "429 and how long to wait, errors, slowness, a way elsewhere",
};

for (const [check, what] of Object.entries(CHECKS)) {
  journey(`databricks-sdk takes the double for a workspace: ${what}`, async (stage) => {
    const workspace = await stage.databricks();
    await checked(check, { DOUBLE_URL: workspace.url, DOUBLE_CONTROL: workspace.control });
  });
}

journey("databricks-sdk gets in by what Bowline wrote and by what it says, through three rotations", async (stage) => {
  const workspace = await stage.databricks();
  await workspace.give(PASTED, ANA);
  const server = await stage.server({ args: ["--tool-files", "on"], env: { DATABRICKS_HOST: workspace.url } });
  const { status, text } = await server.api("api/configure-pat", { token: PASTED });
  assert.equal(status, 200, text);
  const file = path.join(server.home, ".databrickscfg");
  for (let count = 1; count <= 4; count += 1) {
    if (count > 1) await server.api("api/pat-rotate", {});
    const token = `dapi-${count}`;
    const written = new RegExp(`^token\\s*=\\s*${token}$`, "m");
    await until(`${token} in the profile`, async () => written.test(await readFile(file, "utf8")));
    const said = await bowline(server, ["token"]);
    assert.equal(said.trim(), token);
    const found = await checked("profile", { HOME: server.home }, said);
    assert.deepEqual(found, { who: ANA, token, host: workspace.url, by_said: ANA });
  }
  const { tokens, strangers } = await workspace.state();
  assert.equal(strangers, 0, "no dead token was shown by anybody");
  assert.ok(tokens[PASTED], "what was not made by Bowline stays");
});

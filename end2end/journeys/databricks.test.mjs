// Owns the journeys of the workspace's credential: asked for, given in the page, used by a shell, replaced and forgotten.

import assert from "node:assert/strict";

import { seriousProblems } from "../support/axe.mjs";
import { journey } from "../support/journey.mjs";
import { openSettings } from "../support/settings.mjs";
import { until } from "../support/wait.mjs";

const PASTED = "dapi-pasted-by-ana";

journey("a token is asked for, given, used by a shell, replaced and forgotten", async (stage) => {
  const workspace = await stage.databricks();
  await workspace.give(PASTED, "ana@example.com");
  await stage.server({ env: { DATABRICKS_HOST: workspace.url } });
  const view = await stage.page();
  await view.page.getByText("Databricks wants a token").waitFor();
  await view.focus();
  await view.run("$BOWLINE_BIN token; echo status-$?", /there is no token[^]*status-1/);

  const dialog = await openSettings(view, "Databricks");
  const field = dialog.getByLabel("Personal access token");
  assert.equal(await field.getAttribute("type"), "password");
  await dialog.getByText("Programs in your sessions have no access").waitFor();
  assert.deepEqual(await seriousProblems(view.page), []);
  await field.fill("dapi-mistyped");
  await dialog.getByRole("button", { name: "Use this token" }).click();
  await dialog.getByText("the workspace does not know this token").waitFor();
  await field.fill(` ${PASTED} `);
  await field.press("Enter");
  await view.page.getByText("Programs reach the workspace as ana@example.com now.").waitFor();
  assert.equal(await field.inputValue(), "");
  const facts = dialog.locator("dl");
  // It is good before the first short-lived one is made by it.
  await until("the token is in force", async () => /in force.*Good for/s.test((await facts.textContent()) ?? ""));
  assert.match((await facts.textContent()) ?? "", /Signed in as\s*ana@example\.com.*Good for\s*1[45] min/s);
  assert.deepEqual(await seriousProblems(view.page), []);
  await view.press("Escape");
  await view.focus();
  await view.run("$BOWLINE_BIN token", /^dapi-1$/m);
  await view.run("env | grep -c dapi", /^0$/m);

  await openSettings(view, "Databricks");
  await dialog.getByRole("button", { name: "Fresh token now" }).click();
  await until("a fresh token", async () => "dapi-2" in (await workspace.state()).tokens);
  await dialog.getByRole("button", { name: "Forget it" }).click();
  const left = async () => Object.keys((await workspace.state()).tokens).join();
  await until("what was made is revoked", async () => (await left()) === PASTED);
  await dialog.getByText("Programs in your sessions have no access").waitFor();
  const kept = await view.page.evaluate(() => JSON.stringify([localStorage, sessionStorage, document.cookie]));
  assert.ok(!kept.includes("dapi"), "the page keeps no token");
});

journey("without a workspace the settings say nothing of one", async (stage) => {
  await stage.server();
  const view = await stage.page();
  const dialog = await openSettings(view, "Signed in");
  assert.equal(await dialog.getByRole("button", { name: "Databricks" }).count(), 0);
});

// Owns the journey of files that outlive the machine, as far as a page shows it: what was brought back, what was copied at a
// commit, and what is to be done where nothing is kept.

import assert from "node:assert/strict";

import { seriousProblems } from "../support/axe.mjs";
import { journey } from "../support/journey.mjs";
import { openSettings } from "../support/settings.mjs";

journey("a commit in a terminal is copied to the workspace, and the settings show it", async (stage) => {
  const workspace = await stage.databricks();
  await workspace.give("dapi-of-ana", "ana@example.com");
  const env = { DATABRICKS_HOST: workspace.url, DATABRICKS_TOKEN: "dapi-of-ana" };
  await stage.server({ env, args: ["--workspace-sync", "on"] });
  const view = await stage.page();
  await view.run("echo $((6*7))", /^42\s*$/m);
  // Set-up may be over before the page is there.
  await view.run("until ls ~/.local/share/bowline/git/hooks/post-commit; do sleep 0.1; done", /^\/.*post-commit$/m);
  await view.run("mkdir -p ~/projects/one; cd ~/projects/one; git init -q; echo 1 >a; git add a; echo READY-$?", /^READY-0/m);
  await view.run("git -c user.name=Ana -c user.email=ana@example.com commit -qm work; echo DONE-$?", /^DONE-0/m);
  const dialog = await openSettings(view, "Saved files");
  await dialog.getByText(/one: 1 sent, 0 removed, 0 were there; it is at projects\/one/).waitFor();
  await dialog.getByText("brought back, and saved every few minutes").waitFor();
  await dialog.getByText(/\/Users\/ana@example\.com$/).waitFor();
  assert.deepEqual(await seriousProblems(view.page), []);
});

journey("where nothing is kept elsewhere the settings say how it is turned on", async (stage) => {
  await stage.server();
  const view = await stage.page();
  const dialog = await openSettings(view, "Saved files");
  await dialog.getByText("All files stay on this machine.").waitFor();
  assert.deepEqual(await seriousProblems(view.page), []);
});

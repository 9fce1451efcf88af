// Owns the journey of git's credentials: a real clone by https from a server that wants a password, and one that gets none.

import assert from "node:assert/strict";

import { journey } from "../support/journey.mjs";

journey("git clones by https with the token that is meant for exactly that host", async (stage) => {
  const git = await stage.gitServer(["git.localhost", "evil.localhost"]);
  git.key = "x-access-token:ghp-the-token";
  const meant = `git.localhost:${git.port}`;
  const env = { GIT_TOKEN: "ghp-the-token", GIT_TOKEN_HOST: meant, GIT_TOKEN_USER: "x-access-token" };
  await stage.server({ env });
  const view = await stage.page();
  await view.focus();
  await view.type("export GIT_TERMINAL_PROMPT=0; git config --global credential.helper '!$BOWLINE_BIN git-credential'\n");
  await view.type(`git config --global http.sslCAInfo ${git.ca}\n`);
  await view.run(`git clone -q https://${meant}/repository.git one && cat one/README`, /^cloned$/m);
  assert.deepEqual(new Set(git.shown.map(({ host }) => host)), new Set([meant]));

  // The same server by another name, which nothing is meant for.
  git.shown.length = 0;
  await view.run(`git clone -q https://evil.localhost:${git.port}/repository.git two; echo status-$?`, /^status-128$/m);
  assert.deepEqual(
    git.shown.filter(({ shown }) => shown.includes("ghp")),
    [],
    "a foreign host got the token",
  );
  await view.run("env | grep -c ghp; git config --list | grep -c ghp", /^0\n0$/m);
});

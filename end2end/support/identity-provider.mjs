// Owns a real OpenID Connect provider (the npm package `oidc-provider`) at which people sign in by saying who they are. It
// runs under another name than Bowline, so that it is another site to the browser. Must not know Bowline beyond the
// address that it sends browsers back to.

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import http from "node:http";

import Provider from "oidc-provider";

const CLIENT = "bowline-journeys";

/** Somebody, as the provider knows them. @typedef {{verified?: boolean, groups?: string[]}} Account */

export class IdentityProvider {
  /** Told to Bowline alone. */
  secret = randomBytes(24).toString("hex");
  /** @type {Map<string, Account>} */
  #accounts = new Map();
  /** @type {Provider | undefined} */
  #provider;
  #listener;

  static async start() {
    const provider = new IdentityProvider();
    provider.#listener.listen(0, "127.0.0.1");
    await once(provider.#listener, "listening");
    return provider;
  }

  /** @private use `start` */
  constructor() {
    this.#listener = http.createServer((request, response) => void this.#serve(request, response));
  }

  get issuer() {
    return `http://localhost:${/** @type {import("node:net").AddressInfo} */ (this.#listener.address()).port}`;
  }

  /** What makes Bowline send people here. */
  get settings() {
    return {
      args: ["--auth", "oidc", "--oidc-issuer", this.issuer, "--oidc-client-id", CLIENT],
      env: { BOWLINE_OIDC_CLIENT_SECRET: this.secret },
    };
  }

  /** Makes somebody known. @param {string} email @param {Account} [account] */
  know(email, account = {}) {
    this.#accounts.set(email, { verified: true, ...account });
  }

  /** Sends browsers back to there from now on; before, nothing here answers. @param {string} back */
  serve(back) {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const key = { ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256", kid: "journeys" };
    this.#provider = new Provider(this.issuer, {
      clients: [{ client_id: CLIENT, client_secret: this.secret, redirect_uris: [back] }],
      claims: { openid: ["sub"], email: ["email", "email_verified"], groups: ["groups"] },
      cookies: { keys: [randomBytes(16).toString("hex")] },
      features: { devInteractions: { enabled: false } },
      findAccount: (_, email) => {
        const account = this.#accounts.get(email);
        const { verified, groups } = account ?? {};
        const claims = { sub: email, email, email_verified: verified, groups };
        return account && { accountId: email, claims: () => claims };
      },
      interactions: { url: (_, { uid }) => `/who/${uid}` },
      jwks: { keys: [/** @type {any} */ (key)] },
      // Nobody is asked whether Bowline may know who they are.
      loadExistingGrant: async (ctx) => {
        const { client, provider, session } = ctx.oidc;
        const grant = new provider.Grant({ clientId: client?.clientId, accountId: session?.accountId });
        grant.addOIDCScope("openid email groups");
        await grant.save();
        return grant;
      },
      pkce: { required: () => true },
      ttl: { Interaction: 600, Session: 3600, Grant: 3600, AccessToken: 60, IdToken: 60 },
    });
  }

  async #serve(/** @type {http.IncomingMessage} */ request, /** @type {http.ServerResponse} */ response) {
    const provider = this.#provider;
    if (!provider) return void response.writeHead(503).end();
    const url = new URL(request.url ?? "/", this.issuer);
    if (!url.pathname.startsWith("/who/")) return void provider.callback()(request, response);
    const who = url.searchParams.get("who");
    if (who) return void (await provider.interactionFinished(request, response, { login: { accountId: who } }));
    response.writeHead(200, { "content-type": "text/html" });
    response.end(
      "<!doctype html><title>Provider</title><form>" +
        '<label>Who are you? <input name="who"></label> <button>Sign in at the provider</button></form>',
    );
  }

  async stop() {
    this.#listener.closeAllConnections();
    this.#listener.close();
  }
}

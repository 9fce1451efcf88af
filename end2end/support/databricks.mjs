// Owns a Databricks workspace on loopback, as far as a page needs one: whose a token is, tokens made and revoked. Must not
// know Bowline. The strict one is in Rust, beside the tests of `identity`.

import { once } from "node:events";
import http from "node:http";

export class DatabricksWorkspace {
  /** Whose a token is, and its id. @type {Map<string, {who: string, id: string}>} */
  tokens = new Map();
  #made = 0;
  #listener = http.createServer((request, response) => void this.#answer(request, response));

  static async start() {
    const workspace = new DatabricksWorkspace();
    workspace.#listener.listen(0, "127.0.0.1");
    await once(workspace.#listener, "listening");
    return workspace;
  }

  get url() {
    const { port } = /** @type {import("node:net").AddressInfo} */ (this.#listener.address());
    return `http://127.0.0.1:${port}`;
  }

  async #answer(/** @type {http.IncomingMessage} */ request, /** @type {http.ServerResponse} */ response) {
    const json = (/** @type {number} */ status, /** @type {object} */ value) =>
      void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    const shown = this.tokens.get((request.headers.authorization ?? "").replace(/^Bearer /, ""));
    if (!shown) return json(403, { error_code: "PERMISSION_DENIED", message: "Invalid access token." });
    if (request.url === "/api/2.0/preview/scim/v2/Me") return json(200, { userName: shown.who });
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = JSON.parse(Buffer.concat(chunks).toString() || "{}");
    if (request.url === "/api/2.0/token/create") {
      this.#made += 1;
      const [id, token] = [`id-${this.#made}`, `dapi-${this.#made}`];
      this.tokens.set(token, { who: shown.who, id });
      return json(200, { token_value: token, token_info: { token_id: id } });
    }
    if (request.url === "/api/2.0/token/delete") {
      for (const [token, { id }] of this.tokens) if (id === body.token_id) this.tokens.delete(token);
      return json(200, {});
    }
    json(404, {});
  }

  async stop() {
    this.#listener.closeAllConnections();
    await new Promise((done) => this.#listener.close(done));
  }
}

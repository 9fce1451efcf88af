// Owns requests that no browser and no fetch would make: any Host, any Origin, any cookie.
// Must not interpret the answers.

import http from "node:http";
import https from "node:https";

import { RawSocket } from "./raw-socket.mjs";
import { within } from "./wait.mjs";

/**
 * @typedef {object} Answer
 * @property {number} status 101 for an upgrade that was granted
 * @property {http.IncomingHttpHeaders} headers
 * @property {string} body
 */

/**
 * How a connection is made beyond its URL: from which address, by which name and authority of TLS.
 *
 * @typedef {Pick<https.RequestOptions, "localAddress" | "servername" | "ca">} Connection
 */

/**
 * @param {string} url
 * @param {{method?: string, headers?: http.OutgoingHttpHeaders, body?: string | Uint8Array, connection?: Connection}} [options]
 * @returns {Promise<Answer>}
 */
export function ask(url, { method = "GET", headers = {}, body, connection = {} } = {}) {
  const answered = new Promise((resolve, reject) => {
    const { request: send } = url.startsWith("https:") ? https : http;
    const request = send(url, { method, headers, agent: false, ...connection }, async (response) => {
      try {
        const parts = [];
        for await (const part of response) parts.push(part);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts).toString() });
      } catch (error) {
        reject(error);
      }
    });
    request.on("error", reject);
    request.end(body);
  });
  return within(`the answer of ${url}`, answered);
}

/**
 * A WebSocket handshake; the connection is closed again when it was granted.
 *
 * @param {string} url
 * @param {http.OutgoingHttpHeaders} headers
 * @param {Connection} [connection]
 * @returns {Promise<Answer>}
 */
export async function askUpgrade(url, headers, connection = {}) {
  try {
    const socket = await RawSocket.open(url, { headers, protocol: "bowline.1", connection });
    socket.close();
    return { status: 101, headers: {}, body: "" };
  } catch (error) {
    const { status, headers, body } = /** @type {any} */ (error);
    if (status === undefined) throw error;
    return { status, headers, body };
  }
}

// Owns a WebSocket client small enough to misbehave on purpose: any header, any bytes. Must not know Bowline's frames.

import { randomBytes } from "node:crypto";
import http from "node:http";
import https from "node:https";

import { within } from "./wait.mjs";

const BINARY = 0x2;
const CLOSE = 0x8;

/** An upgraded connection. The handshake's refusal is an error that carries `status` and `body`. */
export class RawSocket {
  #socket;
  #buffer = Buffer.alloc(0);
  /** Close code sent by the server, if it sent one. @type {number | undefined} */
  closeCode;
  /** Messages received. @type {Buffer[]} */
  messages = [];

  /**
   * @param {string} url http URL of the endpoint
   * @param {{headers?: http.OutgoingHttpHeaders, protocol?: string, connection?: import("./ask.mjs").Connection}} [options]
   * @returns {Promise<RawSocket>}
   */
  static open(url, { headers = {}, protocol, connection = {} } = {}) {
    const { request: send } = url.startsWith("https:") ? https : http;
    const request = send(url, {
      agent: false,
      ...connection,
      headers: {
        Connection: "Upgrade",
        Upgrade: "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
        ...(protocol === undefined ? {} : { "Sec-WebSocket-Protocol": protocol }),
        ...headers,
      },
    });
    const opened = new Promise((resolve, reject) => {
      request.on("upgrade", (_, socket, first) => resolve(new RawSocket(socket, first)));
      request.on("response", async (response) => {
        const parts = [];
        for await (const part of response) parts.push(part);
        const body = Buffer.concat(parts).toString();
        const error = new Error(`upgrade answered ${response.statusCode}: ${body.slice(0, 200)}`);
        reject(Object.assign(error, { status: response.statusCode, headers: response.headers, body }));
      });
      request.on("error", reject);
    });
    request.end();
    return within(`upgrade of ${url}`, opened);
  }

  /** @private use `open` */
  constructor(/** @type {import("node:stream").Duplex} */ socket, /** @type {Buffer} */ first) {
    this.#socket = socket;
    socket.on("error", () => {});
    socket.on("data", (bytes) => this.#read(bytes));
    /** Resolves when the connection is gone, with the close code if there was one. @type {Promise<number | undefined>} */
    this.closed = new Promise((resolve) => socket.on("close", () => resolve(this.closeCode)));
    if (first.length > 0) this.#read(first);
  }

  /** Sends one binary message. */
  send(/** @type {Uint8Array} */ bytes) {
    const mask = randomBytes(4);
    const length =
      bytes.length < 126
        ? Buffer.from([0x80 | bytes.length])
        : bytes.length < 1 << 16
          ? Buffer.from([0x80 | 126, bytes.length >> 8, bytes.length & 0xff])
          : Buffer.concat([Buffer.from([0x80 | 127, 0, 0, 0, 0]), u32(bytes.length)]);
    const masked = Buffer.from(bytes).map((byte, at) => byte ^ mask[at % 4]);
    this.#socket.write(Buffer.concat([Buffer.from([0x80 | BINARY]), length, mask, masked]));
  }

  /** Sends bytes that are no WebSocket frame at all. */
  sendRaw(/** @type {Uint8Array} */ bytes) {
    this.#socket.write(bytes);
  }

  close() {
    this.#socket.destroy();
  }

  #read(/** @type {Buffer} */ bytes) {
    this.#buffer = Buffer.concat([this.#buffer, bytes]);
    for (;;) {
      if (this.#buffer.length < 2) return;
      const opcode = this.#buffer[0] & 0x0f;
      const short = this.#buffer[1] & 0x7f;
      const start = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (this.#buffer.length < start) return;
      const length =
        short < 126 ? short : short === 126 ? this.#buffer.readUInt16BE(2) : Number(this.#buffer.readBigUInt64BE(2));
      if (this.#buffer.length < start + length) return;
      const payload = this.#buffer.subarray(start, start + length);
      this.#buffer = this.#buffer.subarray(start + length);
      if (opcode === BINARY) this.messages.push(payload);
      if (opcode === CLOSE) {
        this.closeCode = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
        this.#socket.end();
      }
    }
  }
}

function u32(/** @type {number} */ value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

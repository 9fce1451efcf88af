// Owns how journeys find a port for programs that can't take one of the system's choosing. Must not start any.

import { once } from "node:events";
import net from "node:net";

/** A port that was free just now. */
export async function freePort() {
  const probe = net.createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = /** @type {net.AddressInfo} */ (probe.address());
  probe.close();
  await once(probe, "close");
  return port;
}

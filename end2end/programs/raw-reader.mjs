// Owns a reader in raw mode (a canonical line over 4,095 bytes is cut by the kernel): `node raw-reader.mjs BYTES`
// prints READY, takes exactly BYTES bytes and prints `read N SHA256`.

import { createHash } from "node:crypto";

const wanted = Number(process.argv[2]);
const hash = createHash("sha256");
let read = 0;

process.stdin.setRawMode(true);
process.stdin.on("data", (bytes) => {
  hash.update(bytes);
  read += bytes.length;
  if (read < wanted) return;
  process.stdin.setRawMode(false);
  process.stdout.write(`read ${read} ${hash.digest("hex")}\n`);
  process.exit(0);
});
process.stdout.write("READY\n");

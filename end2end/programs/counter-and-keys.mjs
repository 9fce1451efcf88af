// Owns a program that prints a counter and takes keys at once, as an agent's screen does:
// `node counter-and-keys.mjs LINES_PER_SECOND LINES FILE`. What is typed goes to FILE byte by byte, without echo.
// The last line printed by the counter creates FILE.done; Ctrl-D after it ends the program with a line `keys N`.

import { appendFileSync, writeFileSync } from "node:fs";

const [perSecond, lines] = process.argv.slice(2, 4).map(Number);
const file = process.argv[4];
const end = 0x04;
let keys = 0;
let printed = 0;

writeFileSync(file, "");
process.stdin.setRawMode(true);
process.stdin.on("data", (bytes) => {
  const at = bytes.indexOf(end);
  const typed = at < 0 ? bytes : bytes.subarray(0, at);
  appendFileSync(file, typed);
  keys += typed.length;
  if (at < 0) return;
  process.stdin.setRawMode(false);
  process.stdout.write(`keys ${keys}\n`);
  process.exit(0);
});
process.stdout.write("READY\n");

const start = performance.now();
const timer = setInterval(() => {
  const owed = Math.min(lines, Math.floor(((performance.now() - start) / 1000) * perSecond));
  let text = "";
  while (printed < owed) text += `c${(printed += 1)}\n`;
  if (text !== "") process.stdout.write(text);
  if (printed < lines) return;
  clearInterval(timer);
  writeFileSync(`${file}.done`, "");
}, 5);

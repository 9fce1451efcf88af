// Owns a counter that a test runs in a terminal: `node counter.mjs LINES_PER_SECOND [LINES]` prints c1, c2, … until
// it has printed LINES or is interrupted. Lines are owed by the clock, so a slow machine only prints them in clumps.

const [perSecond, lines = Infinity] = process.argv.slice(2).map(Number);
const start = performance.now();
let printed = 0;
const timer = setInterval(() => {
  const owed = Math.min(lines, Math.floor(((performance.now() - start) / 1000) * perSecond));
  let text = "";
  while (printed < owed) text += `c${(printed += 1)}\n`;
  if (text !== "") process.stdout.write(text);
  if (printed >= lines) clearInterval(timer);
}, 5);

// Owns an imitation of a coding agent on the alternate screen: panes with borders, a log that scrolls inside margins,
// truecolor shades, mouse and paste modes, partial redraws in synchronized frames. Deterministic, ends alone.

const out = (/** @type {string} */ text) => process.stdout.write(text);
const cols = process.stdout.columns ?? 80;
const rows = process.stdout.rows ?? 24;
const left = Math.floor(cols * 0.3);

const at = (row, col) => `\x1b[${row};${col}H`;
const shade = (step) => `\x1b[48;2;${20 + (step % 30)};${24 + (step % 20)};${40 + (step % 50)}m`;

function borders(step) {
  let text = "\x1b[?2026h\x1b[38;5;240m";
  for (let row = 2; row < rows - 1; row += 1) text += `${at(row, 1)}│${at(row, left)}│${at(row, cols)}│`;
  text += `${at(1, 1)}╭${"─".repeat(left - 2)}┬${"─".repeat(cols - left - 1)}╮`;
  text += `${at(rows - 1, 1)}╰${"─".repeat(left - 2)}┴${"─".repeat(cols - left - 1)}╯\x1b[39m`;
  text += `${at(1, 4)}\x1b[1;38;2;255;${120 + step};80m Files ${at(1, left + 3)} Session 漢字 👩‍🚀 \x1b[0m`;
  return `${text}\x1b[?2026l`;
}

function files(step) {
  let text = "";
  for (let row = 2; row < rows - 1; row += 1) {
    const chosen = row - 2 === step % (rows - 3);
    const name = `${row % 3 === 0 ? "📁" : "📄"} module_${row}.rs`.padEnd(left - 4);
    text += `${at(row, 2)}${chosen ? `${shade(step)}\x1b[97m` : "\x1b[37m"}${name.slice(0, left - 4)}\x1b[0m`;
  }
  return text;
}

/** The log moves up inside its margins; the border is drawn again where the scrolling took it along. */
function log(step) {
  const level = ["\x1b[32minfo", "\x1b[33mwarn", "\x1b[31;1mfail", "\x1b[36;2mtrace"][step % 4];
  return (
    `\x1b[2;${rows - 2}r${at(rows - 2, 1)}\n${at(rows - 2, 1)}│${at(rows - 2, left)}│` +
    `${at(rows - 2, left + 1)} ${String(step).padStart(3, "0")} ${level}\x1b[0m step ${step} done\x1b[K${at(rows - 2, cols)}│\x1b[r`
  );
}

function prompt(step) {
  const typed = "explain the window of the link".slice(0, step % 31);
  return `${at(rows, 1)}\x1b[48;5;236m\x1b[K> ${typed}\x1b[0m${step % 5 === 4 ? "\x1b[1K" : ""}${at(rows, 3 + typed.length)}`;
}

out("\x1b[?1049h\x1b[22;0;0t\x1b[2J\x1b[H\x1b[?1h\x1b=\x1b[?1002h\x1b[?1006h\x1b[?2004h\x1b[?25l\x1b[>4;2m\x1b]2;agent\x1b\\");
out(borders(0));
for (let step = 0; step < 40; step += 1) {
  out(`\x1b[?2026h${files(step)}${log(step)}${step % 10 === 9 ? borders(step) : ""}${prompt(step)}\x1b[?2026l`);
  if (step === 20) out(`\x1b[5 q\x1b[?25h${at(4, left + 3)}\x1b[4h${"inserted"}\x1b[4l\x1b[3P\x1b[2@\x1b[5X`);
  if (step === 30) out(`${at(6, 1)}\x1b[2L\x1b[3M${borders(step)}`);
}
out("\x1b[?1006l\x1b[?1002l\x1b[?2004l\x1b[?1l\x1b>\x1b[0 q\x1b[23;0;0t\x1b[?1049l\x1b[?25h");
out("\x1b[1mGoodbye!\x1b[0m 40 steps, \x1b[38;5;208m3 files\x1b[0m changed\r\n");

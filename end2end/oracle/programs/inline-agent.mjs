// Owns an imitation of a coding agent that draws below the prompt without the alternate screen: text streams into
// history, a live part beneath is redrawn in synchronized frames by moving up and erasing. Deterministic, ends alone.

const out = (/** @type {string} */ text) => process.stdout.write(text);
const cols = process.stdout.columns ?? 80;
const rows = process.stdout.rows ?? 24;
const SPINNER = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const EMOJI = ["🔧", "🧪", "📝", "✅", "⚙️", "👩‍💻", "🚀", "⏳"];
const WORDS = "the knot holds under load and comes undone when you want it to so every byte arrives once in order".split(" ");

const rgb = (r, g, b) => `\x1b[38;2;${r};${g};${b}m`;
const dim = (text) => `\x1b[2m${text}\x1b[22m`;
let live = 0;

/** Erases the live part, lets `above` scroll into history, and draws the live part again. */
function frame(above, lines) {
  out("\x1b[?2026h");
  if (live > 0) out(`\x1b[${live}A`);
  out("\r\x1b[J");
  for (const line of above) out(`${line}\r\n`);
  for (const line of lines) out(`${line}\x1b[K\r\n`);
  live = lines.length;
  out("\x1b[?2026l");
}

function box(text, step) {
  const width = Math.min(cols, 100) - 2;
  const shade = rgb(90 + ((step * 13) % 120), 130, 220);
  return [
    `${shade}╭${"─".repeat(width)}╮\x1b[39m`,
    `${shade}│\x1b[39m ❯ ${text.padEnd(width - 3).slice(0, width - 3)}${shade}│\x1b[39m`,
    `${shade}╰${"─".repeat(width)}╯\x1b[39m`,
  ];
}

function status(step) {
  const emoji = EMOJI[Math.floor(step / 6) % EMOJI.length];
  const counter = `${dim(`(${step}s · ↑ ${(step * 0.31).toFixed(1)}k tokens · esc to interrupt)`)}`;
  return `${rgb(255, 140 - (step % 40), 60)}${SPINNER[step % SPINNER.length]} ${emoji} Weaving…\x1b[39m ${counter}`;
}

function paragraph(step) {
  const words = Array.from({ length: 12 + ((step * 7) % 25) }, (_, n) => WORDS[(step * 5 + n * 3) % WORDS.length]);
  return `\x1b[1m●\x1b[22m ${words.join(" ")} ${step % 3 ? "" : "漢字とかな "}`;
}

function diff(step) {
  return [
    `  ${dim(`${step}`.padStart(4))} \x1b[48;2;60;20;20m${rgb(255, 180, 180)}- let count = ${step};\x1b[K\x1b[39;49m`,
    `  ${dim(`${step + 1}`.padStart(4))} \x1b[48;2;20;60;20m${rgb(180, 255, 180)}+ let count = \x1b[1m${step + 1}\x1b[22m;\x1b[K\x1b[39;49m`,
  ];
}

/** A panel of last lines at the bottom, scrolled inside margins. */
function panel() {
  const height = 6;
  out("\r\n".repeat(height));
  out(`\x1b7\x1b[${rows - height + 1};${rows}r\x1b[${rows};1H`);
  for (let line = 0; line < 14; line += 1) {
    out(`\r\n\x1b[3${1 + (line % 7)}m│\x1b[0m test case number ${line} … \x1b[4:3m\x1b[58;5;9mcurly\x1b[0m ok`);
  }
  out("\x1b[r\x1b8\x1b[J");
}

out("\x1b]0;✳ weaving\x07\x1b[?25l\x1b[?2004h\x1b[?1004h");
for (let step = 0; step < 48; step += 1) {
  const above = step % 4 === 1 ? [paragraph(step)] : step % 8 === 6 ? diff(step) : [];
  const menu = step > 20 && step < 34 ? ["  1. Yes", "\x1b[7m❯ 2. Yes, and don't ask again\x1b[27m", "  3. No"] : [];
  frame(above, ["", status(step), "", ...box("refactor the parser".slice(0, step), step), ...menu, dim("  ? for shortcuts")]);
  if (step === 40) {
    frame([], []);
    panel();
  }
}
out("\x1b]8;;https://example.com/report\x1b\\\x1b[4mthe report\x1b[24m\x1b]8;;\x1b\\\r\n");
out("\x1b[?25h\x1b[?2004l\x1b[?1004l\x1b]0;\x07");

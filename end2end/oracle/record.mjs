/**
 * Owns the making of `screen/tests/recordings`: real programs in a real pseudo terminal (that of util-linux' `script`),
 * typed at when their screen says so. `node end2end/oracle/record.mjs [part of a name]`, as root for the process lists.
 * What is recorded names no machine: own folder, own environment, own process namespace. No test runs this.
 */

import { spawn, execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Terminal } from "./terminal.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const target = path.join(here, "../../screen/tests/recordings");
const SIZES = [
  [80, 24],
  [120, 40],
];
const QUIET_MS = 150;
const DEADLINE_MS = 20_000;
const MOST_BYTES = 200_000;

const UP = "\x1b[A";
const LEFT = "\x1b[D";
const program = (name) => `node ${path.join(here, "programs", name)}`;
/** Other people's processes, and the paths in their arguments, are nobody's business. */
const alone = (command) => `unshare --pid --fork --mount-proc sh -c 'sleep 300 & sleep 300 & exec ${command}'`;

/**
 * Each: a command, and what is typed: a string once the screen is quiet, a pattern to be waited for, or a number of
 * milliseconds to let the program go on by itself.
 */
const PROGRAMS = {
  bash: {
    command: "bash --norc --noprofile -i",
    typed: [
      /\$/,
      "echo hello world",
      `${LEFT.repeat(5)}\x17brave \x05!\r`,
      "printf '\\e[1;3%dmcolour \\e[4mline\\e[0m\\n' 1 2 3 4 5 6 7\r",
      `echo ${"a long command that goes round the edge of the terminal ".repeat(4)}`,
      "\x01\x1bf\x1bf\x0b\x19\x05 | wc -w\r",
      `${UP}${UP}\x01# \r`,
      "\x12prin\x12",
      "\x07",
      "ls fi\t\t",
      "\x15ls --color=always\r",
      "PS1='\\[\\e[1;32m\\]\\w\\[\\e[0m\\]\\n\\[\\e[38;5;208m\\]❯\\[\\e[0m\\] '\r",
      "for i in $(seq 1 60); do echo \"line $i of sixty\"; done\r",
      "cat <<END\rtwo\rlines\rEND\r",
      "clear\r",
      "bind 'set enable-bracketed-paste on'\r",
      "\x1b[200~echo pasted\nsecond line\x1b[201~\r",
      "PS1='$ '; read -p 'name? ' name; echo \"hi $name\"\rBowline\r",
      "stty -a >/dev/null; tput smcup; tput cup 3 3; echo in; tput rmcup; echo out\r",
      "exit\r",
    ],
  },
  ls: {
    command: "bash --norc --noprofile -i",
    typed: [/\$/, "ls --color=always\r", "ls --color=always many\r", "ls -l --color=always many | tail -n 60\r", "ls -x many | cat\r", "exit\r"],
  },
  vim: {
    command: "vim -u DEFAULTS -i NONE main.rs",
    typed: [
      /fn /,
      "Go// a line at the end, and 漢字 too\x1b",
      "ggdd3jp",
      ":set number list hlsearch\r",
      "/let\rnnn",
      "\x04\x04\x15",
      ":vsplit notes.md\r",
      "\x17wVjjjd",
      "u:split\r",
      ":%s/knot/bend/g\r",
      "\x17_\x17|",
      "10ihello \x1b",
      "vG>",
      "uuuu:set wrap!\r",
      "ggO" + "long ".repeat(60) + "\x1b",
      "0i\x16u2713 \x1bxp",
      ":!echo from the shell\r",
      "\r",
      ":only\r:set cursorline cursorcolumn\rjjjlll",
      "ZQ",
      ":qa!\r",
    ],
  },
  less: {
    command: "less -R coloured.txt",
    typed: [/line 1/, " ", " ", "b", "/even\r", "nn", "N", "G", "g", "50%", "-S\r", "\x1b[C\x1b[C", "&odd\r", "jjjkk", "q"],
  },
  man: {
    command: "man -l knot.1",
    typed: [/KNOT/, " ", "/load\r", "n", "G", "g", "h", "q", "q"],
  },
  tmux: {
    command: "tmux -S socket -f tmux.conf new-session -s knot 'bash --norc --noprofile'",
    typed: [
      /\$/,
      "seq 1 80\r",
      "\x02%",
      "ls --color=always many\r",
      '\x02"',
      "printf '\\e[38;2;255;100;0mtruecolor\\e[0m \\e[4:3mcurly\\e[0m 漢字 👩‍💻\\n'; yes | head -n 100\r",
      "\x02\x1b[1;5A\x02\x1b[1;5D",
      "\x02z",
      "vim -u DEFAULTS -i NONE main.rs\r",
      "Gihello\x1b:qa!\r",
      "\x02z\x02o\x02o",
      "\x02[\x15\x15gq",
      "\x02c",
      "echo second window\r",
      "\x02w",
      "q\x02p",
      "\x02 \x02 ",
      "\x02q",
      1200,
      "exit\r",
      "\x02:",
      "kill-server\r",
    ],
  },
  htop: {
    command: alone("htop --delay=3"),
    typed: [/Help/, 1200, "\x1b[15~", "jjk", "\x1b[17~", "\x1b", "\x1b[13~slee\x1b", "\x1b[12~", 600, "q", "q"],
  },
  top: {
    command: alone("top -d 0.3"),
    typed: [/PID/, 700, "z", "x", "1", "c", "t", "m", "V", 500, "h", "\x1b", "A", 500, "q"],
  },
  "git-log": {
    command: "git log --graph --color=always --decorate --all",
    typed: [/\* /, " ", "/knot\r", "G", "q"],
  },
  "git-diff": {
    command: "sh -c 'git --no-pager log --graph --oneline --color=always --all; git --no-pager diff --color=always --stat -p main~6 main'",
    typed: [],
  },
  "inline-agent": { command: program("inline-agent.mjs"), typed: [] },
  "fullscreen-agent": { command: program("fullscreen-agent.mjs"), typed: [] },
  unicode: { command: program("unicode.mjs"), typed: [] },
};

/** What the programs look at, alike on every machine. */
function stage(folder) {
  const write = (name, text) => writeFileSync(path.join(folder, name), text);
  mkdirSync(path.join(folder, "many"));
  const ends = ["rs", "md", "png", "tar.gz", "sh", "漢字", "txt"];
  for (let n = 0; n < 160; n += 1) write(`many/${"file".repeat(1 + (n % 4))}-${n}.${ends[n % ends.length]}`, "x".repeat(n * 37));
  for (let n = 0; n < 9; n += 1) write(`file-${n}.txt`, "");
  const code = Array.from({ length: 90 }, (_, n) =>
    n % 9 === 0 ? `/// Ties knot ${n}: "it holds".\nfn knot_${n}(load: u32) -> Option<&'static str> {` : n % 9 === 8 ? "}\n" : `    let turn_${n} = load * ${n}; // 結び ${n}`,
  );
  write("main.rs", `${code.join("\n")}\n`);
  write("notes.md", Array.from({ length: 60 }, (_, n) => `# Note ${n}\n\nA *knot* that **holds** under load, number ${n}.\n`).join("\n"));
  const line = (n) => `\x1b[3${n % 8}mline ${n + 1}\x1b[0m ${n % 2 ? "even" : "odd"} ${"word ".repeat((n * 7) % 30)}${n % 5 ? "" : "漢字 \x1b[7mturned\x1b[27m"}\n`;
  write("coloured.txt", Array.from({ length: 300 }, (_, n) => line(n)).join(""));
  const sections = ["SYNOPSIS", "DESCRIPTION", "OPTIONS", "FILES", "EXAMPLES", "BUGS"].map(
    (name, n) => `.SH ${name}\n${`.PP\nA \\fBknot\\fR that holds under \\fIload\\fR and comes undone when \\fBone\\fR wants it to. \n.TP\n.B \\-\\-turns=${n}\nHow often it goes round.\n`.repeat(5)}`,
  );
  write("knot.1", `.TH KNOT 1 "2026-01-01" "knot 1" "Knots"\n.SH NAME\nknot \\- hold a thing\n${sections.join("")}`);
  write("tmux.conf", "set -g status-right ''\nset -g default-terminal tmux-256color\nset -g mouse on\nset -g escape-time 0\nset -g assume-paste-time 0\nset -g default-command 'bash --norc --noprofile'\n");
  execFileSync("touch", ["-d", "2026-01-01 12:00", ...ls(folder)], { cwd: folder });
  repository(folder);
}

function ls(folder) {
  return execFileSync("find", [".", "-not", "-path", "./.git*"], { cwd: folder, encoding: "utf8" }).trim().split("\n");
}

function repository(folder) {
  let clock = 1_767_268_800;
  const git = (...args) => {
    clock += 3600;
    const who = { GIT_AUTHOR_NAME: "Ann", GIT_AUTHOR_EMAIL: "ann@example.com", GIT_COMMITTER_NAME: "Ben", GIT_COMMITTER_EMAIL: "ben@example.com" };
    const when = { GIT_AUTHOR_DATE: `${clock} +0000`, GIT_COMMITTER_DATE: `${clock} +0000`, GIT_CONFIG_GLOBAL: "/dev/null" };
    execFileSync("git", args, { cwd: folder, env: { ...process.env, ...who, ...when }, stdio: "ignore" });
  };
  git("init", "-b", "main");
  git("add", "main.rs", "notes.md");
  git("commit", "-m", "Tie the first knot");
  for (let n = 0; n < 8; n += 1) {
    const branch = `turn-${n}`;
    git("checkout", "-b", branch, n > 2 ? "main~1" : "main");
    for (const part of ["over", "under 漢字"]) {
      writeFileSync(path.join(folder, `${branch}.txt`), `${part}\n`.repeat(10 + n));
      git("add", `${branch}.txt`);
      git("commit", "-m", `Go ${part}, turn ${n}`, "-m", "So that the knot holds under load, and comes undone.");
    }
    git("checkout", "main");
    git("merge", "--no-ff", "-m", `Merge turn ${n}`, branch);
  }
}

async function record(name, { command, typed }, [cols, rows]) {
  const folder = mkdtempSync(path.join(tmpdir(), "recording-"));
  try {
    stage(folder);
    const bytes = await play(command, typed, cols, rows, folder);
    if (bytes.length > MOST_BYTES) throw new Error(`${name} is ${bytes.length} bytes`);
    for (const private_ of [folder, here, execFileSync("hostname", { encoding: "utf8" }).trim()]) {
      if (bytes.includes(private_)) throw new Error(`${name} tells ${private_}`);
    }
    writeFileSync(path.join(target, `${name}-${cols}x${rows}.raw`), bytes);
    console.log(`${name} ${cols}x${rows}: ${bytes.length} bytes`);
  } finally {
    // A program that is still ending may write meanwhile.
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

async function play(command, typed, cols, rows, cwd) {
  const environment = `HOME="$PWD" PS1='$ ' TERM=xterm-256color COLORTERM=truecolor LANG=C.UTF-8 LC_ALL=C.UTF-8 MANROFFOPT=-c SHELL=/bin/sh`;
  const inside = `stty cols ${cols} rows ${rows}; exec env -i PATH="$PATH" ${environment} ${command}`;
  const child = spawn("script", ["-qfec", inside, "/dev/null"], { cwd, stdio: ["pipe", "pipe", "inherit"] });
  // Programs ask their terminal things and wait for the answers.
  const terminal = new Terminal({ cols, rows, scrollback: 1000 }, new Uint8Array(0x20000).fill(1));
  const chunks = [];
  let heard = Date.now();
  let ended = false;
  child.stdout.on("data", (chunk) => {
    heard = Date.now();
    chunks.push(chunk);
    terminal.write(chunk);
    const answers = terminal.takeAnswers();
    if (answers !== "") child.stdin.write(answers);
  });
  const exit = once(child, "close").then(() => {
    ended = true;
  });
  for (const step of typed) {
    if (ended) break;
    if (typeof step === "number") {
      await pause(step);
    } else if (typeof step === "string") {
      await until(`quiet before ${JSON.stringify(step)}`, () => ended || Date.now() - heard > QUIET_MS);
      child.stdin.write(step);
      heard = Date.now();
    } else {
      await until(`${step}`, () => ended || step.test(terminal.text(0)));
    }
  }
  const late = pause(DEADLINE_MS, "late", { ref: false });
  if ((await Promise.race([exit, late])) === "late") {
    child.kill("SIGKILL");
    throw new Error(`${command} does not end; it shows\n${terminal.text(0)}`);
  }
  return Buffer.concat(chunks);
}

async function until(what, holds) {
  const end = Date.now() + DEADLINE_MS;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`not seen: ${what}`);
    await pause(20);
  }
}

mkdirSync(target, { recursive: true });
for (const [name, one] of Object.entries(PROGRAMS)) {
  if (process.argv[2] && !name.includes(process.argv[2])) continue;
  for (const size of SIZES) await record(name, one, size);
}

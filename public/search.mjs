/**
 * Finds text in a terminal: every match in the screen and in all that lies above it, painted where it is on screen, one
 * of them selected. Lines that were wrapped are one line. Must not write to the terminal.
 *
 * Not xterm.js's own addon: that one counts every end of a word that an expression matches as a match of its own, and
 * misses a whole word behind a part of a longer one.
 */

/** Most matches counted. */
const MOST = 100_000;
/** An expression may take so long, milliseconds; what was found until then is shown. */
const PATIENCE = 300;
/** After output the search is done again, so many milliseconds later. */
const SETTLE = 150;

/**
 * One match: where it begins and how many cells it takes, those at the ends of wrapped lines included.
 *
 * @typedef {{row: number, col: number, cells: number}} Match
 * @typedef {{text: string, regex: boolean, matchCase: boolean, word: boolean}} Query
 */

/**
 * The expression of a query, or what is wrong with it.
 *
 * @returns {RegExp | "invalid" | "empty"}
 */
export function expression(/** @type {Query} */ { text, regex, matchCase, word }) {
  const source = regex ? text : text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  const flags = matchCase ? "g" : "gi";
  // Whole characters where the expression allows it; it may be an older one with needless backslashes.
  for (const [unicode, letter] of [
    ["u", "[\\p{L}\\p{N}_]"],
    ["", "\\w"],
  ]) {
    try {
      const plain = new RegExp(source, flags + unicode);
      // It would be found between any two characters.
      if (plain.test("")) return "empty";
      return word ? new RegExp(`(?<!${letter})(?:${source})(?!${letter})`, flags + unicode) : plain;
    } catch {
      // The next one, if there is one.
    }
  }
  return "invalid";
}

/**
 * The lines of a buffer, wrapped rows joined: the text, the first row, and where in the text each row begins.
 *
 * @returns {{text: string, row: number, starts: number[]}[]}
 */
export function lines(/** @type {any} */ buffer) {
  const all = [];
  for (let row = 0; row < buffer.length; ) {
    const line = { text: "", row, starts: /** @type {number[]} */ ([]) };
    let here = buffer.getLine(row);
    for (;;) {
      row += 1;
      const next = buffer.getLine(row);
      const goesOn = next?.isWrapped === true;
      let text = here.translateToString(!goesOn);
      if (goesOn && next.getCell(0)?.getWidth() === 2 && here.getCell(here.length - 1)?.getCode() === 0) {
        // A wide character found no room in the last cell.
        text = text.slice(0, -1);
      }
      line.starts.push(line.text.length);
      line.text += text;
      if (!goesOn) break;
      here = next;
    }
    all.push(line);
  }
  return all;
}

/** The column of the character at `offset` of a row's text; behind the last one for an offset behind it. */
function column(/** @type {any} */ row, /** @type {number} */ offset) {
  let passed = 0;
  for (let x = 0; x < row.length; x += 1) {
    const cell = row.getCell(x);
    if (cell.getWidth() === 0) continue;
    if (passed >= offset) return x;
    passed += cell.getChars().length || 1;
  }
  return row.length;
}

/**
 * All matches, top to bottom. `whole` is false if there may be more.
 *
 * @returns {{matches: Match[], whole: boolean}}
 */
export function find(/** @type {any} */ buffer, /** @type {number} */ cols, /** @type {RegExp} */ expression, known = lines(buffer)) {
  /** @type {Match[]} */
  const matches = [];
  const end = performance.now() + PATIENCE;
  for (const line of known) {
    for (const match of line.text.matchAll(expression)) {
      if (match[0].length === 0) continue;
      const cell = (/** @type {number} */ index) => {
        let row = line.starts.length - 1;
        while (line.starts[row] > index) row -= 1;
        return { row: line.row + row, col: column(buffer.getLine(line.row + row), index - line.starts[row]) };
      };
      const first = cell(match.index);
      // The last character's own cell: the one behind it may be in another row.
      const last = cell(match.index + match[0].length - 1);
      const width = buffer.getLine(last.row).getCell(last.col)?.getWidth() || 1;
      const cells = (last.row - first.row) * cols + last.col + width - first.col;
      matches.push({ ...first, cells });
      if (matches.length >= MOST) return { matches, whole: false };
    }
    if (performance.now() > end) return { matches, whole: line === known.at(-1) };
  }
  return { matches, whole: true };
}

/** A colour of the page as `[red, green, blue]`. */
function colour(/** @type {Element} */ element, /** @type {string} */ property) {
  const probe = document.createElement("span");
  probe.style.color = `var(${property})`;
  element.append(probe);
  const channels = getComputedStyle(probe).color.match(/[\d.]+/g) ?? [];
  probe.remove();
  return [0, 1, 2].map((at) => Number(channels[at] ?? 0));
}

const hex = (/** @type {number[]} */ channels) =>
  `#${channels.map((channel) => Math.round(channel).toString(16).padStart(2, "0")).join("")}`;

const mixed = (/** @type {number[]} */ one, /** @type {number[]} */ other, /** @type {number} */ share) =>
  one.map((channel, at) => channel * share + other[at] * (1 - share));

/** A search in one terminal, until `close`. */
export class Finder {
  #terminal;
  #tell;
  /** @type {Query | undefined} */
  #query;
  /** @type {Match[]} */
  #matches = [];
  #whole = true;
  /** The number of the selected one. */
  #at = -1;
  /** @type {ReturnType<typeof lines> | undefined} */
  #lines;
  /** @type {{dispose(): void}[]} */
  #painted = [];
  /** @type {{dispose(): void}[]} */
  #listening;
  #settling = 0;
  #painting = 0;

  /**
   * `tell` is called with what was found: "found", "invalid", "empty" or "none", the number of the selected match from
   * 1 (0 = none), how many there are, and whether these are all.
   */
  constructor(/** @type {any} */ terminal, /** @type {(state: string, nth: number, count: number, whole: boolean) => void} */ tell) {
    this.#terminal = terminal;
    this.#tell = tell;
    this.#listening = [
      terminal.onWriteParsed(() => this.#changed()),
      terminal.onResize(() => this.#changed()),
      terminal.onScroll(() => this.#paintSoon()),
      terminal.buffer.onBufferChange(() => this.#changed()),
    ];
  }

  /** Looks for something else, from what is selected upwards: the newest match is found first. */
  search(/** @type {string} */ text, /** @type {boolean} */ regex, /** @type {boolean} */ matchCase, /** @type {boolean} */ word) {
    this.#query = { text, regex, matchCase, word };
    this.#look("select");
  }

  /** Selects the next match downwards (1) or upwards (-1), round the ends. */
  step(/** @type {number} */ by) {
    const count = this.#matches.length;
    if (count === 0) return;
    this.#at = this.#at < 0 ? (by > 0 ? 0 : count - 1) : (this.#at + by + count) % count;
    this.#select();
  }

  close() {
    clearTimeout(this.#settling);
    cancelAnimationFrame(this.#painting);
    for (const listener of this.#listening) listener.dispose();
    this.#unpaint();
    this.#terminal.clearSelection();
  }

  #changed() {
    this.#lines = undefined;
    clearTimeout(this.#settling);
    this.#settling = window.setTimeout(() => this.#look("stay"), SETTLE);
  }

  /** @param {"select" | "stay"} then what is done about the selection: output alone must not move the view */
  #look(then) {
    const query = this.#query;
    const buffer = this.#terminal.buffer.active;
    const found = query?.text ? expression(query) : undefined;
    const place = this.#place();
    this.#matches = [];
    this.#whole = true;
    this.#at = -1;
    if (found instanceof RegExp) {
      this.#lines ??= lines(buffer);
      const { matches, whole } = find(buffer, this.#terminal.cols, found, this.#lines);
      this.#matches = matches;
      this.#whole = whole;
      // The last one that does not begin below the place.
      for (const [at, match] of matches.entries()) {
        if (match.row > place.row || (match.row === place.row && match.col > place.col)) break;
        this.#at = at;
      }
      if (this.#at < 0) this.#at = matches.length - 1;
    }
    if (this.#matches.length === 0) {
      if (then === "select") this.#terminal.clearSelection();
      this.#unpaint();
      this.#tell(found === "invalid" || found === "empty" ? found : "none", 0, 0, true);
    } else if (then === "select") {
      this.#select();
    } else {
      if (!this.#terminal.hasSelection()) this.#at = -1;
      this.#paint();
      this.#say();
    }
  }

  /** Where to look from: the selection, else the end of what is shown. */
  #place() {
    const { active } = this.#terminal.buffer;
    const selected = this.#terminal.getSelectionPosition();
    if (selected) return { row: selected.start.y, col: selected.start.x };
    return { row: active.viewportY + this.#terminal.rows - 1, col: this.#terminal.cols };
  }

  #select() {
    const { row, col, cells } = this.#matches[this.#at];
    const { rows, buffer } = this.#terminal;
    this.#terminal.select(col, row, cells);
    const top = buffer.active.viewportY;
    if (row < top || row >= top + rows) this.#terminal.scrollLines(row - top - Math.floor(rows / 2));
    this.#paint();
    this.#say();
  }

  #say() {
    this.#tell("found", this.#at + 1, this.#matches.length, this.#whole);
  }

  #unpaint() {
    for (const painted of this.#painted) painted.dispose();
    this.#painted = [];
  }

  #paintSoon() {
    cancelAnimationFrame(this.#painting);
    this.#painting = requestAnimationFrame(() => this.#paint());
  }

  /** Only what is on screen: a decoration costs something with every frame. */
  #paint() {
    this.#unpaint();
    const { rows, cols, element } = this.#terminal;
    const { active } = this.#terminal.buffer;
    const top = active.viewportY;
    const [background, mark, onMark] = ["--term-background", "--warn", "--on-warn"].map((name) => colour(element, name));
    const soft = hex(mixed(mark, background, 0.32));
    const cursor = active.baseY + active.cursorY;
    for (const [at, { row, col, cells }] of this.#matches.entries()) {
      if (row >= top + rows) break;
      const last = row + Math.ceil((col + cells) / cols) - 1;
      if (last < top) continue;
      for (let y = row; y <= last; y += 1) {
        const x = y === row ? col : 0;
        const width = Math.min(cols, col + cells - (y - row) * cols) - x;
        const marker = this.#terminal.registerMarker(y - cursor);
        if (!marker) continue;
        const current = at === this.#at;
        const decoration = this.#terminal.registerDecoration({
          marker,
          x,
          width,
          backgroundColor: current ? hex(mark) : soft,
          foregroundColor: current ? hex(onMark) : undefined,
          layer: current ? "top" : "bottom",
        });
        this.#painted.push(marker);
        if (decoration) this.#painted.push(decoration);
      }
    }
  }
}

/**
 * Owns the list of differences between a terminal and its copy that are no fault of a snapshot, each with its reason.
 * Everything that is not here must be equal. Must not grow without one: what a user could see or a program ask is
 * not to be allowed.
 *
 * What the streams of `screen/tests/it/grammar.rs` leave out, because no bytes can bring it about again:
 * - one screen's DECRC brought back a character set that is not designated, or flags that don't fit the open link or underline,
 *   and it is in use on the other screen, where DECSC saved another (the grammar still makes a few of underlines)
 * - halves of wide characters on rows of less than four columns, and lines that go on in a terminal of one row
 * and because xterm.js 6.0 loses its way: no scrollback at all, or a line that takes more lines anew than are kept, in a
 * reflow; DECALN in origin mode; wide characters in the last column without autowrap; a mark that is printed right behind
 * a resize (a NUL comes in between).
 */

// Parts of a cell's first word in xterm.js: code point (21 bits), "several code points", width (2 bits).
const CONTENT = 0x3fffff;
const WORDS_PER_CELL = 3;
/** Nothing, and a space, one cell wide. */
const EMPTY = 1 << 22;
const BLANK = (1 << 22) | 0x20;

/**
 * Tab stops behind the last column, which only a wider terminal has a use for, can't be set by a narrower one. Called
 * around each resize, for both.
 */
export function forgetStopsBehindEdge({ _bufferService: { buffers, cols } }) {
  for (const { tabs } of [buffers.normal, buffers.alt]) {
    for (const column of Object.keys(tabs)) if (Number(column) >= cols) delete tabs[column];
  }
}

/**
 * What a terminal remembers of other sizes, which none made later can know. The alternate screen: xterm.js 6.0 cuts
 * nothing off when it gets narrower, and shows it again when it gets wider; one that is not in use keeps its height, so that it
 * has as much history as rows were lost, and the column it saved. The first half of a wide character that the right edge
 * cuts through, which can't be printed: the server has a space there. Programs draw anew when the size changes. Called
 * after each resize, for both.
 */
export function forgetOtherSizes({ _bufferService: { buffers, cols, rows } }) {
  buffers.alt.savedX = Math.min(buffers.alt.savedX, cols - 1);
  keepSavedOnScreen({ _bufferService: { buffers, rows } });
  if (buffers.alt.lines.length === 0) buffers.alt.lines.maxLength = rows;
  for (const { lines } of [buffers.normal, buffers.alt]) {
    for (let y = 0; y < lines.length; y += 1) {
      const line = lines.get(y);
      line.resize(cols, buffers.alt.getNullCell());
      if (line.getWidth(cols - 1) === 2) line._data[(cols - 1) * WORDS_PER_CELL] = BLANK;
    }
  }
}

/**
 * When lines are wrapped anew, xterm.js 6.0 copies the texts of all clusters behind the cells that it copies, too, and
 * so gives some cells the text of another. What a page shows then depends on when it was told. Mends the class of a line.
 */
export function copyOnlyOwnClusters(line) {
  const lines = Object.getPrototypeOf(line);
  const { copyCellsFrom } = lines;
  if (copyCellsFrom.isMended) return;
  lines.copyCellsFrom = function copy(from, fromColumn, column, length, inReverse) {
    const clusters = from._combined;
    const own = Object.entries(clusters).filter(([at]) => at >= fromColumn && at < fromColumn + length);
    from._combined = {};
    copyCellsFrom.call(this, from, fromColumn, column, length, inReverse);
    from._combined = clusters;
    for (const [at, text] of own) this._combined[at - fromColumn + column] = text;
  };
  lines.copyCellsFrom.isMended = true;
}

/**
 * A cursor saved in a line that a resize or ED 3 took away is below the last row in xterm.js, until so many lines have
 * scrolled. It can't be saved there again: the server has it in the last row at once. Called after both.
 */
export function keepSavedOnScreen({ _bufferService: { buffers, rows } }) {
  for (const buffer of [buffers.normal, buffers.alt]) {
    buffer.savedY = Math.min(buffer.savedY, buffer.ybase + rows - 1);
  }
}

/**
 * A cell under a pending wrap that was erased afterwards (`EL 1` or `SL` keep the wrap pending) may be a space in the
 * copy's alternate screen, and stay one: only printing into the last column makes a wrap pending there. (On the normal
 * screen it can be brought along from the alternate one.)
 */
export function erasedUnderPendingWrap(left, right, { name, x, cols }) {
  return (
    name === "alt" &&
    x === cols - 1 &&
    (left.content & CONTENT) === 0 &&
    right.content === BLANK
  );
}

/**
 * What the next character would join is what was printed last, wherever the cursor is; only a resize moves it in between.
 * What stands in front of it then is not what was printed: a mark that comes next stays alone in the copy.
 *
 * @param {{joins: number, fits: boolean}} left `fits`: the character in front of the cursor is one to be joined like this
 * @param {{joins: number}} right
 */
export function joinsFromAfar(left, right) {
  return !left.fits && right.joins === 0;
}

/**
 * Half a wide character can't be printed; the copy has a blank instead. xterm.js keeps the first half when the second
 * is overwritten at the right edge while autowrap is off.
 */
export function halfOfAWideCharacter(left) {
  return left.half;
}

/**
 * The second half of a wide character that inserted columns have moved away from the first is an empty cell of no
 * width in xterm.js, drawn as nothing. The copy has an empty cell that looks the same.
 */
export function secondHalfAlone(left, right) {
  return left.orphan && right.content === EMPTY;
}

/**
 * Without autowrap a wide character in front of the last column is not printed, and what would join it joins whatever
 * stands there. Such a cluster can't be printed; the copy has its beginning.
 *
 * @param {(text: string) => boolean} isOne whether a text printed by itself would be one cluster
 */
export function joinedByAccident(left, right, isOne) {
  return right.text !== "" && left.text.startsWith(right.text) && !isOne(left.text);
}

/**
 * xterm.js forgets the address of a link when the lines it was printed on are erased or scrolled away, and does not
 * follow lines that move inside margins, so a link can lose its address while it is still shown, and which one does depends on
 * where the terminal was told of the link. Until the snapshot's end the copy may not have lost any. What came after is
 * compared only where both still know.
 */
export function forgottenLink(left, right, { exactLinks }) {
  if (left.link === undefined) return true;
  return right.link === undefined && !exactLinks;
}

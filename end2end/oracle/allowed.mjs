/**
 * Owns the list of differences between a terminal and its copy that are no fault of a snapshot, each with its reason.
 * Everything that is not here must be equal. Must not grow without one: what a user could see or a program ask is
 * not to be allowed.
 */

// Parts of a cell's first word in xterm.js: code point (21 bits), "several code points", width (2 bits).
const CONTENT = 0x3fffff;
const WORDS_PER_CELL = 3;
/** A space, one cell wide. */
const BLANK = (1 << 22) | 0x20;

/**
 * What a terminal remembers of other sizes, which none made later can know. The alternate screen: xterm.js 6.0 cuts
 * nothing off when it gets narrower, and shows it again when it gets wider; and one that is not in use keeps its height,
 * so that it has as much history as rows were lost. Tab stops behind the last column, which only a wider terminal has
 * a use for. The first half of a wide character that the right edge cuts through, which can't be printed: the server has a
 * space there. Programs draw anew when the size changes. Called around each resize, for both.
 */
export function forgetOtherSizes({ _bufferService: { buffers, cols, rows } }) {
  for (const { tabs } of [buffers.normal, buffers.alt]) {
    for (const column of Object.keys(tabs)) if (Number(column) >= cols) delete tabs[column];
  }
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
 * Half a wide character can't be printed; the copy has a blank instead. xterm.js keeps the first half when the second
 * is overwritten at the right edge while autowrap is off.
 */
export function halfOfAWideCharacter(left) {
  return left.half;
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

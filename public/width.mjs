/**
 * How many cells a character takes: the same rules and the same table as the server's screen
 * (`screen/src/width.rs`), in the shape of an xterm.js Unicode provider. Must not have an opinion of its own.
 */

const OTHER_WIDTH_2_FROM = 0x20000;
const OTHER_WIDTH_2_TO = 0x3ffff;

// Classes of characters, as in the table.
const PICTOGRAPH = 1;
const TEXT_PICTOGRAPH = 2;
const REGIONAL = 3;
const MODIFIER = 4;
const JOINER = 5;
const EMOJI_SELECTOR = 6;

// What went before.
const KIND_PLAIN = 0;
const KIND_PICTOGRAPH = 1;
const KIND_TEXT_PICTOGRAPH = 2;
const KIND_HALF_FLAG = 3;
const KIND_JOINED_PICTOGRAPH = 4;

const KIND_OF = [
  KIND_PLAIN,
  KIND_PICTOGRAPH,
  KIND_TEXT_PICTOGRAPH,
  KIND_HALF_FLAG,
  KIND_PICTOGRAPH,
  KIND_PLAIN,
  KIND_PLAIN,
];

function beyond(code) {
  if (code >= OTHER_WIDTH_2_FROM && code <= OTHER_WIDTH_2_TO) return 2;
  return code >= 0xe0000 && code <= 0xe0fff ? 0 : 1;
}

function properties(entry, preceding) {
  const alone = entry & 3;
  const kind = entry >> 2;
  const before = (preceding >> 1) & 3;
  const beforeKind = preceding >> 3;
  const own = KIND_OF[kind];
  const joined = (state, width) => (state << 3) | (width << 1) | 1;
  if (preceding !== 0) {
    if (kind === EMOJI_SELECTOR && beforeKind === KIND_TEXT_PICTOGRAPH) {
      return joined(KIND_PICTOGRAPH, 2);
    }
    if (kind === JOINER && beforeKind === KIND_PICTOGRAPH) {
      return joined(KIND_JOINED_PICTOGRAPH, before);
    }
    if (
      kind === MODIFIER &&
      (beforeKind === KIND_PICTOGRAPH || beforeKind === KIND_TEXT_PICTOGRAPH)
    ) {
      return joined(KIND_PICTOGRAPH, 2);
    }
    if (
      beforeKind === KIND_JOINED_PICTOGRAPH &&
      (own === KIND_PICTOGRAPH || own === KIND_TEXT_PICTOGRAPH)
    ) {
      return joined(KIND_PICTOGRAPH, Math.max(before, alone));
    }
    if (kind === REGIONAL && beforeKind === KIND_HALF_FLAG) return joined(KIND_PLAIN, 2);
    if (alone === 0) return joined(beforeKind, before);
  }
  return (own << 3) | (Math.max(alone, 1) << 1);
}

/**
 * An xterm.js `IUnicodeVersionProvider` of version "bowline".
 * @param {Uint8Array} table one byte per code point below 0x20000: width | class << 2
 */
export function provider(table) {
  const entry = (code) => (code < table.length ? table[code] : beyond(code));
  return {
    version: "bowline",
    wcwidth: (code) => entry(code) & 3,
    charProperties: (code, preceding) => {
      const known = entry(code);
      return known === 1 ? 2 : properties(known, preceding);
    },
  };
}

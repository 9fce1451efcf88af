// Owns the proof that a counter's lines arrived each once and in order, however many samples of a bounded
// scrollback it takes. Must not know where the text came from.

import assert from "node:assert/strict";

/**
 * The numbers of a counter's lines (`c1`, `c2`, …) in the order in which they are shown. The last written line is left
 * out: it may be half of one.
 */
export function counted(/** @type {string} */ text) {
  return text
    .trimEnd()
    .split("\n")
    .slice(0, -1)
    .map((line) => /^c(\d+)\s*$/.exec(line)?.[1])
    .filter((number) => number !== undefined)
    .map(Number);
}

/** Joins samples of one terminal: each must be without gap or repetition, and meet the one before. */
export class Tally {
  /** The highest number seen so far; 0 before the first. */
  last = 0;

  sample(/** @type {string} */ text) {
    const numbers = counted(text);
    if (numbers.length === 0) return this.last;
    for (let at = 1; at < numbers.length; at += 1) {
      assert.equal(
        numbers[at],
        numbers[at - 1] + 1,
        `after c${numbers[at - 1]} comes c${numbers[at]}, in … ${numbers.slice(Math.max(0, at - 3), at + 3).join(" ")} …`,
      );
    }
    assert.ok(numbers[0] <= this.last + 1, `c${this.last} was seen, and now the oldest line is c${numbers[0]}`);
    assert.ok(numbers[numbers.length - 1] >= this.last, `c${this.last} was seen, and now the newest is c${numbers.at(-1)}`);
    this.last = numbers[numbers.length - 1];
    return this.last;
  }
}

// Owns the proof that the tally notices what the journeys look for. Must not start anything.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Tally } from "../support/counting.mjs";

/** A terminal's text with these counter lines. */
const lines = (/** @type {number[]} */ ...numbers) => `$ run\n${numbers.map((number) => `c${number}`).join("\n")}\n$ `;

test("samples that overlap or meet are one count", () => {
  const tally = new Tally();
  tally.sample(lines(1, 2, 3));
  tally.sample(lines(2, 3, 4, 5));
  tally.sample(lines(6, 7));
  assert.equal(tally.last, 7);
});

test("a lost, a doubled, a swapped line and a gap between samples are noticed", () => {
  for (const bad of [
    [1, 3],
    [1, 2, 2],
    [2, 1],
  ]) {
    assert.throws(() => new Tally().sample(lines(...bad)));
  }
  const tally = new Tally();
  tally.sample(lines(1, 2));
  assert.throws(() => tally.sample(lines(4, 5)));
  assert.throws(() => tally.sample(lines(1)));
});

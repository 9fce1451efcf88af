// Owns keys pressed faster than a page can answer: the browser gets them one right behind the other.
// Must not wait for anything in between.

/** Key codes of what is not a letter or digit. @type {Record<string, number>} */
const CODES = { Enter: 13, Escape: 27, " ": 32 };
/** How the browser's protocol writes what is held. @type {Record<string, number>} */
const HELD = { Alt: 1, Control: 2, Meta: 4, Shift: 8 };

/**
 * Presses keys: each a chord ("Alt+Shift+T"), a named key ("Escape") or a text of lower-case letters, digits, blanks and `-`.
 *
 * @param {import("./page.mjs").BowlinePage} view
 * @param {string[]} keys
 */
export async function burst(view, ...keys) {
  const input = await view.page.context().newCDPSession(view.page);
  const presses = keys.flatMap((key) => (key in CODES || key.includes("+") ? [key] : [...key])).map(press);
  // Sent together: nobody waits for an answer before the next.
  await Promise.all(
    presses.flatMap((press) => [
      input.send("Input.dispatchKeyEvent", { type: "keyDown", ...press }),
      input.send("Input.dispatchKeyEvent", { type: "keyUp", ...press, text: undefined }),
    ]),
  );
  await input.detach();
}

function press(/** @type {string} */ chord) {
  const held = chord.split("+");
  const key = held.pop() ?? "";
  const modifiers = held.reduce((sum, name) => sum | (HELD[name] ?? 0), 0);
  const letter = /^[a-z]$/i.test(key);
  const code = letter ? `Key${key.toUpperCase()}` : /^\d$/.test(key) ? `Digit${key}` : key === "-" ? "Minus" : key === " " ? "Space" : key;
  const text = held.length > 0 ? undefined : key === "Enter" ? "\r" : key.length === 1 ? key : undefined;
  const windowsVirtualKeyCode = CODES[key] ?? (key === "-" ? 189 : key.toUpperCase().charCodeAt(0));
  return { key, code, text, modifiers, windowsVirtualKeyCode };
}

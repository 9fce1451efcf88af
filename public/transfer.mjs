/**
 * What comes into the page and leaves it by the clipboard, by drag and drop and by upload: the browser's own interfaces,
 * nothing decided.
 */

/** The plain text of a paste or a drop. */
export const textOf = (event) => (event.clipboardData ?? event.dataTransfer)?.getData("text/plain") ?? "";

/** Reads the clipboard, where the browser lets a page do that. @returns {Promise<string>} */
export async function readText() {
  return navigator.clipboard.readText();
}

/** Writes the clipboard; rejects where the browser does not allow it now. */
export async function writeText(/** @type {string} */ text) {
  return navigator.clipboard.writeText(text);
}

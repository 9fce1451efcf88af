/**
 * What the first prompt does not need, fetched when somebody asks for it. Must not be imported for its contents:
 * it only knows where they are.
 */

/** Looks for text in a terminal; see `search.mjs`. */
export const finder = async (terminal, tell) => new (await import("./search.mjs")).Finder(terminal, tell);

/** Copies what is selected in a terminal with its colours, and as this text. */
export async function copyAsHtml(terminal, selected) {
  const html = async () => {
    const { SerializeAddon } = await import("./addon-serialize.mjs");
    const addon = new SerializeAddon();
    terminal.loadAddon(addon);
    const whole = addon.serializeAsHTML({ onlySelection: true, includeGlobalBackground: true });
    addon.dispose();
    return new Blob([whole], { type: "text/html" });
  };
  const text = new Blob([selected], { type: "text/plain" });
  // Promised at once: the browser allows it only while it remembers the key.
  await navigator.clipboard.write([new ClipboardItem({ "text/html": html(), "text/plain": text })]);
}

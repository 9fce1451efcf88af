/**
 * What the first prompt does not need, fetched when somebody asks for it. Must not be imported for its contents:
 * it only knows where they are.
 */

/** @type {Promise<unknown> | undefined} */
let sheet;

/** Adds the style sheet of what comes later, behind the page's; there once this is settled. */
export function dress() {
  sheet ??= new Promise((resolve, reject) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = new URL("../later.css", import.meta.url).href;
    link.onload = resolve;
    link.onerror = () => {
      sheet = undefined;
      link.remove();
      reject(new Error("the style sheet could not be fetched"));
    };
    document.querySelector("link[rel=stylesheet]")?.after(link);
  });
  return sheet;
}

/**
 * Draws a terminal by WebGL; until what does it is there, where the browser refuses, and when it takes the context away,
 * the DOM renderer draws.
 */
export async function drawByWebgl(terminal) {
  try {
    const { WebglAddon } = await import("./addon-webgl.mjs");
    // It was closed meanwhile.
    if (!terminal.element?.isConnected) return;
    const addon = new WebglAddon();
    addon.onContextLoss(() => addon.dispose());
    terminal.loadAddon(addon);
  } catch {
    // Nothing is lost but speed.
  }
}

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

/** What one terminal may keep of pictures, MB, and the most pixels of one. */
const PICTURES_MB = 32;
const PICTURE_PIXELS = 4096 * 4096;

/**
 * Shows pictures (sixel, and iTerm2's protocol) in a terminal. What draws them is fetched with the first one; the parser
 * waits for it, so that the picture is where the program put it. A terminal without pictures pays nothing.
 */
export function showPictures(terminal) {
  /** @type {Promise<any> | undefined} */
  let addon;
  let ready = false;
  const load = async () => {
    const { ImageAddon } = await import("./addon-image.mjs");
    const loaded = new ImageAddon({ enableSizeReports: false, pixelLimit: PICTURE_PIXELS, storageLimit: PICTURES_MB });
    terminal.loadAddon(loaded);
    // The decoder is compiled beside; without it the picture is missing.
    const { sixel } = Object.fromEntries(loaded._handlers);
    for (let turns = 0; !sixel._dec && turns < 500; turns += 1) await new Promise((resolve) => setTimeout(resolve, 4));
    ready = true;
    return loaded;
  };
  /** Hands the addon's own handler what came before it was there. @type {(name: string, data: string, begin: (handler: any) => void) => Promise<any>} */
  const first = async (name, data, begin) => {
    // The addon's own handlers come before these now.
    if (ready) return false;
    try {
      addon ??= load();
      const handler = (await addon)._handlers.get(name);
      begin(handler);
      const codes = Uint32Array.from(data, (character) => character.charCodeAt(0));
      handler.put(codes, 0, codes.length);
      return await (handler.unhook ?? handler.end).call(handler, true);
    } catch {
      // It could not be fetched: the picture is missing, the text goes on.
      addon = undefined;
      return true;
    }
  };
  terminal.parser.registerDcsHandler({ final: "q" }, (/** @type {string} */ data, /** @type {number[]} */ params) =>
    first("sixel", data, (handler) => handler.hook({ params, length: params.length })),
  );
  terminal.parser.registerOscHandler(1337, (/** @type {string} */ data) =>
    data.startsWith("File=") ? first("iip", data, (handler) => handler.start()) : false,
  );
}

/** Waits for sign-ins in other windows; see `elsewhere.mjs`. */
export const hearSignIns = async (channel, took) => (await import("./elsewhere.mjs")).hear(channel, took);

/** Whether somebody is signed in at the proxy already; see `elsewhere.mjs`. */
export const askForProof = async (url) => (await import("./elsewhere.mjs")).ask(url);

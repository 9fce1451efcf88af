/**
 * What the first prompt does not need, fetched when somebody asks for it. Must not be imported for its contents:
 * it only knows where they are.
 */

/** Looks for text in a terminal; see `search.mjs`. */
export const finder = async (terminal, tell) => new (await import("./search.mjs")).Finder(terminal, tell);

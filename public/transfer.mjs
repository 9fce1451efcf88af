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

/** Whether a drag brings something that a terminal takes. */
export const brings = (event) => [...(event.dataTransfer?.types ?? [])].some((type) => type === "Files" || type === "text/plain");

/** Shows the user that what is dragged would be copied here. */
export function accept(event) {
  event.dataTransfer.dropEffect = "copy";
}

/** Whether an entry of a paste or a drop is a folder: those have no bytes to send. */
const isFolder = (item) => item.webkitGetAsEntry?.()?.isDirectory === true;

const items = (event) => [...((event.clipboardData ?? event.dataTransfer)?.items ?? [])].filter(({ kind }) => kind === "file");

/** The files of a paste or a drop, in order, without its folders. @returns {File[]} */
export const filesOf = (event) =>
  items(event)
    .filter((item) => !isFolder(item))
    .map((item) => item.getAsFile())
    .filter((file) => file !== null);

/** How many folders come with a paste or a drop. */
export const foldersOf = (event) => items(event).filter(isFolder).length;

/** Lets the user choose files. */
export function choose(then) {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  input.addEventListener("change", () => then([...(input.files ?? [])]));
  input.click();
}

/**
 * Sends a file as the field `file` of a form. `progress` hears how many bytes are sent, `done` the status and the body;
 * status 0 is a connection that failed. Answers what gives it up, after which nothing is called back.
 */
export function send(file, url, [header, proof], progress, done) {
  const request = new XMLHttpRequest();
  let over = false;
  const end = (status, body) => {
    if (!over) done(status, body);
    over = true;
  };
  request.open("POST", url);
  if (proof) request.setRequestHeader(header, proof);
  request.upload.addEventListener("progress", ({ loaded }) => !over && progress(loaded));
  request.addEventListener("load", () => end(request.status, request.responseText));
  request.addEventListener("error", () => end(0, ""));
  const form = new FormData();
  form.append("file", file, file.name || "file");
  request.send(form);
  return () => {
    over = true;
    request.abort();
  };
}

/** Gives the user a file to keep. */
export function save(name, content) {
  const link = document.createElement("a");
  const url = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type: "text/plain" }));
  link.href = url;
  link.download = name;
  link.click();
  // The browser has begun with it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Fetches what only the page may have, and gives it to the user to keep. Answers the status; 0 = no connection. */
export async function fetchAndSave(name, url, [header, proof]) {
  try {
    const answer = await fetch(url, { headers: proof ? { [header]: proof } : {} });
    if (answer.ok) save(name, await answer.blob());
    return answer.status;
  } catch {
    return 0;
  }
}

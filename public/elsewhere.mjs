/**
 * Signing in where another site does it: a proxy's or an identity provider's. Hears that it was done in another window,
 * and asks whether it is still done already. Must not know what is done with the proof.
 */

/** Calls `took` with each proof that another window brings. */
export function hear(channel, took) {
  new BroadcastChannel(channel).addEventListener("message", ({ data }) => {
    if (typeof data === "string") took(data);
  });
}

/**
 * The proof for who is signed in at the proxy already; undefined when nobody is: then it leads elsewhere, or somebody else
 * answers.
 */
export async function ask(url) {
  try {
    const answer = await fetch(url, { redirect: "manual", cache: "no-store" });
    if (!answer.ok || !answer.headers.has("bowline-version")) return undefined;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return page.body.dataset.proof;
  } catch {
    return undefined;
  }
}

// Owns the tally of what a page types: every byte of terminals that it gives its link, from the user or of its own accord.

/** Notes the bytes that the page gives its link to send, from when it is opened next. */
export async function noteWhatIsSent(/** @type {import("./page.mjs").BowlinePage} */ view) {
  await view.page.context().addInitScript(() => {
    /** @type {string[]} */
    const sent = [];
    const post = Worker.prototype.postMessage;
    Object.assign(window, { journeySent: sent });
    Worker.prototype.postMessage = function (/** @type {any} */ message, /** @type {any} */ ...rest) {
      // Headers and terminal bytes in turn.
      for (const bytes of Array.isArray(message) ? message.filter((_, at) => at % 2 === 1) : []) {
        if (bytes) sent.push(String.fromCharCode(...bytes));
      }
      return Reflect.apply(post, this, [message, ...rest]);
    };
  });
}

/** All of it so far. @returns {Promise<string>} */
export async function whatWasSent(/** @type {import("./page.mjs").BowlinePage} */ view) {
  return view.page.evaluate(() => /** @type {string[]} */ (/** @type {any} */ (window).journeySent).join(""));
}

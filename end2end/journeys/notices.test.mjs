// Owns the journeys of what the page says of its sessions while nobody looks, and of its banners. The system's
// notifications are a double (`Notification` is replaced): no window system is there to show any.

import assert from "node:assert/strict";

import { journey } from "../support/journey.mjs";
import { PROMPT } from "../support/page.mjs";
import { until } from "../support/wait.mjs";

/** @typedef {import("../support/page.mjs").BowlinePage} View */

/** Puts the double in place: `window.journeyNotes` lists what was shown. */
function scriptedNotifications(/** @type {NotificationPermission} */ answer) {
  /** @type {any[]} */
  const notes = [];
  class Note {
    static permission = "default";
    static requestPermission() {
      Note.permission = answer;
      return Promise.resolve(answer);
    }
    /** @type {any} */ onclick;
    closed = false;
    constructor(/** @type {string} */ title, /** @type {any} */ options) {
      Object.assign(this, { title, ...options });
      notes.push(this);
    }
    close() {
      this.closed = true;
    }
  }
  Object.defineProperty(window, "Notification", { value: Note });
  Object.assign(window, { journeyNotes: notes });
  // Whether somebody looks is said by the test.
  let looks = true;
  document.hasFocus = () => looks;
  Object.assign(window, {
    journeyLook: (/** @type {boolean} */ now) => {
      looks = now;
      window.dispatchEvent(new Event(now ? "focus" : "blur"));
    },
  });
}

async function pageWith(/** @type {import("../support/stage.mjs").Stage} */ stage, /** @type {NotificationPermission} */ answer) {
  const server = await stage.server();
  const view = await stage.blankPage();
  await view.page.addInitScript(scriptedNotifications, answer);
  await view.page.goto(`${server.url}#code=${server.code}`);
  await view.ready();
  await view.waitForText(PROMPT);
  return { server, view };
}

const look = (/** @type {View} */ view, /** @type {boolean} */ now) =>
  view.page.evaluate((now) => /** @type {any} */ (window).journeyLook(now), now);
const notes = (/** @type {View} */ view) =>
  view.page.evaluate(() => /** @type {any[]} */ (/** @type {any} */ (window).journeyNotes).map(({ title, body }) => `${title}: ${body}`));

async function optIn(/** @type {View} */ view) {
  await view.press("Alt+Shift+Comma");
  const dialog = view.page.getByRole("dialog", { name: "Settings" });
  await dialog.getByRole("button", { name: "Notifications", exact: true }).click();
  await dialog.getByRole("switch", { name: "Desktop notifications" }).click();
  return dialog;
}

journey("who opted in is notified once of a session that begins to call, and a click brings it to the front", async (stage) => {
  const { server, view } = await pageWith(stage, "granted");
  await view.renameTab(0, "agent");
  const session = await view.session();
  await view.newTab();
  await look(view, false);
  // Behind a while: a bell that answers a key is no call.
  await server.type(session, "sleep 0.5; printf '\\a'; read\r");
  await view.waitForTabWords(0, /rang$/);
  assert.deepEqual(await notes(view), [], "nobody asked for it");
  await look(view, true);
  await view.selectTab(0);
  await view.selectTab(1);
  await optIn(view);
  await view.press("Escape");
  await look(view, false);
  await server.type(session, "\rsleep 0.5; printf '\\033]9;the tests failed\\007'; read\r");
  await until("a notification", async () => (await notes(view)).length > 0);
  assert.deepEqual(await notes(view), ["agent: the tests failed"]);
  await server.type(session, "\rsleep 0.5; printf '\\a'; printf '\\033]9;again\\007'; echo rung-$((1+1))\r");
  // Its pane is not shown: the server says what is there.
  await until("what follows the second call", async () => {
    const { text } = await server.api("api/session/screen", { session_id: session, format: "text" });
    return text.includes("rung-2");
  });
  assert.equal((await notes(view)).length, 1, "once until somebody looks");
  await view.page.evaluate(() => /** @type {any} */ (window).journeyNotes[0].onclick());
  await view.waitForTabWords(0, /^agent/);
  await view.page.locator("[role=tab][aria-selected=true]").getByText("agent").waitFor();
  assert.equal(await view.page.evaluate(() => /** @type {any} */ (window).journeyNotes[0].closed), true);
});

journey("a browser that says no is told of in the settings", async (stage) => {
  const { view } = await pageWith(stage, "denied");
  const dialog = await optIn(view);
  await dialog.getByText(/doesn’t let this page show notifications/).waitFor();
  await until("the switch to be off", async () => !(await dialog.getByRole("switch", { name: "Desktop notifications" }).isChecked()));
});

journey("the page's icon has a dot while a session calls, as its title has a number", async (stage) => {
  const { server, view } = await pageWith(stage, "denied");
  const icon = () => view.page.locator("link[rel=icon]").getAttribute("href");
  const plain = await icon();
  assert.match(plain ?? "", /favicon.*\.svg$/);
  const session = await view.session();
  await view.newTab();
  await server.type(session, "sleep 0.5; printf '\\a'; read\r");
  await until("a dot", async () => ((await icon()) ?? "").startsWith("data:image/svg+xml,"));
  assert.match(await view.page.title(), /^\(1\) /);
  // A picture that browsers can draw, and another one than before.
  const drawn = await view.page.evaluate(async () => {
    const link = /** @type {HTMLLinkElement} */ (document.querySelector("link[rel=icon]"));
    const image = new Image();
    image.src = link.href;
    await image.decode();
    const canvas = document.createElement("canvas");
    const paint = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    paint.drawImage(image, 0, 0, 32, 32);
    return [...paint.getImageData(24, 7, 1, 1).data];
  });
  assert.deepEqual(drawn, [255, 176, 46, 255]);

  await view.selectTab(0);
  await view.press("Enter");
  await until("the icon as it was", async () => (await icon()) === plain);
  assert.doesNotMatch(await view.page.title(), /^\(/);
});

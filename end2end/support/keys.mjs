// Owns the dialog of keyboard shortcuts as tests use it: the table that it shows, and recording a chord.
// Must not assert anything.

import { until } from "./wait.mjs";

/** A chord as Playwright presses it. */
const pressable = (/** @type {string} */ chord) => chord.replace("Ctrl", "Control").replace("Super", "Meta");

/** The open dialog of keyboard shortcuts. */
export class KeysDialog {
  /** @param {import("./page.mjs").BowlinePage} view */
  constructor(view) {
    this.view = view;
    this.dialog = view.page.getByRole("dialog", { name: "Keyboard shortcuts" });
  }

  /** @param {import("./page.mjs").BowlinePage} view */
  static async open(view) {
    const keys = new KeysDialog(view);
    await view.page.getByRole("button", { name: "Keyboard shortcuts" }).click();
    await keys.dialog.waitFor();
    return keys;
  }

  async close() {
    await this.dialog.getByRole("button", { name: "Close", exact: true }).click();
    await this.dialog.waitFor({ state: "hidden" });
  }

  /** The row of a command. */
  row(/** @type {string} */ id) {
    return this.dialog.locator(`[data-command="${id}"]`);
  }

  /** Every command with its chords, best first. */
  async table() {
    const rows = await this.dialog.locator("[data-command]").evaluateAll((rows) =>
      rows.map((row) => ({
        id: row.getAttribute("data-command") ?? "",
        chords: [...row.querySelectorAll("[data-chord]")].map((chord) => chord.getAttribute("data-chord") ?? ""),
      })),
    );
    return rows.map(({ id, chords }) => ({ id, chords: chords.map(pressable) }));
  }

  /** @returns {Promise<string[]>} */
  async chords(/** @type {string} */ id) {
    return (await this.table()).find((row) => row.id === id)?.chords ?? [];
  }

  /** Presses new keys for a command, in the place of an old chord or as a further one. */
  async record(/** @type {string} */ id, /** @type {string | undefined} */ old, /** @type {string} */ chord) {
    const row = this.row(id);
    if (old === undefined) await row.getByRole("button", { name: "Add keys" }).click();
    else {
      const at = (await this.chords(id)).indexOf(old);
      await row.locator("[data-chord]").nth(at).click();
    }
    await until("the recorder", () => row.locator(".recorder-field").evaluate((field) => field === document.activeElement));
    await this.view.press(chord);
  }
}

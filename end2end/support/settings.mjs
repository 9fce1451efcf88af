// Owns how a journey opens the settings. Must not know what a setting does.

/**
 * Opens the settings at a group.
 *
 * @param {import("./page.mjs").BowlinePage} view
 * @param {string} group
 */
export async function openSettings(view, group) {
  const dialog = view.page.getByRole("dialog", { name: "Settings" });
  // One that is just being closed would take the keys for itself.
  await dialog.waitFor({ state: "hidden" });
  await view.press("Alt+Shift+Comma");
  await dialog.waitFor();
  await dialog.getByRole("button", { name: group, exact: true }).click();
  return dialog;
}

// Safari empties the fields of a form without autocompletion, and those of passwords, when a person
// returns to the page by the browser's back button. What they held is put back.

/** @typedef {HTMLInputElement | HTMLTextAreaElement} Field */

/**
 * How many times the fields are looked at after a return, with pauses of 0, 10, 20 ms and so on.
 * Safari empties each in a task of its own. If a frame is due, it may put these tasks off until
 * after the first look.
 */
const LOOKS = 10;

/** What each field should hold, from leaving the page to the last look. @type {Map<Field, { value: string, checked: boolean }>} */
const held = new Map();

/** The latest return, until its last look. @type {object | undefined} */
let latest;

/** @param {Field} field */
const contentOf = (field) => ({ value: field.value, checked: isChecked(field) });

/** @param {Field} field */
const isChecked = (field) => field instanceof HTMLInputElement && field.checked;

/** Whether the field is as a reset of the form leaves it. @param {Field} field */
const isReset = (field) =>
  field.value === field.defaultValue &&
  (!(field instanceof HTMLInputElement) || field.checked === field.defaultChecked);

function leave() {
  restoreFields();
  latest = undefined;
  for (const field of document.querySelectorAll("textarea, input:not([type=file])"))
    held.set(/** @type {Field} */ (field), contentOf(/** @type {Field} */ (field)));
}

/** @param {PageTransitionEvent} event */
async function comeBack({ persisted }) {
  if (!persisted) return;
  const own = (latest = {});
  for (let look = 0; look < LOOKS; look++) {
    await new Promise((later) => setTimeout(later, 10 * look));
    if (latest !== own) return;
    restoreFields();
  }
  latest = undefined;
  held.clear();
}

/** What a field and those of its name hold now is what they should hold. @param {EventTarget | null} changed */
function keepChange(changed) {
  for (const field of held.keys())
    if (field === changed || (field.name && field.name === /** @type {Field} */ (changed).name))
      held.set(field, contentOf(field));
}

/** Fills what Safari has emptied since the page was returned to. */
export function restoreFields() {
  const emptied = [...held].filter(
    ([field, { value, checked }]) =>
      isReset(field) && (field.value !== value || isChecked(field) !== checked),
  );
  for (const [field, { value, checked }] of emptied) {
    field.value = value;
    if (field instanceof HTMLInputElement) field.checked = checked;
  }
  for (const [field] of emptied) field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Sets a field to stay so, also right after a return. @param {Field} field @param {string} value */
export function setField(field, value) {
  field.value = value;
  keepChange(field);
}

/** Watches for a person who leaves the page and returns to it. */
export function keepFields() {
  addEventListener("pagehide", leave);
  addEventListener("pageshow", comeBack);
  addEventListener("input", ({ target }) => keepChange(target));
}

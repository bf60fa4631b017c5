// Safari empties the fields of a form without autocompletion when a person returns to the page by
// the browser's back button. What they held is put back.

/** @typedef {HTMLInputElement | HTMLTextAreaElement} Field */

/** What each field held when the page was left. @type {Map<Field, { value: string, checked: boolean }>} */
const held = new Map();

function rememberFields() {
  for (const field of document.querySelectorAll("textarea, input:not([type=file])")) {
    const { value, checked = false } = /** @type {HTMLInputElement} */ (field);
    held.set(/** @type {Field} */ (field), { value, checked });
  }
}

function restoreFields() {
  for (const [field, { value, checked }] of held) {
    const isSame =
      field.value === value && (!(field instanceof HTMLInputElement) || field.checked === checked);
    if (isSame) continue;
    Object.assign(field, { value, checked });
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

/** Watches for a person who leaves the page and returns to it. */
export function keepFields() {
  addEventListener("pagehide", rememberFields);
  // Safari empties the fields in a task of its own, before this one.
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) setTimeout(restoreFields);
  });
}

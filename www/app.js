// The page: a form, what one submission comes to, the video, and the tasks that this browser
// remembers.

import { baseUrl } from "./connection.js";
import { announce, find } from "./dom.js";
import { useId } from "./form.js";
import { addPictures } from "./pictures.js";
import { refreshRecords, startRecords } from "./records.js";
import { resume } from "./resume.js";
import {
  adopt,
  canSend,
  current,
  look,
  sayStopped,
  sendAgain,
  show,
  submit,
  watch,
} from "./run.js";

/** @type {number | undefined} */
let soon;

// No form submission, which Enter in any text field would start: what costs money leaves by its
// button only.
find("#submit", HTMLButtonElement).addEventListener("click", submit);
find("#watchKnown", HTMLButtonElement).addEventListener("click", () =>
  adopt(find("#knownId", HTMLInputElement).value.trim()),
);
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const source = find(`#${button.getAttribute("data-copy")}`, HTMLElement);
    getSelection()?.selectAllChildren(source); // where the clipboard is refused, the reader copies by hand
    await navigator.clipboard?.writeText(source.textContent ?? "").then(
      () => announce("copied"),
      () => {},
    );
  });
}
baseUrl.addEventListener("input", () => {
  clearTimeout(soon);
  soon = setTimeout(refreshRecords, 250);
});

startRecords({
  watch,
  show,
  look,
  send: sendAgain,
  canSend,
  useId,
  current,
  listed: () => (sayStopped(), resume()),
});
addPictures(find("#files", HTMLInputElement).files ?? []);

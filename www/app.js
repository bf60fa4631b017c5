// Connects the parts of the page: the form, the card "Video", and the list of tasks.

import { adopt, look, sendAgain, show, submit, watch } from "./actions.js";
import { baseUrlField, otherBaseUrl } from "./connection.js";
import { announce, find } from "./dom.js";
import { useExternalTaskId } from "./form.js";
import { showRetention } from "./kept-videos.js";
import { addPictures } from "./pictures.js";
import { renderRecords, startRecordList } from "./record-list.js";
import { refreshRecords, startRecords } from "./records.js";
import { resume } from "./resume.js";
import { keepFields } from "./returned.js";
import { canSendAgain, currentRun, isBusyForPerson, renderRun } from "./run.js";
import { receiveTransfers } from "./transfer.js";
import { FORM } from "./words.js";

const TYPING_PAUSE_MS = 250;

/** @type {number | undefined} */
let typingTimer;

// A click, not a submission of the form: Enter in a text field must not send a paid request.
find("#submit", HTMLButtonElement).addEventListener("click", submit);
find("#watchKnown", HTMLButtonElement).addEventListener("click", () =>
  adopt(find("#knownId", HTMLInputElement).value.trim()),
);
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const source = find(`#${button.getAttribute("data-copy")}`, HTMLElement);
    getSelection()?.selectAllChildren(source); // where the clipboard is refused, for Ctrl+C
    await navigator.clipboard?.writeText(source.textContent ?? "").then(
      () => announce(FORM.copied),
      () => {},
    );
  });
}
baseUrlField.addEventListener("input", () => {
  clearTimeout(typingTimer);
  typingTimer = setTimeout(refreshRecords, TYPING_PAUSE_MS);
});

find("#switch", HTMLButtonElement).addEventListener("click", () => {
  baseUrlField.value = otherBaseUrl();
  baseUrlField.dispatchEvent(new Event("input", { bubbles: true }));
});

startRecordList({
  watch,
  show,
  look,
  sendAgain,
  canSendAgain,
  useExternalTaskId,
  currentRun,
});
startRecords(() => {
  renderRecords();
  renderRun();
  resume();
}, isBusyForPerson);
showRetention();
receiveTransfers();
keepFields();
addPictures(find("#files", HTMLInputElement).files ?? []);

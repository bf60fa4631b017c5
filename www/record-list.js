// Draws the list of records, and what a person can do with each.

import { isValidBaseUrl, lacksKey } from "./connection.js";
import { announce, find, make, setText } from "./dom.js";
import { currentRecords, forgetRecord, refOf, refreshRecords } from "./records.js";
import { isFinished, stageOf } from "./states.js";
import { ago, dateAndTime, FORM, moreFacts, paragraph, RECORDS, UNKNOWN } from "./words.js";

/** @import { TaskRecord } from "./pkg/index.js" */
/** @import { RecordRef } from "./records.js" */
/** @import { Stage } from "./states.js" */
/**
 * What the rest of the page does with a record.
 * @typedef {object} Actions
 * @property {(task: RecordRef) => void} watch
 * @property {(task: RecordRef) => void} show
 * @property {(task: RecordRef) => void} look
 * @property {(task: RecordRef) => void} sendAgain
 * @property {(task: RecordRef) => boolean} canSendAgain
 * @property {(id: string) => void} useExternalTaskId
 * @property {() => { isBusy: boolean, isAutomatic: boolean, isExplained: boolean, externalTaskId?:
 * string | undefined, taskId?: string | undefined }} currentRun
 */
/**
 * What a row depends on besides the record.
 * @typedef {object} Situation
 * @property {boolean} isUnderVideo whether the card "Video" shows this task
 * @property {boolean} isRunningHere
 * @property {boolean} isBlocked whether another task must end first
 * @property {boolean} isExplained whether the card "Video" says what can be done
 * @property {boolean} canSendAgain
 * @property {boolean} isConfirming whether the next click forgets it
 * @property {boolean} isKeyMissing
 * @property {boolean} isInMemory
 */
/** @typedef {{ action: string, label: string, needsIdle?: boolean, run: () => unknown }} Button */
/** @typedef {{ element: HTMLButtonElement, press: () => unknown }} ButtonElement */
/**
 * The buttons stay when the texts around them change: a person may be about to press one.
 * @typedef {object} Row
 * @property {HTMLLIElement} item
 * @property {HTMLTimeElement} age
 * @property {HTMLParagraphElement} actions
 * @property {Map<string, ButtonElement>} buttons by action
 * @property {string} drawn what it was last drawn from
 */

/** How many records are listed at first, besides all that are not finished. */
const INITIAL_COUNT = 5;
const MAX_TITLE_CHARACTERS = 100;
const AGE_REFRESH_MS = 20_000;

const list = find("#records-list", HTMLOListElement);
const title = find("#records-title", HTMLElement);
const note = find("#records-note", HTMLElement);
const hint = find("#records-hint", HTMLElement);
const retention = find("#records-retention", HTMLElement);
const showAll = find("#records-all", HTMLButtonElement);

/** @type {Actions} */
let actions;
const state = {
  /** Whether all records are listed. */
  isWhole: false,
  /** The external task ids of records that the next click forgets. @type {Set<string>} */
  confirming: new Set(),
  /** By external task id. @type {Map<string, Row>} */
  rows: new Map(),
};

/** @param {Actions} given */
export function startRecordList(given) {
  actions = given;
  showAll.addEventListener("click", () => {
    state.isWhole = true;
    renderRecords();
    title.focus();
  });
  setInterval(renderAges, AGE_REFRESH_MS);
}

/** Draws the records as last read. */
export function renderRecords() {
  const { records, storage, failure } = currentRecords();
  const isListed = (/** @type {string} */ id) =>
    records.some(({ externalTaskId }) => externalTaskId === id);
  for (const id of state.confirming) if (!isListed(id)) state.confirming.delete(id);
  setText(note, noteText());
  note.classList.toggle("wrong", failure !== "");
  hint.hidden = records.length === 0 || storage !== "indexeddb";
  retention.hidden = !records.some(({ kept }) => kept);
  const shown = records.filter(
    (record, index) => state.isWhole || index < INITIAL_COUNT || !isFinished(record),
  );
  keepingFocus(() => renderRows(shown));
  showAll.hidden = shown.length === records.length;
  setText(showAll, RECORDS.showAll(records.length));
  renderAges();
}

function noteText() {
  const { records, storage, failure } = currentRecords();
  const memory = storage === "memory" ? RECORDS.inMemory : "";
  const empty = isValidBaseUrl() ? RECORDS.nothingSent : RECORDS.enterBaseUrl;
  return paragraph([failure, memory, records.length || failure ? "" : empty]);
}

/** Does the work, then focuses the same button of the same record if it lost the focus. @param {() => void} work */
function keepingFocus(work) {
  const active = document.activeElement;
  const focused = active instanceof HTMLElement && list.contains(active) ? active : undefined;
  const action = focused?.dataset.action;
  const id = focused?.closest("li")?.dataset.record;
  work();
  if (!id || document.activeElement === focused) return;
  const item = state.rows.get(id)?.item;
  const target = item?.querySelector(`[data-action="${action}"]`) ?? item?.querySelector("button");
  if (target instanceof HTMLElement) target.focus({ preventScroll: true });
}

/** @param {TaskRecord[]} shown */
function renderRows(shown) {
  for (const [id, { item }] of state.rows) {
    if (shown.some(({ externalTaskId }) => externalTaskId === id)) continue;
    item.remove();
    state.rows.delete(id);
  }
  shown.forEach((record, index) => {
    const { item } = renderRow(record);
    if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
  });
}

/** @param {TaskRecord} record @returns {Row} */
function renderRow(record) {
  const id = record.externalTaskId;
  const row = state.rows.get(id) ?? newRow();
  state.rows.set(id, row);
  const situation = situationOf(record);
  const drawn = JSON.stringify([record, situation]);
  if (row.drawn === drawn) return row;
  row.drawn = drawn;
  row.item.dataset.record = id;
  row.item.dataset.state = record.state;
  row.age.dateTime = new Date(record.createdAt).toISOString();
  row.age.title = dateAndTime(record.createdAt);
  const figures = moreFacts([
    record.imageCount && RECORDS.pictures(record.imageCount),
    record.mode,
    record.duration && RECORDS.duration(record.duration),
  ]);
  while (row.item.firstChild !== row.actions) row.item.firstChild?.remove();
  row.actions.before(
    make("p", { className: "name", textContent: titleOf(record) }),
    make("p", { className: "state", textContent: RECORDS.state(record, situation.isInMemory) }),
    make("p", { className: "figures" }, row.age, figures),
    ...notesOf(record, situation).map((textContent) =>
      make("p", { className: "note", textContent }),
    ),
  );
  renderButtons(row, record, situation);
  return row;
}

/** @returns {Row} */
function newRow() {
  const actions = make("p", { className: "actions" });
  return {
    item: make("li", { className: "record" }, actions),
    age: make("time"),
    actions,
    buttons: new Map(),
    drawn: "",
  };
}

/** @param {TaskRecord} record @returns {Situation} */
function situationOf(record) {
  const run = actions.currentRun();
  const isUnderVideo =
    run.externalTaskId === record.externalTaskId ||
    (record.taskId !== undefined && run.taskId === record.taskId);
  return {
    isUnderVideo,
    isRunningHere: run.isBusy && isUnderVideo,
    isBlocked: run.isBusy && !run.isAutomatic,
    isExplained: run.isExplained && isUnderVideo,
    canSendAgain: stageOf(record) === "unknown" && actions.canSendAgain(refOf(record)),
    isConfirming: state.confirming.has(record.externalTaskId),
    isKeyMissing: lacksKey(),
    isInMemory: currentRecords().storage === "memory",
  };
}

/** @param {TaskRecord} record @param {Situation} situation @returns {string[]} */
function notesOf(record, situation) {
  if (situation.isRunningHere) return [RECORDS.runningHere];
  if (situation.isConfirming) return [WARNINGS[stageOf(record)](record)];
  return NOTES[stageOf(record)](record, situation);
}

/** What a person should know before forgetting it. @type {Record<Stage, (record: TaskRecord) => string>} */
const WARNINGS = {
  sending: ({ externalTaskId }) => RECORDS.forgetUnknown(externalTaskId),
  unknown: ({ externalTaskId }) => RECORDS.forgetUnknown(externalTaskId),
  running: ({ taskId, externalTaskId }) => RECORDS.forgetRunning(taskId ?? externalTaskId),
  succeeded: () => RECORDS.forgetKept,
  failed: () => RECORDS.forgetKept,
  rejected: () => RECORDS.forgetKept,
};

/** @type {Record<Stage, (record: TaskRecord, situation: Situation) => string[]>} */
const NOTES = {
  sending: () => [],
  unknown: (_, { isExplained, canSendAgain }) =>
    isExplained
      ? [RECORDS.unknown, RECORDS.seeVideo]
      : [RECORDS.unknown, UNKNOWN.look, canSendAgain ? UNKNOWN.send : UNKNOWN.picturesGone],
  running: (_, { isKeyMissing }) => (isKeyMissing ? [RECORDS.keyNeeded] : []),
  succeeded: () => [],
  failed: ({ statusMessage }) => (statusMessage ? [statusMessage] : []),
  rejected: () => [],
};

/** @param {TaskRecord} record @param {Situation} situation @returns {Button[]} */
function buttonsOf(record, { isRunningHere, isConfirming, canSendAgain }) {
  const { kept, externalTaskId: id } = record;
  if (isRunningHere) return [];
  if (isConfirming) {
    const keep = () => confirm(id, false);
    return [
      { action: "forget-anyway", label: RECORDS.forgetAnyway, run: () => forget(record) },
      { action: "keep", label: RECORDS.keep, run: keep },
    ];
  }
  const needsConfirmation = kept || !isFinished(record);
  const forgetButton = {
    action: "forget",
    label: RECORDS.forget,
    run: () => (needsConfirmation ? confirm(id, true) : forget(record)),
  };
  /** @type {(action: string, label: string, work: (task: RecordRef) => void) => Button} */
  const withVideo = (action, label, work) => ({
    action,
    label,
    needsIdle: true,
    run() {
      find("#result", HTMLElement).focus({ preventScroll: true });
      work(refOf(record));
    },
  });
  /** @type {Record<Stage, () => Button[]>} */
  const byStage = {
    sending: () => [],
    unknown: () => [
      withVideo("look", RECORDS.lookAgain, actions.look),
      canSendAgain
        ? withVideo("send", RECORDS.sendAgain, actions.sendAgain)
        : { action: "use", label: RECORDS.useId, run: () => actions.useExternalTaskId(id) },
      forgetButton,
    ],
    running: () => [withVideo("watch", RECORDS.watch, actions.watch), forgetButton],
    succeeded: () => [withVideo("show", RECORDS.show, actions.show), forgetButton],
    failed: () => [forgetButton],
    rejected: () => [forgetButton],
  };
  return byStage[stageOf(record)]();
}

/** @param {Row} row @param {TaskRecord} record @param {Situation} situation */
function renderButtons(row, record, situation) {
  const buttons = buttonsOf(record, situation).map((button) =>
    renderButton(button, row, record, situation.isBlocked),
  );
  const isSame =
    buttons.length === row.actions.children.length &&
    buttons.every((button, index) => button === row.actions.children[index]);
  if (!isSame) row.actions.replaceChildren(...buttons);
  row.actions.hidden = buttons.length === 0;
}

/** @param {Button} button @param {Row} row @param {TaskRecord} record @param {boolean} isBlocked */
function renderButton({ action, label, needsIdle, run }, row, record, isBlocked) {
  const isDisabled = needsIdle === true && isBlocked;
  const press = () => (isDisabled ? announce(FORM.busy) : run());
  let button = row.buttons.get(action);
  if (!button) {
    /** @type {ButtonElement} */
    const added = (button = { element: make("button", { type: "button" }), press });
    row.buttons.set(action, added);
    added.element.dataset.action = action;
    // The second click of a double click was meant for the button that was here before.
    added.element.addEventListener("click", ({ detail }) => detail <= 1 && added.press());
  }
  button.press = press;
  const { element } = button;
  setText(element, label);
  element.ariaLabel = RECORDS.buttonFor(label, titleOf(record));
  element.ariaDisabled = String(isDisabled);
  return element;
}

/** Asks whether to forget a record, or takes the question back. @param {string} id @param {boolean} isAsking */
function confirm(id, isAsking) {
  if (isAsking) state.confirming.add(id);
  else state.confirming.delete(id);
  renderRecords();
}

/** @param {TaskRecord} record */
async function forget({ externalTaskId: id }) {
  const next = state.rows.get(id)?.item.nextElementSibling;
  state.confirming.delete(id);
  if (!(await forgetRecord(id))) return renderRecords();
  announce(RECORDS.forgotten);
  await refreshRecords();
  (next?.querySelector("button") ?? title).focus();
}

function renderAges() {
  for (const { age } of state.rows.values())
    setText(age, ago(Date.now() - Date.parse(age.dateTime)));
}

/** @param {TaskRecord} record */
export function titleOf({ prompt, taskId, externalTaskId }) {
  const characters = [...(prompt?.trim() || taskId || externalTaskId)];
  return characters.length > MAX_TITLE_CHARACTERS
    ? RECORDS.cut(characters.slice(0, MAX_TITLE_CHARACTERS - 1).join(""))
    : characters.join("");
}

// The tasks that this browser remembers of the base address in the form, and what one can do with
// each.

import { base, goodBase, lacksKey, memory } from "./connection.js";
import { announce, find, make, said, say } from "./dom.js";
import { sayPromise } from "./keeping.js";
import { KEY_MISSING, UNKNOWN } from "./words.js";

/** @import { Client, TaskRecord } from "./pkg/index.js" */
/** @typedef {{ baseUrl: string, taskId?: string | undefined, externalTaskId: string }} Known */
/**
 * What the rest of the page does with a record.
 * @typedef {object} Actions
 * @property {(task: Known) => void} watch
 * @property {(task: Known) => void} show
 * @property {(task: Known) => void} look
 * @property {(task: Known) => void} send
 * @property {(task: Known) => boolean} canSend
 * @property {(id: string) => void} useId
 * @property {() => void} listed is called when the list is known anew
 * @property {() => { busy: boolean, givesWay: boolean, explained: boolean, externalTaskId?: string
 * | undefined, taskId?: string | undefined }} current
 */
/**
 * Its buttons outlive the texts around them: who is about to press one shall still find it.
 * @typedef {{ item: HTMLLIElement, age: HTMLTimeElement, actions: HTMLParagraphElement, buttons:
 * Map<string, Drawn>, shown: string }} Row
 */
/** @typedef {{ element: HTMLButtonElement, press: () => unknown }} Drawn */

/** So many are listed at first, beside all that are not finished. */
const FIRST = 5;
const LONGEST_TITLE = 100;
/**
 * In ms, how soon a request that is under way elsewhere is looked after: a tab that is gone tells
 * nobody.
 */
const SOON = 2000;
/** What was last learnt, which may be a while ago. @type {Record<TaskRecord["state"], string>} */
const STATES = {
  submitting: "Being sent",
  unknown: "Unknown whether a task was created",
  rejected: "Refused, nothing charged",
  submitted: "In the queue when last asked",
  processing: "Being made when last asked",
  succeed: "Finished",
  failed: "Failed",
};
const FINISHED = new Set(["rejected", "succeed", "failed"]);
const RUNNING = new Set(["submitted", "processing"]);
const AGES = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

const list = find("#records-list", HTMLOListElement);
const note = find("#records-note", HTMLElement);
const hint = find("#records-hint", HTMLElement);
const all = find("#records-all", HTMLButtonElement);

/** @type {Actions} */
let actions;
/** @type {{ base: string, client: Client, end: () => void } | undefined} */
let open;
/** @type {TaskRecord[]} */
let records = [];
/** @type {"indexeddb" | "memory" | undefined} */
let kind;
let failure = "";
let isWhole = false;
let turn = 0;
/** @type {number | undefined} */
let later;
/** Those that one more click forgets. @type {Set<string>} */
const asked = new Set();
/** @type {Map<string, Row>} */
const rows = new Map();

/** @param {string | undefined} id either of a task's two */
export const recordOf = (id) =>
  id
    ? records.find(({ taskId, externalTaskId }) => taskId === id || externalTaskId === id)
    : undefined;

/** All of them, newest first, and the base address that they belong to. */
export const listed = () => ({ baseUrl: open?.base, records });

/** @param {TaskRecord} record */
export const isRunning = ({ state }) => RUNNING.has(state);

/** Whether the task will be listed after a reload. @param {string | undefined} id */
export const isLasting = (id) => kind === "indexeddb" && recordOf(id) !== undefined;

/** @param {Actions} given */
export function startRecords(given) {
  actions = given;
  all.addEventListener("click", () => {
    isWhole = true;
    render();
    find("#records-title", HTMLElement).focus();
  });
  // Another tab tells what it changes, not what it forgets.
  document.addEventListener(
    "visibilitychange",
    () => document.visibilityState === "visible" && refreshRecords(),
  );
  setInterval(renderAges, 20_000);
  sayPromise();
  refreshRecords();
}

/**
 * Reads the records of the base address in the form. Never rejects: what goes wrong is said in the
 * section.
 */
export async function refreshRecords() {
  const now = ++turn;
  clearTimeout(later);
  try {
    const { client } = opened() ?? {};
    const [found, where] = client
      ? await Promise.all([client.records(), client.storage()])
      : [[], undefined];
    if (now !== turn) return;
    [records, kind, failure] = [found, where, ""];
  } catch (error) {
    if (now !== turn) return;
    failure = `The records of this browser cannot be read. ${said(error)}`;
  }
  render();
  actions.listed();
  const { busy, givesWay } = actions.current();
  if (records.some(({ state }) => state === "submitting") && (!busy || givesWay))
    later = setTimeout(refreshRecords, SOON);
}

/**
 * The client of the base address in the form. It needs no key, because it asks the service nothing.
 */
function opened() {
  if (open?.base === base()) return open;
  open?.end();
  [open, records, failure] = [undefined, [], ""];
  asked.clear();
  if (!goodBase()) return undefined;
  const client = memory(base());
  open = { base: base(), client, end: () => client.close() };
  client.onRecordChange(() => refreshRecords());
  return open;
}

/** @param {TaskRecord} record */
async function forget({ externalTaskId }) {
  const after = rows.get(externalTaskId)?.item.nextElementSibling;
  asked.delete(externalTaskId);
  try {
    await open?.client.forget(externalTaskId);
    announce("The record is forgotten");
  } catch (error) {
    failure = `The record could not be forgotten. ${said(error)}`;
    return render();
  }
  await refreshRecords();
  (after?.querySelector("button") ?? find("#records-title", HTMLElement)).focus();
}

// ── The list ──────────────────────────────────────────────────────────────────────────────────────

/** Draws the list as it is known. */
export function render() {
  const shown = records.filter(
    ({ state }, index) => isWhole || index < FIRST || !FINISHED.has(state),
  );
  const memory =
    kind === "memory"
      ? "This browser keeps no records of this page; note the task id. What is listed here is gone when the page is closed."
      : "";
  const empty =
    records.length || failure
      ? ""
      : goodBase()
        ? "Nothing has been sent from this browser to this address yet."
        : "Enter a base address to see what was sent there.";
  say(note, [failure, memory, empty].filter(Boolean).join(" "));
  note.classList.toggle("wrong", failure !== "");
  hint.hidden = records.length === 0 || kind !== "indexeddb";
  find("#records-promise", HTMLElement).hidden = !records.some(({ kept }) => kept);
  const focused =
    document.activeElement instanceof HTMLElement && list.contains(document.activeElement)
      ? document.activeElement
      : undefined;
  const [action, id] = [focused?.dataset.action, focused?.closest("li")?.dataset.record];
  for (const [id, { item }] of rows) {
    if (!shown.some(({ externalTaskId }) => externalTaskId === id))
      (item.remove(), rows.delete(id));
  }
  shown.forEach((record, index) => {
    const { item } = renderRow(record);
    if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
  });
  all.hidden = shown.length === records.length;
  say(all, `Show all ${records.length}`);
  renderAges();
  const row = id && document.activeElement !== focused ? rows.get(id)?.item : undefined;
  const target = row?.querySelector(`[data-action="${action}"]`) ?? row?.querySelector("button");
  if (target instanceof HTMLElement) target.focus({ preventScroll: true });
}

/** @param {TaskRecord} record @returns {Row} */
function renderRow(record) {
  const id = record.externalTaskId;
  const row = rows.get(id) ?? newRow();
  rows.set(id, row);
  const { busy, givesWay, explained, ...current } = actions.current();
  const isLast =
    current.externalTaskId === id ||
    (record.taskId !== undefined && current.taskId === record.taskId);
  const isHere = busy && isLast;
  const isAlone = busy && !givesWay;
  const canSend = record.state === "unknown" && actions.canSend(known(record));
  const shown = JSON.stringify([
    record,
    kind,
    busy,
    isAlone,
    isLast,
    explained,
    canSend,
    lacksKey(),
    asked.has(id),
  ]);
  if (row.shown === shown) return row;
  row.shown = shown;
  row.item.dataset.record = id;
  row.item.dataset.state = record.state;
  row.age.dateTime = new Date(record.createdAt).toISOString();
  row.age.title = new Date(record.createdAt).toLocaleString("en");
  const facts = [
    record.imageCount && `${record.imageCount} picture${record.imageCount === 1 ? "" : "s"}`,
    record.mode,
    record.duration && `${record.duration} s`,
  ];
  while (row.item.firstChild !== row.actions) row.item.firstChild?.remove();
  row.actions.before(
    make("p", { className: "name", textContent: titleOf(record) }),
    make("p", { className: "state", textContent: stateOf(record) }),
    make(
      "p",
      { className: "figures" },
      row.age,
      ...facts.filter(Boolean).map((fact) => ` · ${fact}`),
    ),
    ...textsOf(record, isLast, canSend).map((textContent) =>
      make("p", { className: "note", textContent }),
    ),
  );
  const buttons = (isHere ? [] : buttonsOf(record, canSend)).map((button) =>
    drawn(button, row, record, isAlone),
  );
  if (
    buttons.length !== row.actions.children.length ||
    buttons.some((button, index) => button !== row.actions.children[index])
  )
    row.actions.replaceChildren(...buttons);
  row.actions.hidden = buttons.length === 0;
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
    shown: "",
  };
}

/** @typedef {{ action: string, label: string, needsPeace?: boolean, act: () => unknown }} Button */

/** @param {TaskRecord} record @param {boolean} canSend @returns {Button[]} */
function buttonsOf(record, canSend) {
  const { state, kept, externalTaskId: id } = record;
  if (asked.has(id)) {
    const keep = () => (asked.delete(id), render());
    return [
      { action: "forget-all-the-same", label: "Forget it all the same", act: () => forget(record) },
      { action: "keep", label: "Keep it", act: keep },
    ];
  }
  /**
   * @param {string} action @param {string} label @param {(task: Known) => void} act @returns
   * {Button}
   */
  const lone = (action, label, act) => ({
    action,
    label,
    needsPeace: true,
    act() {
      find("#result", HTMLElement).focus({ preventScroll: true });
      act(known(record));
    },
  });
  /** @type {Button[]} */
  const buttons = [];
  if (isRunning(record)) buttons.push(lone("watch", "Watch", actions.watch));
  if (state === "succeed") buttons.push(lone("show", "Show", actions.show));
  if (state === "unknown") {
    buttons.push(lone("look", "Look again", actions.look));
    if (canSend) buttons.push(lone("send", "Send again under the same id", actions.send));
    else
      buttons.push({
        action: "use",
        label: "Use this id for the next request",
        act: () => actions.useId(id),
      });
  }
  const ask = () => (asked.add(id), render());
  if (state !== "submitting")
    buttons.push({
      action: "forget",
      label: "Forget",
      act: FINISHED.has(state) && !kept ? () => forget(record) : ask,
    });
  return buttons;
}

/**
 * @param {TaskRecord} record @param {boolean} isLast whether it is the one under Video @param
 * {boolean} canSend @returns {string[]}
 */
function textsOf(record, isLast, canSend) {
  const { state, statusMessage, taskId, externalTaskId } = record;
  const { busy, explained } = actions.current();
  if (isLast && busy) return ["Under way on this page: see Video."];
  if (asked.has(externalTaskId)) {
    if (FINISHED.has(state)) return ["The kept video is deleted with it."];
    return state === "unknown"
      ? [
          `A task may exist and be charged. This record is all by which this browser can look for it: without it, note the external task id ${externalTaskId}.`,
        ]
      : [
          `The task goes on and is charged. Without the record it can be watched only by its id: note ${taskId}.`,
        ];
  }
  if (state === "failed" && statusMessage) return [statusMessage];
  if (isRunning(record) && lacksKey()) return [KEY_MISSING];
  if (state !== "unknown") return [];
  return [
    "No clear answer came to the request: a task may exist and be charged.",
    ...(isLast && explained
      ? ["What you can do is said under Video."]
      : [UNKNOWN.look, canSend ? UNKNOWN.send : UNKNOWN.gone]),
  ];
}

/** @param {TaskRecord} record */
function stateOf({ state, kept }) {
  if (!kept) return STATES[state];
  return `${STATES[state]}, kept ${kind === "memory" ? "until this page is closed" : "in this browser"}`;
}

/**
 * @param {Button} button @param {Row} row @param {TaskRecord} record @param {boolean} isAlone
 * whether something else must end first
 */
function drawn({ action, label, needsPeace, act }, row, record, isAlone) {
  const isOff = needsPeace === true && isAlone;
  const press = () =>
    isOff
      ? announce("A task is under way here: wait for its end, or stop watching it first.")
      : act();
  const there = row.buttons.get(action);
  const button = there ?? { element: make("button", { type: "button" }), press };
  button.press = press;
  if (!there) {
    row.buttons.set(action, button);
    button.element.dataset.action = action;
    // The second click of a double click was meant for what stood here before.
    button.element.addEventListener("click", ({ detail }) => detail <= 1 && button.press());
  }
  const { element } = button;
  say(element, label);
  element.ariaLabel = `${label}: ${titleOf(record)}`;
  element.ariaDisabled = String(isOff);
  return element;
}

function renderAges() {
  for (const { age } of rows.values()) say(age, agoOf(Date.now() - Date.parse(age.dateTime)));
}

/** @param {number} ms */
function agoOf(ms) {
  const steps = /** @type {const} */ ([
    ["day", 86_400_000],
    ["hour", 3_600_000],
    ["minute", 60_000],
  ]);
  const [unit, length] = steps.find(([, length]) => ms >= length) ?? [];
  return unit && length ? AGES.format(-Math.floor(ms / length), unit) : "just now";
}

/** @param {TaskRecord} record */
export function titleOf({ prompt, taskId, externalTaskId }) {
  const letters = [...(prompt?.trim() || taskId || externalTaskId)];
  return letters.length > LONGEST_TITLE
    ? `${letters.slice(0, LONGEST_TITLE - 1).join("")}…`
    : letters.join("");
}

/** @param {TaskRecord} record @returns {Known} */
export const known = ({ taskId, externalTaskId }) => ({
  baseUrl: open?.base ?? base(),
  taskId,
  externalTaskId,
});

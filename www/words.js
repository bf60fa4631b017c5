// Every text that the scripts of the page show, with all that depends on its language. To translate
// the page, translate this file and index.html, and set its `lang`.

/** @import { Issue, KlingError, PreparedImage, Progress, TaskRecord } from "./pkg/index.js" */
/** @import { Step } from "./run.js" */

/** The language of the texts, dates and numbers; the `lang` of index.html. */
const LANGUAGE = "en";

// ── Numbers, dates, sentences ─────────────────────────────────────────────────────────────────────

const DECIMAL = new Intl.NumberFormat(LANGUAGE, {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});
const DOLLARS = new Intl.NumberFormat(LANGUAGE, { style: "currency", currency: "USD" });
const RELATIVE_TIME = new Intl.RelativeTimeFormat(LANGUAGE, { numeric: "auto" });
const LIST = new Intl.ListFormat(LANGUAGE);
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** @param {number} bytes */
export function fileSize(bytes) {
  if (bytes < 1e3) return `${bytes} bytes`;
  return bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${DECIMAL.format(bytes / 1e6)} MB`;
}

/** Minutes and seconds: `1:05`. @param {number} ms */
const minutesAndSeconds = (ms) =>
  `${Math.floor(ms / MINUTE_MS)}:${String(Math.floor(ms / SECOND_MS) % 60).padStart(2, "0")}`;

/** How long ago something was: `5 minutes ago`. @param {number} ms */
export function ago(ms) {
  if (ms >= DAY_MS) return RELATIVE_TIME.format(-Math.floor(ms / DAY_MS), "day");
  if (ms >= HOUR_MS) return RELATIVE_TIME.format(-Math.floor(ms / HOUR_MS), "hour");
  if (ms >= MINUTE_MS) return RELATIVE_TIME.format(-Math.floor(ms / MINUTE_MS), "minute");
  return "just now";
}

/** @param {number} ms since 1970 */
export const dateAndTime = (ms) => new Date(ms).toLocaleString(LANGUAGE);

/** Short facts in one line. @param {(string | number | false | undefined)[]} list the falsy ones are left out */
export const facts = (list) => list.filter(Boolean).join(" · ");

/** The same after another fact. @param {(string | number | false | undefined)[]} list */
export const moreFacts = (list) =>
  list
    .filter(Boolean)
    .map((fact) => ` · ${fact}`)
    .join("");

/** Sentences in one paragraph. @param {string[]} list the empty ones are left out */
export const paragraph = (list) => list.filter(Boolean).join(" ");

/** @param {string} message in the package's style: lower case, no full stop */
export const sentence = (message) =>
  message.charAt(0).toUpperCase() + message.slice(1) + (/[.!?]$/.test(message) ? "" : ".");

/** The message of an error as a sentence. @param {unknown} error */
export const messageOf = (error) =>
  sentence(error instanceof Error ? error.message : String(error));

// ── The form ──────────────────────────────────────────────────────────────────────────────────────

export const FORM = {
  /** @param {number} count @param {number} max */
  characters: (count, max) => `${count} / ${max}`,
  /** @param {number} dollars */
  price: (dollars) => DOLLARS.format(dollars),
  /** @param {string} mode @param {string | number} seconds @param {boolean} isTrial */
  priceOf: (mode, seconds, isTrial) =>
    isTrial
      ? `estimated for ${mode}, ${seconds} s at the service; nothing here`
      : `estimated for ${mode}, ${seconds} s`,
  /** @param {string} example */
  urlExpected: (example) => `expected a URL, for example ${example}`,
  keyMissing: "enter your CometAPI key",
  keyRefused: "the service refused this key: enter another",
  /** @param {boolean} isTrial */
  ready: (isTrial) =>
    isTrial
      ? "Ready. This page plays the service: nothing is sent, nothing is charged."
      : "Ready to send. Each submission is charged once.",
  preparing: "The pictures are being prepared.",
  offline: "No network: a request cannot be sent now.",
  busy: "A task is running on this page: wait until it ends, or stop watching it first.",
  /**
   * Why the request cannot be sent yet. @param {Issue} error @param {string | undefined} picture
   * the name of the picture that it is about @param {number} more how many other errors there are
   */
  notReady({ message }, picture, more) {
    const first = picture ? `Not yet: ${picture}: ${message}.` : `Not yet: ${message}.`;
    if (more === 0) return first;
    return more === 1 ? `${first} One more problem.` : `${first} ${more} more problems.`;
  },
  copied: "copied",
};

/** The stand-in: a page that plays the service, and what that service says. */
export const SERVICE = {
  isPlayed:
    "This page plays the service, for a trial: a task runs for nine seconds and ends with a sample video. The word “fail” in the prompt plays a task that fails.",
  isReal:
    "This service is real: it charges what you submit. Enter its base URL again after a reload, to see its tasks.",
  useReal: "Use the real service",
  useStandIn: "Back to the trial",
  failingPrompt: /\bfail\b/i,
  failure: "Failure to pass the risk control system",
  noTask: "task_not_exist",
  noPictures: "image_list: expected at least one picture",
  /** @param {string} id */
  idTaken: (id) => `external_task_id: expected one not used before, found '${id}'`,
};

/** What was done to a picture. @type {Record<PreparedImage["changes"][number], string>} */
const CHANGES = {
  oriented: "turned upright",
  converted: "converted",
  shrunk: "made smaller",
  enlarged: "enlarged",
  cropped: "cropped",
  padded: "a border added",
  "metadata-removed": "place and camera data removed",
  recompressed: "compressed",
};

export const PICTURES = {
  /** @param {string} before @param {string} after the figures of a picture */
  becomes: (before, after) => `${before} → ${after}`,
  /** @param {PreparedImage} prepared */
  changes: ({ changes }) => sentence(LIST.format(changes.map((change) => CHANGES[change]))),
  asChosen: "Sent as it was chosen.",
  sentAsChosen: "it is sent as it was chosen:",
  /** @param {string} name @param {number} position @param {number} count */
  moved: (name, position, count) => `${name} is now picture ${position} of ${count}`,
  /** @param {string} name */
  removed: (name) => `${name} removed`,
  /** @param {string} name */
  moveUp: (name) => `Move ${name} up`,
  /** @param {string} name */
  moveDown: (name) => `Move ${name} down`,
  /** @param {string} name */
  remove: (name) => `Remove ${name}`,
  /** @param {number} width @param {number} height in px */
  dimensions: (width, height) => `${width} × ${height} px`,
  byUrl: "by URL",
  checking: "Checking…",
  preparing: "Preparing…",
  ready: "Ready",
  refused: "Cannot be sent",
  /** @param {number} max */
  tooMany: (max) => `only ${max} pictures can be sent: remove one`,
  /** @param {string} name */
  folder: (name) => `a folder cannot be sent, drop the pictures inside it: ${name}`,
  /** @param {string[]} names */
  added: (names) => `${LIST.format(names)} added`,
  /** @param {number} position */
  sameAs: (position) => `the same as picture ${position}`,
  alreadyListed: "this picture is already in the list",
  noFile: "the browser gave no file: save the picture, then drop or choose the file",
  link: "a link is not a picture: drop the picture itself, or enter its URL under “More”",
  text: "text is not a picture: paste it into a text field, for example the prompt",
  textWithPicture:
    "text with a picture of it was left out: paste it into a text field, or drop it onto the pictures",
  blobUrl:
    "a blob: URL can be read only by the page that made it: save the picture, then drop the file",
  fileUrl: "a page cannot open a file: URL: drop or choose the file itself",
  dataUrl: "expected a picture as base64 in the data: URL, found something else",
  /** @param {string} scheme with its colon */
  otherUrl: (scheme) => `expected a picture or its http(s): URL, found a ${scheme} URL`,
  nothing: "found neither a picture nor its URL",
};

// ── The card "Video": what happens to one task ────────────────────────────────────────────────────

const KEY_NEEDED = "Enter the key to watch it again.";

/** @type {Record<Exclude<Progress["phase"], "waiting">, string>} */
const PHASES = {
  preparing: "Preparing the pictures.",
  encoding: "Reading the pictures.",
  uploading: "Sending the request. From here on it cannot be cancelled.",
  submitted: "Accepted. The task is in the service's queue.",
  processing: "The service is making the video.",
  downloading: "Downloading the video.",
};

/** @typedef {Record<Extract<Progress, { phase: "waiting" }>["reason"], string>} WaitingTexts */

/** @type {WaitingTexts} */
const WAITING_FOR_TASK = {
  offline: "No network. Waiting for it to come back; the task continues at the service.",
  unreachable: "The service does not respond at the moment. The task continues; asking again.",
  not_found_yet:
    "The service does not list the task yet, which is normal just after a submission. Asking again.",
  rate_limited: "The service asks for a pause. The task continues; asking again after the pause.",
};
/** Before it is known that a task exists. @type {WaitingTexts} */
const WAITING_TO_SUBMIT = {
  ...WAITING_FOR_TASK,
  offline: "No network. Waiting for it to come back, to look for the task of this request.",
  unreachable: "The request got no clear response. Looking for its task.",
  rate_limited:
    "The service did not accept the request yet and charged nothing. It is sent again automatically.",
};
/** After the task has succeeded. @type {WaitingTexts} */
const WAITING_FOR_VIDEO = {
  ...WAITING_FOR_TASK,
  offline:
    "No network. Waiting for it to come back; the video is finished and stays at the service.",
};

/** By step of the run. @type {Record<Step, WaitingTexts>} */
const WAITING = {
  sending: WAITING_TO_SUBMIT,
  unknown: WAITING_FOR_TASK,
  watching: WAITING_FOR_TASK,
  fetching: WAITING_FOR_VIDEO,
};

/** @param {Progress} progress @param {Step} step of the run */
export const progressText = (progress, step) =>
  progress.phase === "waiting" ? WAITING[step][progress.reason] : PHASES[progress.phase];

/**
 * What to do about an error, where its message alone does not say it.
 * @type {Partial<Record<KlingError["code"], string>>}
 */
export const ADVICE = {
  invalid_request: "Nothing was sent. Fix the marked fields.",
  invalid_option: "Nothing was sent. Check the base URL and the key.",
  image_unreadable:
    "Nothing was sent. The file may have been moved or changed: remove it and choose it again.",
  storage:
    "Nothing was sent: without a record, this browser could not find the task after a lost response.",
  unauthorized: "Enter a valid key under Connection.",
  forbidden: "Check the key's permissions in the provider's console.",
  insufficient_balance:
    "Check the account's balance and the quota of this key in the provider's console.",
  rate_limited: "Wait a little, then submit again.",
  concurrency_limited: "Wait until another task of this account has ended, then submit again.",
  content_policy: "Change the prompt or the pictures.",
  payload_too_large: "Use smaller pictures.",
  task_failed: "You may submit again, changed or not: that is a new task, charged again.",
  url_expired: "Watch the task again to get a new URL of the video.",
};

const CHARGED_AGAIN =
  "It is charged again if the provider accepts the repeated id without finding the first task. Under another id it is a new task, which is always charged.";

/** What to do about a submission of unknown outcome. */
export const UNKNOWN = {
  lost: "The request got no clear response: unknown whether a task was created.",
  notFound: "No task with this id was found. It may still appear.",
  /** @param {string} message */
  repeatFailed: (message) => `${message} The outcome of the first request is still unknown.`,
  look: "Look again: this asks the service for a task with this id and costs nothing. If none is found, the task may still appear; the provider's console lists it too.",
  send: `Send again under the same id: this repeats the same request. ${CHARGED_AGAIN}`,
  picturesGone: `Its pictures are no longer on this page. To send it again, choose them again and use its id for the next request. ${CHARGED_AGAIN}`,
};

export const RUN = {
  // What is under way.
  preparing: PHASES.preparing,
  looking: "Looking for the task.",
  asking: "Asking for the task.",
  askingResumed: "Resumed. Asking for the task.",
  askingForUrl: "Asking for a new URL of the video.",
  /** @param {string} title */
  resumed: (title) => `Resumed: “${title}”`,
  resumedNotice: "A task was resumed: see Video.",
  interrupted: `A task was running when this page was closed. ${KEY_NEEDED}`,
  keyNeeded: KEY_NEEDED,
  /** @param {number} ms @param {number} [nextPollMs] until the service is asked again */
  elapsed(ms, nextPollMs) {
    const elapsed = `${minutesAndSeconds(ms)} elapsed`;
    if (nextPollMs === undefined) return elapsed;
    return `${elapsed}, asking again in ${Math.max(0, Math.ceil(nextPollMs / SECOND_MS))} s`;
  },

  // How it ended.
  /** @param {number} bytes @param {boolean} isKept */
  videoReady: (bytes, isKept) =>
    isKept
      ? `The video is ready, ${fileSize(bytes)}, and kept in this browser.`
      : `The video is ready, ${fileSize(bytes)}. It could not be kept in this browser: save it.`,
  /** @param {number} bytes */
  videoKept: (bytes) => `This is the video kept in this browser, ${fileSize(bytes)}.`,
  videoBlocked:
    "The video is ready, but its host does not let this page save it. Open the video's URL and save it from there before it expires.",
  videoGone: "the service no longer has the video of this task",
  taskFailed: "The task failed.",
  rejected: "Not accepted. No task was created, nothing is charged.",
  failed: "That did not work.",
  mayExist: "A task may exist and be charged.",
  keyRefused: `The service did not accept this key. ${KEY_NEEDED}`,
  noLongerWatched: "No longer watched.",
  stoppedUnknown: "Stopped. A task may exist and be charged.",
  cancelled: "Cancelled before anything was sent. Nothing is charged.",
  taskContinues: "The task continues at the service and is charged. Watch it again.",
  /** @param {boolean} isListed whether the task is listed after a reload */
  stopped: (isListed) =>
    isListed
      ? "The task continues at the service and is charged. It stays listed under Tasks of this browser, and a reload of this page resumes it."
      : "The task continues at the service and is charged. This page keeps no record of it: note the task id.",
  /** The details of an error in one line. @param {KlingError} error */
  details: ({ code, status, serviceCode, requestId }) =>
    facts([
      code,
      status && `HTTP ${status}`,
      serviceCode && `service code ${serviceCode}`,
      requestId && `request ${requestId}`,
    ]),

  // The buttons.
  cancel: "Cancel",
  stop: "Stop watching",
  watchAgain: "Watch again",
  lookAgain: "Look again",
  sendAgain: "Send again under the same id",
  useId: "Use this id for the next request",
};

export const VIDEO = {
  expected: "The video appears here",
  notYet: "No video yet",
  none: "No video",
  cannotPlayUrl: "This browser cannot play the video here. Open the video's URL.",
  cannotPlayFile: "This browser cannot play the video here. Save it.",
};

// ── The list of tasks ─────────────────────────────────────────────────────────────────────────────

/** What was last known, which may be a while ago. @type {Record<TaskRecord["state"], string>} */
const STATES = {
  submitting: "Being sent",
  unknown: "Unknown whether a task was created",
  rejected: "Refused, nothing charged",
  submitted: "In the queue at the last check",
  processing: "Being made at the last check",
  succeed: "Finished",
  failed: "Failed",
};

export const RECORDS = {
  nothingSent: "Nothing has been sent from this browser to this URL yet.",
  enterBaseUrl: "Enter a base URL to see what was sent there.",
  inMemory:
    "This browser keeps no records of this page; note the task id. What is listed here is gone when the page is closed.",
  /** @param {unknown} error */
  unreadable: (error) => `The records of this browser cannot be read. ${messageOf(error)}`,
  /** @param {unknown} error */
  notForgotten: (error) => `The record could not be forgotten. ${messageOf(error)}`,
  forgotten: "The record is forgotten",
  keptForGood: "Kept videos stay until you forget them.",
  keptWhileSpace:
    "The browser may delete kept videos when space runs short: save those that matter.",
  /** @param {number} count */
  showAll: (count) => `Show all ${count}`,

  /** @param {TaskRecord} record @param {boolean} isInMemory whether the page itself keeps it, until it is closed */
  state({ state, kept }, isInMemory) {
    if (!kept) return STATES[state];
    return isInMemory
      ? `${STATES[state]}, kept until this page is closed`
      : `${STATES[state]}, kept in this browser`;
  },
  /** @param {number} count */
  pictures: (count) => (count === 1 ? "1 picture" : `${count} pictures`),
  /** @param {string | number} seconds */
  duration: (seconds) => `${seconds} s`,
  /** A title that is cut. @param {string} start */
  cut: (start) => `${start}…`,

  runningHere: "Running on this page: see Video.",
  keyNeeded: KEY_NEEDED,
  unknown: "The request got no clear response: a task may exist and be charged.",
  seeVideo: "What you can do is under Video.",
  forgetKept: "The kept video is deleted with it.",
  /** @param {string} externalTaskId */
  forgetUnknown: (externalTaskId) =>
    `A task may exist and be charged. Without this record, this browser cannot look for it: note the external task id ${externalTaskId}.`,
  /** @param {string} taskId */
  forgetRunning: (taskId) =>
    `The task continues and is charged. Without the record it can be watched only by its id: note ${taskId}.`,

  watch: "Watch",
  show: "Show",
  lookAgain: RUN.lookAgain,
  sendAgain: RUN.sendAgain,
  useId: RUN.useId,
  forget: "Forget",
  forgetAnyway: "Forget it anyway",
  keep: "Keep it",
  /** A button's name for screen readers. @param {string} label @param {string} title of the task */
  buttonFor: (label, title) => `${label}: ${title}`,
};

// What the page says of a task: where it is, and what can be done.

/** @import { KlingError, Progress } from "./pkg/index.js" */

export const PHASES = {
  preparing: "Preparing the pictures.",
  encoding: "Reading the pictures.",
  uploading: "Sending the request. From here on it cannot be called back.",
  submitted: "Accepted. The task is in the service's queue.",
  processing: "The service is making the video.",
  downloading: "Fetching the video.",
};
export const WAITING = {
  offline: "No network. Waiting for it to come back; the task goes on at the service.",
  unreachable: "The service does not answer just now. The task goes on; asking again.",
  not_found_yet:
    "The service does not list the task yet, as is normal just after a submission. Asking again.",
  rate_limited: "The service asks for a pause. The task goes on; asking again after it.",
};
/** The same before there is a task to go on. */
const WAITING_TO_SUBMIT = {
  ...WAITING,
  offline: "No network. Waiting for it to come back, to look for the task of the request.",
  unreachable: "No clear answer came to the request. Looking for its task.",
  rate_limited:
    "The service refused the request for now, and charges nothing for it. It is sent again by itself.",
};
const WAITING_FOR_VIDEO = {
  ...WAITING,
  offline:
    "No network. Waiting for it to come back; the video is finished and stays at the service.",
};

/** @param {Progress} progress @param {{ submitting?: boolean, finished?: boolean }} run */
export function stepOf(progress, { submitting, finished }) {
  if (progress.phase !== "waiting") return PHASES[progress.phase];
  return (submitting ? WAITING_TO_SUBMIT : finished ? WAITING_FOR_VIDEO : WAITING)[progress.reason];
}

export const NO_NETWORK = "No network: a request cannot be sent now.";
/** Why what was running is not watched. */
export const KEY_MISSING = "Enter the key to watch it again.";

/**
 * What to do, where the message alone does not say it.
 * @type {Partial<Record<KlingError["code"], string>>}
 */
export const ADVICE = {
  invalid_request: "Nothing was sent. Mend what is marked in the form.",
  invalid_option: "Nothing was sent. Check the base address and the key.",
  image_unreadable:
    "Nothing was sent. The file may have been moved or changed: remove it and choose it again.",
  storage:
    "Nothing was sent: without a record, a lost answer could leave you with a task that nobody finds.",
  unauthorized: "Enter a valid key under Connection.",
  forbidden: "Look at the key's permissions in the provider's console.",
  insufficient_balance:
    "Look at the account's balance and at the quota of this key in the provider's console.",
  rate_limited: "Wait a little, then submit again.",
  concurrency_limited: "Wait until another task of this account has ended, then submit again.",
  content_policy: "Change the prompt or the pictures.",
  payload_too_large: "Use smaller pictures.",
  task_failed: "You may submit again, changed or not: that is a new task, charged anew.",
  url_expired: "Watch the task again to ask for a fresh address.",
};

const CHARGED_AGAIN =
  "It is charged again if the provider neither refuses a repeated id nor finds the first task; under another id it is a new task, charged in any case.";

/** The ways out of a submission of which nothing clear is known. */
export const UNKNOWN = {
  lost: "No clear answer came: it cannot be told whether a task was created.",
  look: "Look again: this asks the service for a task of this id and costs nothing. Finding none proves nothing, because the task may still appear; the provider's console lists it too.",
  send: `Send again under the same id: this repeats the same request. ${CHARGED_AGAIN}`,
  gone: `Its pictures are no longer on this page. To send it again, choose them again and use its id for the next request. ${CHARGED_AGAIN}`,
};

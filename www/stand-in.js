// Plays the service inside the page: for visitors of a static site who have no key. It is given to
// the client as its `fetch` option. No request leaves the page, except for the file of the sample
// video, which lies beside this script.
//
//     submitted ── 2 s ──► processing ── 9 s ──► succeed, or failed if the prompt says so
//
// A task goes on by the wall clock, and is stored: it survives a reload, and other tabs see it. The
// sample video was encoded by `tests/simulator` from two drawings made for it.

import { SERVICE } from "./words.js";

/** @typedef {{ taskId: string, externalTaskId: string, createdAt: number, fails: boolean }} StandInTask */

/** No server ever has a name under `.invalid` (RFC 2606). */
export const STAND_IN_BASE_URL = "https://stand-in.invalid/kling";
const ENDPOINT = `${STAND_IN_BASE_URL}/v1/videos/multi-image2video`;
const VIDEO_URL = new URL("stand-in.mp4", import.meta.url).href;
/** In s, as the service writes it: of the sample video, which is the same for every request. */
const VIDEO_SECONDS = "5.041";

/** Of a task, after it was created. */
const PROCESSING_AFTER_MS = 2000;
const END_AFTER_MS = 9000;
/** How long a response takes, and how long the service takes a request in. */
const RESPONSE_MS = 150;
const UPLOAD_MS = 1200;

const TASKS_KEY = "kling-page.stand-in";
const MAX_TASKS = 50;

/** Where the browser lets the page store nothing, the tasks are gone after a reload. @type {StandInTask[]} */
let tasksInMemory = [];

/**
 * What `fetch` would return, if the service were at the base URL of the stand-in.
 * @type {typeof globalThis.fetch}
 */
export async function standInFetch(input, init) {
  const url = String(input);
  if (url === VIDEO_URL) return fetch(url, init);
  const signal = init?.signal ?? undefined;
  await pause(init?.method === "POST" ? UPLOAD_MS : RESPONSE_MS, signal);
  if (url === ENDPOINT && init?.method === "POST") return submitted(init.body);
  const id = url.startsWith(`${ENDPOINT}/`) ? url.slice(ENDPOINT.length + 1) : "";
  const task = tasks().find(({ taskId, externalTaskId }) => taskId === id || externalTaskId === id);
  return task ? succeeded(stateOf(task)) : refused("task_not_exist", SERVICE.noTask);
}

/** Checks a submission a little, and creates its task. @param {BodyInit | null | undefined} body */
async function submitted(body) {
  /** @type {{ image_list?: unknown, prompt?: unknown, external_task_id?: unknown }} */
  const request = JSON.parse(await new Response(body ?? null).text());
  const externalTaskId = String(request.external_task_id ?? "");
  if (!Array.isArray(request.image_list) || request.image_list.length === 0)
    return refused(1201, SERVICE.noPictures);
  const known = tasks();
  if (known.some((task) => task.externalTaskId === externalTaskId))
    return refused(1201, SERVICE.idTaken(externalTaskId));
  const createdAt = Date.now();
  const fails = SERVICE.failingPrompt.test(String(request.prompt ?? ""));
  const task = { taskId: taskIdAt(createdAt), externalTaskId, createdAt, fails };
  store([task, ...known].slice(0, MAX_TASKS));
  return succeeded(stateOf(task));
}

/** The task as the service reports it now. @param {StandInTask} task */
function stateOf({ taskId, externalTaskId, createdAt, fails }) {
  const common = {
    task_id: taskId,
    task_info: { external_task_id: externalTaskId },
    created_at: createdAt,
  };
  const age = Date.now() - createdAt;
  if (age < PROCESSING_AFTER_MS)
    return { ...common, task_status: "submitted", updated_at: createdAt };
  if (age < END_AFTER_MS)
    return { ...common, task_status: "processing", updated_at: createdAt + PROCESSING_AFTER_MS };
  const ended = { ...common, updated_at: createdAt + END_AFTER_MS };
  if (fails) return { ...ended, task_status: "failed", task_status_msg: SERVICE.failure };
  const video = { id: `${taskId}7`, url: VIDEO_URL, duration: VIDEO_SECONDS };
  return { ...ended, task_status: "succeed", task_result: { videos: [video] } };
}

/** @param {unknown} data */
const succeeded = (data) => Response.json({ code: 0, message: "SUCCEED", data });

/** @param {number | string} code @param {string} message */
const refused = (code, message) => Response.json({ code, message, data: null }, { status: 400 });

/** Digits, as the service's ids, which no other task has. @param {number} time */
const taskIdAt = (time) =>
  `${time}${String(crypto.getRandomValues(new Uint16Array(1))[0]).padStart(5, "0")}`;

/** @returns {StandInTask[]} newest first */
function tasks() {
  try {
    return JSON.parse(localStorage.getItem(TASKS_KEY) ?? "[]");
  } catch {
    return tasksInMemory;
  }
}

/** @param {StandInTask[]} list */
function store(list) {
  tasksInMemory = list;
  try {
    localStorage.setItem(TASKS_KEY, JSON.stringify(list));
  } catch {
    // Kept in memory.
  }
}

/** @param {number} ms @param {AbortSignal | undefined} signal @returns {Promise<void>} */
function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal?.reason);
    if (signal?.aborted) return abort();
    setTimeout(resolve, ms);
    signal?.addEventListener("abort", abort, { once: true });
  });
}

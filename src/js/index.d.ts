// The declarations of the npm package `kling-multi-image2video`.
//
// Importing the package runs nothing, and reads no global of a browser, so it can be imported on a
// server.
//
// Times are in ms, sizes in bytes, and edges of images in px; only `duration`, of videos, is in s.
// An option that is left out or `undefined` has its default. Every rejection is a `KlingError`,
// except after an abort, which rejects with the signal's reason. `@throws` lists the most important
// codes of a call. Every call can also reject with `wasm_load`, and every call with options with
// `invalid_option`.

import type { PreparedImage, PrepareOptions, SubmitOptions } from "./images.js";
import type {
  CallOptions,
  ClientOptions,
  ImageInfo,
  Issue,
  ProgressOptions,
  Task,
  TaskRecord,
  Video,
  VideoRequest,
  WaitOptions,
} from "./types.js";

export * from "./types.js";
export type { PreparedImage, PrepareOptions, SubmitOptions } from "./images.js";

// ── Loading

/**
 * Where to load the WebAssembly code from, if it is not beside the script: a URL (a relative one is
 * relative to the page), a response whose body is not read yet, the bytes, or a compiled module.
 * @example
 * ```ts
 * import type { WasmSource } from "kling-multi-image2video";
 *
 * const source: WasmSource = new URL("/static/kling.wasm", location.href);
 * ```
 */
export type WasmSource = string | URL | Request | Response | BufferSource | WebAssembly.Module;

/**
 * Loads the module. Optional: every function below loads it when needed. May be called any number
 * of times, also concurrently. The first successful load counts; after a failure, the next call
 * tries again.
 * @throws {KlingError} `wasm_load`, with the reason and a remedy in its message, and the original
 *   error as `cause`; `invalid_option` for a source of another type
 * @example Loading it while the user fills in the form.
 * ```js
 * import init from "kling-multi-image2video";
 *
 * await init();
 * ```
 * @example Loading it from a host for static files.
 * ```js
 * import init from "kling-multi-image2video";
 *
 * await init("https://static.example.com/kling_multi_image2video_bg.wasm");
 * ```
 */
export default function init(source?: WasmSource | Promise<WasmSource>): Promise<void>;

// ── Images: no key, no network

/**
 * Reads the header of an image without decoding it: some kB, also of a large file. Never rejects
 * because of the content. A file that cannot be read has the issue `image_empty`.
 * @throws {KlingError} `invalid_option` for a value that is no file or blob
 * @example Checking each image as soon as it is picked.
 * ```js
 * import { inspectImage } from "kling-multi-image2video";
 *
 * for (const file of input.files ?? []) {
 *   const { format, width, height, issues } = await inspectImage(file);
 *   console.log(file.name, format, width, height, issues.map(({ message }) => message));
 * }
 * ```
 */
export function inspectImage(image: Blob): Promise<ImageInfo>;

/**
 * The base64 of a file, without a `data:` prefix and without line breaks: four characters for each
 * three bytes. The content is not checked.
 * @throws {KlingError} `image_unreadable` if the file cannot be read to its end, for example
 *   because it was changed or moved
 * @example
 * ```js
 * import { encodeImage } from "kling-multi-image2video";
 *
 * const base64 = await encodeImage(file);
 * ```
 */
export function encodeImage(image: Blob, options?: CallOptions): Promise<string>;

/**
 * Makes an image that this browser can decode acceptable to the service: upright, JPEG or PNG,
 * within the limits of size, and without metadata such as its GPS position. An acceptable image
 * without metadata is returned as the same object. If only metadata must go, the pixels stay as they
 * are. A page only: it needs a canvas.
 * @throws {KlingError} `invalid_request` with the reasons if the image cannot be made acceptable;
 *   `image_unreadable`
 * @example
 * ```js
 * import { prepareImage } from "kling-multi-image2video";
 *
 * const { image, info, changes } = await prepareImage(file, { maxEdge: 1920, aspect: "crop" });
 * console.log(info.width, info.height, info.bytes, changes);
 * ```
 */
export function prepareImage(image: Blob, options?: PrepareOptions): Promise<PreparedImage>;

// ── The request

/**
 * Checks a request without a key and without sending anything. Resolves to every problem; a request
 * without errors can be submitted. Never rejects because of the request.
 * @example
 * ```js
 * import { validateRequest } from "kling-multi-image2video";
 *
 * const issues = await validateRequest({ images: input.files ?? [], prompt: "a walk through the four seasons" });
 * const errors = issues.filter(({ severity }) => severity === "error");
 * for (const { path, message } of errors) console.log(path, message); // "images[0]", "expected …, found …"
 * ```
 */
export function validateRequest(request: VideoRequest): Promise<Issue[]>;

/**
 * The exact JSON body that `submit` would send, as a blob of type `application/json`. Without an
 * `externalTaskId` in the request, the body has a new random one, as each submission has.
 * @throws {KlingError} `invalid_request` with every problem, `image_unreadable`
 * @example
 * ```js
 * import { buildRequestBody } from "kling-multi-image2video";
 *
 * const body = await buildRequestBody({ images: [file], prompt: "a walk through the four seasons", duration: 10 });
 * const fields = JSON.parse(await body.text());
 * ```
 */
export function buildRequestBody(request: VideoRequest, options?: CallOptions): Promise<Blob>;

// ── The client

/**
 * A client of one base URL. Synchronous, without side effects, also at module scope and on a
 * server. With invalid options every call of the client rejects with `invalid_option`.
 * @example A site whose own server adds the key, with the relay of this package.
 * ```js
 * import { createClient } from "kling-multi-image2video";
 *
 * const client = createClient({ baseUrl: "/api/kling" });
 * ```
 * @example A page where users enter their own key.
 * ```js
 * import { createClient } from "kling-multi-image2video";
 *
 * const client = createClient({ apiKey: () => input.value });
 * ```
 */
export function createClient(options?: ClientOptions): Client;

/**
 * Methods may be detached from the object. An `id` is a task id, or the external task id of a
 * record. An error that a listener throws is reported as uncaught and ends no call.
 * @example
 * ```ts
 * import type { Client } from "kling-multi-image2video";
 *
 * const unfinished = async (client: Client) =>
 *   (await client.records()).filter(({ state }) => state === "submitted" || state === "processing");
 * ```
 */
export interface Client {
  /**
   * Submits a request, and resolves when the service has accepted it. Each call creates at most one
   * task. If that id was accepted in this browser before, resolves to its task
   * without a request. A call with the same fields and files as one that is still being sent by
   * this client joins that one.
   *
   * Before the paid request, the request is checked and recorded, and the service is asked whether
   * a task with that id exists.
   * @throws {KlingError} before the paid request, so that nothing was sent: `invalid_request` with
   *   every problem; `storage` if no record can be written; `network`, `protocol`, `server_error`,
   *   `unauthorized` if the service does not answer that look-up
   * @throws {KlingError} after the paid request, if no task was created: `unauthorized`,
   *   `forbidden`, `insufficient_balance`, `rate_limited`, `concurrency_limited`, `rejected`,
   *   `content_policy`, `model_unavailable`, `payload_too_large`, `protocol`
   * @throws {KlingError} `submission_unknown` if it is unknown whether a task was created
   * @example
   * ```js
   * const { taskId } = await client.submit({ images: input.files ?? [], prompt: "a walk through the four seasons" });
   * ```
   * @example Looking up an unknown submission instead of paying again.
   * ```js
   * import { isKlingError } from "kling-multi-image2video";
   *
   * const request = { images: [file], prompt: "a walk through the four seasons", externalTaskId: crypto.randomUUID() };
   * const task = await client.submit(request).catch((error) => {
   *   if (!isKlingError(error) || error.code !== "submission_unknown") throw error;
   *   return client.reconcile(request.externalTaskId);
   * });
   * ```
   */
  submit(request: VideoRequest, options?: SubmitOptions): Promise<Task>;
  /**
   * Queries a task once. Resolves to a failed task too.
   * @throws {KlingError} `task_not_found`, `unauthorized`, `rate_limited`, `server_error`,
   *   `network`, `protocol`
   * @example
   * ```js
   * const { status, statusMessage } = await client.getTask("883729910284");
   * ```
   */
  getTask(id: string, options?: CallOptions): Promise<Task>;
  /**
   * Polls a task, and resolves when it succeeds; without a `timeout` there is no time limit. Goes
   * on through lost networks, sleep, rate limits and short outages. An error has the `taskId` and
   * ends no task; `wait` may be called again.
   * @throws {KlingError} `task_failed`, `task_not_found`, `timeout`, `network`, `unauthorized`,
   *   `forbidden`, `rate_limited`, `server_error`, `protocol`
   * @example Continuing after a reload.
   * ```js
   * for (const { taskId, state } of await client.records()) {
   *   if (taskId && (state === "submitted" || state === "processing")) {
   *     client.wait(taskId, { onProgress: ({ phase }) => console.log(taskId, phase) }).then((task) => client.keepVideo(task.taskId));
   *   }
   * }
   * ```
   */
  wait(id: string, options?: WaitOptions): Promise<Task>;
  /**
   * Yields the task at once, then whenever its status, message or videos change. Ends after
   * `succeed` or `failed`, without an error. Leaving the loop stops the polling.
   * @throws {KlingError} from `next()`, as `wait` except `task_failed`
   * @example
   * ```js
   * for await (const { status, statusMessage } of client.watch("883729910284")) console.log(status, statusMessage);
   * ```
   */
  watch(id: string, options?: WaitOptions): AsyncIterable<Task>;
  /**
   * `submit`, then `wait`. The `timeout` starts when the task is accepted. From then on errors have
   * the `taskId` and are not `retryable`: continue with `wait(error.taskId)`.
   * @throws {KlingError} as `submit` and `wait`
   * @example
   * ```js
   * const request = { images: input.files ?? [], prompt: "a walk through the four seasons" };
   * const task = await client.generate(request, { onProgress: ({ phase }) => console.log(phase) });
   * video.src = URL.createObjectURL(await client.download(task));
   * ```
   */
  generate(request: VideoRequest, options?: SubmitOptions & WaitOptions): Promise<Task>;
  /**
   * Looks up the task of an unknown submission once. `undefined` does not prove that no task
   * exists: it may still appear. Submitting the same request again under the same id finds a task
   * that the service shows by then, and does not charge it again; if the look-up misses it, both may
   * be charged, unless the service refuses repeated ids.
   * @throws {KlingError} `unauthorized`, `network`, `server_error`, `rate_limited`, `protocol`
   * @example
   * ```js
   * for (const { state, externalTaskId } of await client.records()) {
   *   if (state === "unknown") console.log(externalTaskId, await client.reconcile(externalTaskId));
   * }
   * ```
   */
  reconcile(externalTaskId: string, options?: CallOptions): Promise<Task | undefined>;
  /**
   * Queries a task that was created elsewhere, and makes a record of it. The record has only what
   * the service reports: no prompt, and an `imageCount` of 0.
   * @throws {KlingError} as `getTask`; `storage`
   * @example
   * ```js
   * await client.adopt("883729910284");
   * ```
   */
  adopt(taskId: string, options?: CallOptions): Promise<Task>;

  /**
   * Downloads a finished video, and checks that the MP4 file is complete. The file itself
   * says so; the length that the host announces is only a hint. If the URL has expired, the task is queried for a new one.
   * If the delivery host does not let pages read the video, or the task has succeeded without a URL,
   * the video is requested through the gateway, with the key. A download that breaks off resumes or
   * restarts, within `outageBudget`.
   * @throws {KlingError} `download_blocked`, `url_expired`, `not_a_video`, each with the `url` to
   *   offer as a link; `network`, also if the hosts send only a part of the video; `protocol` if a
   *   task without a URL has no video; `invalid_option` for a URL that contains the key
   * @example With a link if the page may not read the video.
   * ```js
   * import { isKlingError } from "kling-multi-image2video";
   *
   * try {
   *   video.src = URL.createObjectURL(await client.download(task));
   * } catch (error) {
   *   if (!isKlingError(error) || error.code !== "download_blocked" || !error.url) throw error;
   *   video.src = error.url; // a player may load what a script may not read
   * }
   * ```
   */
  download(video: Video | Task, options?: ProgressOptions): Promise<Blob>;
  /**
   * Downloads the video of a finished task and keeps it in this browser, also after its URL has
   * expired. Makes a record of the task if there is none. A video that is kept already is returned
   * without a request. A video is kept completely or not at all.
   * @throws {KlingError} as `download`; `storage` if there is not enough space, with the downloaded
   *   video in `error.video`; `invalid_option` for a task that is still under way
   * @example
   * ```js
   * video.src = URL.createObjectURL(await client.keepVideo(task.taskId));
   * if (!(await navigator.storage?.persisted?.())) await navigator.storage?.persist?.(); // the page should ask once
   * ```
   * @example Without enough space, the video is there until the page is closed.
   * ```js
   * import { isKlingError } from "kling-multi-image2video";
   *
   * const blob = await client.keepVideo(task.taskId).catch((error) => {
   *   if (isKlingError(error) && error.video) return error.video;
   *   throw error;
   * });
   * video.src = URL.createObjectURL(blob);
   * ```
   */
  keepVideo(id: string, options?: ProgressOptions): Promise<Blob>;
  /**
   * The kept video of a task, without a request and without a key; `undefined` if it is not kept.
   * @throws {KlingError} `storage`
   * @example
   * ```js
   * const kept = await client.keptVideo(task.taskId);
   * if (kept) video.src = URL.createObjectURL(kept);
   * ```
   */
  keptVideo(id: string): Promise<Blob | undefined>;

  /**
   * The records of all submissions from this browser to this base URL, newest first, also of those
   * before a reload or a crash. They hold no key and no images. All records of submissions under
   * way, of unknown outcome, or with a kept video are stored; of the others, the newest 200 in state
   * `rejected` or `failed`, and the newest 1000 in state `succeed` without a kept video.
   * @throws {KlingError} `storage`
   * @example
   * ```js
   * for (const { createdAt, state, prompt } of await client.records()) console.log(new Date(createdAt), state, prompt);
   * ```
   */
  records(): Promise<TaskRecord[]>;
  /**
   * Calls `listener` with each record that is written or removed in any tab. `removed` is true for a
   * record that was forgotten or pruned, and for one of a submission that ended before anything was
   * sent; the record is then as it was before. Returns a function that stops it.
   * @throws {KlingError} `invalid_option`, synchronously, if `listener` is no function
   * @example
   * ```js
   * const stop = client.onRecordChange(({ externalTaskId, state }, { removed }) => {
   *   console.log(externalTaskId, removed ? "removed" : state);
   * });
   * addEventListener("pagehide", stop);
   * ```
   */
  onRecordChange(listener: (record: TaskRecord, change: { removed: boolean }) => void): () => void;
  /**
   * Removes a record and its kept video, never a task. Without its record, this package cannot look
   * up an unknown submission any more, unless the caller knows its external task id.
   * @throws {KlingError} `invalid_option` while its request is being sent; `storage`
   * @example
   * ```js
   * await client.forget(task.taskId);
   * ```
   */
  forget(id: string): Promise<void>;
  /**
   * Where records are stored: `memory`, until the page closes, if chosen or without IndexedDB.
   * @example
   * ```js
   * if ((await client.storage()) === "memory") console.log("note the task id: records end with this page");
   * ```
   */
  storage(): Promise<"indexeddb" | "memory">;
  /**
   * Ends every call, listener and connection of this client. Calls under way and later calls reject
   * with `invalid_option`; a submission of which it is unknown whether it created a task also with
   * its `externalTaskId`. Ends no task.
   * @example
   * ```js
   * client.close();
   * ```
   */
  close(): void;
}

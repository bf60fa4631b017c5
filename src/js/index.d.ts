// The declarations of the npm package `kling-multi-image2video`.
// Nothing runs at import: importing on a server touches no global.
//
// Times are in ms, sizes in bytes, edges of pictures in px; `duration`, of videos, is in s. A
// default is what counts when an option is left out or `undefined`. Every rejection but an abort is
// a `KlingError`; `@throws` lists the codes that matter most to a call. Each also rejects with
// `wasm_load`, and those with options with `invalid_option`.

import type {
  CallOptions,
  ClientOptions,
  ImageInfo,
  Issue,
  ProgressOptions,
  SubmitOptions,
  Task,
  TaskRecord,
  Video,
  VideoRequest,
  WaitOptions,
} from "./types.js";

export * from "./types.js";

// ── Loading

/**
 * Where the WebAssembly code comes from, when the default (beside the script) cannot be used: an
 * address (of the page, when relative), an answer to be read once, the bytes, or a compiled module.
 */
export type WasmSource = string | URL | Request | Response | BufferSource | WebAssembly.Module;

/**
 * Loads the module. Optional: every function below awaits it. May be called any number of times,
 * also concurrently; after a failure it may be called again. The first source that works is used
 * for good.
 * @throws {KlingError} `wasm_load`, with the reason in its message, what to do about it, and what
 * was thrown as `cause`;
 *   `invalid_option` for a source of another type
 * @example Loading it while the form is being filled in.
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
 * Reads the header of an image without decoding it: some kilobytes, however large the file. Never
 * rejects for what is in it. A file that cannot be read has the issue `image_empty`.
 * @example Saying what is wrong with a picture as soon as it is picked.
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
 * The bare base64 of a file, without a `data:` prefix and without line breaks: four letters for
 * each three bytes. The file is not looked at.
 * @throws {KlingError} `image_unreadable` when the file cannot be read to its end, mostly because
 * it was changed or moved
 * @example
 * ```js
 * import { encodeImage } from "kling-multi-image2video";
 *
 * const text = await encodeImage(file);
 * ```
 */
export function encodeImage(image: Blob, options?: CallOptions): Promise<string>;

// ── The request

/**
 * Every problem of a request at once, without a key and without sending anything. It can be
 * submitted when none is an error. Never rejects for what is in the request.
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
 * The exact JSON body that `submit` would send, of type `application/json`. Where the request names
 * no `externalTaskId`, a fresh one stands in it, as in each submission.
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
 * A client of one base address. Synchronous and free of effects, also at module scope and on a
 * server. Bad options reject the first call with `invalid_option`.
 * @example A site whose own server adds the key; see `kling-multi-image2video/relay`.
 * ```js
 * import { createClient } from "kling-multi-image2video";
 *
 * const client = createClient({ baseUrl: "/api/kling" });
 * ```
 * @example A page to which people bring their own key.
 * ```js
 * import { createClient } from "kling-multi-image2video";
 *
 * const client = createClient({ apiKey: () => input.value });
 * ```
 */
export function createClient(options?: ClientOptions): Client;

/**
 * Methods may be detached from the object. `id` is a task id, or the external task id of a record.
 * Listeners that throw are reported as uncaught, and disturb nothing.
 */
export interface Client {
  /**
   * Sends the request: at most one task is created per `externalTaskId`. When that id was already
   * accepted in this browser, resolves to its task without sending anything. An identical request
   * (same fields, same files) that this client is still sending is joined, not sent again.
   *
   * Before anything is paid for, the request is checked, recorded, and the service is asked for a
   * task of that id.
   * @throws {KlingError} `invalid_request` with every problem, `storage` when no record can be
   * made, `network`, `protocol`,
   *   `server_error`, `unauthorized` when that question fails: nothing was sent
   * @throws {KlingError} `unauthorized`, `forbidden`, `insufficient_balance`, `rate_limited`,
   * `concurrency_limited`,
   *   `rejected`, `content_policy`, `model_unavailable`, `payload_too_large`, `protocol`: no task
   * was created
   * @throws {KlingError} `submission_unknown` when it is unknown whether the task was created
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
   * One question, one answer. A failed task is an answer, not an error.
   * @throws {KlingError} `task_not_found`, `unauthorized`, `rate_limited`, `server_error`,
   * `network`, `protocol`
   * @example
   * ```js
   * const { status, statusMessage } = await client.getTask("883729910284");
   * ```
   */
  getTask(id: string, options?: CallOptions): Promise<Task>;
  /**
   * Resolves when the task succeeds, however long that takes. Lost networks, sleep, rate limits and
   * short outages are waited out; an error has the `taskId`, ends no task, and `wait` may be called
   * again.
   * @throws {KlingError} `task_failed`, `task_not_found`, `timeout`, `network`, `unauthorized`,
   * `forbidden`, `rate_limited`,
   *   `server_error`, `protocol`
   * @example Going on after a reload.
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
   * The task at once, then whenever status, message or videos change; ends with `succeed` or
   * `failed`, throws neither. Leaving the loop ends the questions.
   * @throws {KlingError} from `next()`, as `wait`
   * @example
   * ```js
   * for await (const { status, statusMessage } of client.watch("883729910284")) console.log(status, statusMessage);
   * ```
   */
  watch(id: string, options?: WaitOptions): AsyncIterable<Task>;
  /**
   * `submit`, then `wait`. After acceptance its errors are not `retryable`: go on with
   * `wait(error.taskId)`. `timeout` counts from the acceptance.
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
   * Looks once for the task of an unknown submission. `undefined` proves nothing: it may still
   * appear. Sending the same request again under the same id is the safe way on: what was accepted
   * already is found, not paid for again.
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
   * Asks for a task that was created elsewhere, and makes a record of it, with as much as the
   * service tells: no prompt, and
   * `imageCount` 0.
   * @throws {KlingError} as `getTask`; `storage`
   * @example
   * ```js
   * await client.adopt("883729910284");
   * ```
   */
  adopt(taskId: string, options?: CallOptions): Promise<Task>;

  /**
   * The checked bytes of a finished video: an MP4 file of the announced length. An address that has
   * expired is asked for anew; where the delivery host lets no page read, the gateway's content
   * route is tried, with the key. A stream that breaks off is taken up where it was, or begun
   * again, within `outageBudget`.
   * @throws {KlingError} `download_blocked`, `url_expired`, `not_a_video`, each with the `url` to
   * offer as a link; `network`;
   *   `invalid_option` for a URL that contains the key
   * @example With a link in place of a video that no page may read.
   * ```js
   * import { isKlingError } from "kling-multi-image2video";
   *
   * try {
   *   video.src = URL.createObjectURL(await client.download(task));
   * } catch (error) {
   *   if (!isKlingError(error) || error.code !== "download_blocked" || !error.url) throw error;
   *   video.src = error.url; // a player may have what a script may not
   * }
   * ```
   */
  download(video: Video | Task, options?: ProgressOptions): Promise<Blob>;
  /**
   * Downloads the video of a finished task and keeps it in this browser, past the life of its
   * address; makes a record of the task if there is none. What is kept already comes without any
   * request. A video is kept as a whole or not at all.
   * @throws {KlingError} as `download`; `storage` when there is no room; `invalid_option` for a
   * task still under way
   * @example
   * ```js
   * video.src = URL.createObjectURL(await client.keepVideo(task.taskId));
   * if (!(await navigator.storage.persisted())) await navigator.storage.persist(); // the page's to ask, once
   * ```
   */
  keepVideo(id: string, options?: ProgressOptions): Promise<Blob>;
  /**
   * The video kept for a task, without any request and without a key; `undefined` when none is.
   * @throws {KlingError} `storage`
   * @example
   * ```js
   * const kept = await client.keptVideo(task.taskId);
   * if (kept) video.src = URL.createObjectURL(kept);
   * ```
   */
  keptVideo(id: string): Promise<Blob | undefined>;

  /**
   * Everything submitted from this browser to this base address, newest first, also before a reload
   * or crash. Holds no key and no image. Of finished ones the newest 200 are remembered; what is
   * under way or unknown always is, and what has a video kept.
   * @throws {KlingError} `storage`
   * @example
   * ```js
   * for (const { createdAt, state, prompt } of await client.records()) console.log(new Date(createdAt), state, prompt);
   * ```
   */
  records(): Promise<TaskRecord[]>;
  /**
   * Calls back after every change of a record, in whichever tab, with the record as it is now; of a
   * removal it does not tell. Returns what ends it.
   * @throws {KlingError} `invalid_option`, at once, for what is no function
   * @example
   * ```js
   * const end = client.onRecordChange(({ externalTaskId, state }) => console.log(externalTaskId, state));
   * addEventListener("pagehide", end);
   * ```
   */
  onRecordChange(listener: (record: TaskRecord) => void): () => void;
  /**
   * Removes a record and its kept video, never a task. Of an unknown submission the record is all
   * by which it can be found.
   * @throws {KlingError} `invalid_option` while its request is under way; `storage`
   * @example
   * ```js
   * await client.forget(task.taskId);
   * ```
   */
  forget(id: string): Promise<void>;
  /**
   * Where records really are: `memory` when there is no IndexedDB, and they end with the page.
   * @example
   * ```js
   * if ((await client.storage()) === "memory") console.log("note the task id: nothing outlives this page");
   * ```
   */
  storage(): Promise<"indexeddb" | "memory">;
  /**
   * Ends every wait, listener and connection of this client; these and later calls reject with
   * `invalid_option`. It ends no task.
   * @example
   * ```js
   * client.close();
   * ```
   */
  close(): void;
}

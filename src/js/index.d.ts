// The declarations of the npm package `kling-multi-image2video`.
// Nothing runs at import: importing on a server touches no global.
//
// Times are in ms, sizes in bytes, edges of pictures in px; `duration`, of videos, is in s. A default is what counts when an
// option is left out or `undefined`. Every rejection but an abort is a `KlingError`; `@throws` lists the codes that matter
// most to a call. Each also rejects with `wasm_load`, and those with options with `invalid_option`.

// ── Loading ───────────────────────────────────────────────────────────────────────────────────────

/**
 * Where the WebAssembly code comes from, when the default (beside the script) cannot be used: an address (of the page, when
 * relative), an answer to be read once, the bytes, or a compiled module.
 */
export type WasmSource = string | URL | Request | Response | BufferSource | WebAssembly.Module;

/**
 * Loads the module. Optional: every function below awaits it. May be called any number of times,
 * also concurrently; after a failure it may be called again. The first source that works is used for good.
 * @throws {KlingError} `wasm_load`, with the reason in its message, what to do about it, and what was thrown as `cause`;
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

// ── Images: no key, no network ────────────────────────────────────────────────────────────────────

/**
 * A picked file, any other blob, a public `http(s):` URL, or a bare base64 or `data:` string. `blob:` URLs are refused: pass
 * the blob. JPEG or PNG, told by content; at most 10 MiB; each edge at least 300 px; between 1:2.5 and 2.5:1 (the limits are
 * Kling's and CometAPI's). What is behind a URL is fetched by the service, and not looked at here.
 */
export type ImageSource = Blob | URL | string;

/** What the content is, whatever the name or type of the file says. The service takes `jpeg` and `png`. */
export type ImageFormat = "jpeg" | "png" | "webp" | "gif" | "avif" | "heic" | "bmp" | "tiff" | "unknown";

/** What the first bytes of a file say about it. Pixel size is as displayed: EXIF orientation applied. */
export interface ImageInfo {
  format: ImageFormat;
  /** px; absent where the header does not say */
  width?: number;
  /** px; absent where the header does not say */
  height?: number;
  /** the size of the file */
  bytes: number;
  /** Everything that would make the service refuse it, and what is worth knowing; acceptable when none is an error. */
  issues: Issue[];
}

/**
 * Reads the header of an image without decoding it: some kilobytes, however large the file. Never rejects for what is in it.
 * A file that cannot be read has the issue `image_empty`.
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
 * The bare base64 of a file, without a `data:` prefix and without line breaks: four letters for each three bytes. The file
 * is not looked at.
 * @throws {KlingError} `image_unreadable` when the file cannot be read to its end, mostly because it was changed or moved
 * @example
 * ```js
 * import { encodeImage } from "kling-multi-image2video";
 *
 * const text = await encodeImage(file);
 * ```
 */
export function encodeImage(image: Blob, options?: CallOptions): Promise<string>;

// ── The request ───────────────────────────────────────────────────────────────────────────────────

/**
 * What to make a video of. What is left out is left out of the request, and the service's default counts; a key that is no
 * field is an `unknown_field`.
 */
export interface VideoRequest {
  /** 1 to 4 (CometAPI's schema); `input.files` as it is will do */
  images: Iterable<ImageSource> | ArrayLike<ImageSource>;
  /** what shall happen; at most 2500 characters (Unicode code points; Kling's limit); a warning when missing */
  prompt?: string | undefined;
  /** what shall not be seen; at most 2500 characters */
  negativePrompt?: string | undefined;
  /** the service's default is `std`; `pro` costs more */
  mode?: "std" | "pro" | undefined;
  /** in s; the service's default is 5; 10 costs more */
  duration?: 5 | 10 | "5" | "10" | undefined;
  /** of the video; Kling's default is `16:9` */
  aspectRatio?: "16:9" | "9:16" | "1:1" | undefined;
  /** 1 to 100 visible ASCII characters; `kling-v1-6` is the only one documented; left out of the request unless given */
  modelName?: "kling-v1-6" | (string & {}) | undefined;
  /** a public `http(s):` address, to which the service reports */
  callbackUrl?: string | URL | undefined;
  /**
   * 1 to 64 letters, digits, `-` and `_`; unique per account. A random UUID when not given; the key under which a submission
   * is charged at most once.
   */
  externalTaskId?: string | undefined;
}

/** What can be wrong with a request, or worth knowing. `has_location`, `prompt_missing` and `size_unknown` are warnings. */
export type IssueCode =
  | "too_few_images" | "too_many_images"
  | "unsupported_format" | "image_empty" | "image_too_large" | "image_too_small" | "bad_aspect_ratio" | "image_truncated"
  | "size_unknown" | "has_location" | "bad_url" | "bad_base64"
  | "prompt_missing" | "prompt_too_long" | "bad_value" | "unknown_field";

/** One problem of one field. */
export interface Issue {
  code: IssueCode;
  /** where, e.g. `images[2]` or `duration` */
  path: string;
  /** an error stops a submission; a warning does not */
  severity: "error" | "warning";
  /** what was expected and what was found, in English */
  message: string;
  /** the figures of the message, for one's own words: `{ limit: 300, actual: 299 }`; `{ reason: "unreadable" }` with an `image_empty` that the browser could not read */
  params?: Record<string, string | number>;
}

/**
 * Every problem of a request at once, without a key and without sending anything. It can be submitted when none is an error.
 * Never rejects for what is in the request.
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
 * The exact JSON body that `submit` would send, of type `application/json`. Where the request names no `externalTaskId`,
 * a fresh one stands in it, as in each submission.
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

// ── The client ────────────────────────────────────────────────────────────────────────────────────

/** Where the service is, who asks, and how patiently. Other keys, and values out of range, are an `invalid_option`. */
export interface ClientOptions {
  /** A key, or a function that supplies one per call. Left out when `baseUrl` is a relay that adds it. */
  apiKey?: (string | (() => string | Promise<string>)) | undefined;
  /**
   * Everything before `/v1/videos/…`; default `https://api.cometapi.com/kling`. May be relative to the page.
   * With a key, `http:` is refused except for loopback.
   */
  baseUrl?: string | URL | undefined;
  /** Where task records live; default "indexeddb", falling back to "memory" where there is none. */
  store?: "indexeddb" | "memory" | undefined;
  /** Separates the records of several apps on one origin; default "kling-multi-image2video". */
  storeName?: string | undefined;
  polling?: PollingOptions | undefined;
  /** for sites that wrap it; default the global one */
  fetch?: typeof globalThis.fetch | undefined;
}

/**
 * How often and how long the service is asked. All in ms, taken as given from 10 up (tests and simulators poll fast). Every
 * pause is spread by ±20 %. Time without a network, asleep or frozen counts towards no budget.
 */
export interface PollingOptions {
  /** before the first question after a submission; default 5000 */
  firstDelay?: number | undefined;
  /** before the second; default 5000; grows by a quarter each time */
  interval?: number | undefined;
  /** where it stops growing; default 15000; twice that once the task is ten minutes old */
  maxInterval?: number | undefined;
  /**
   * how long an unbroken outage is tolerated while online; default 300000. Also how long a submission is repeated that the
   * service puts off (429 with 1302 or 1303), and how long its request may go without an answer, beside the time that its
   * upload takes at 64 kB/s.
   */
  outageBudget?: number | undefined;
  /** how long "no such task" is tolerated after a submission; default 90000 */
  notFoundGrace?: number | undefined;
}

/**
 * A client of one base address. Synchronous and free of effects, also at module scope and on a server. Bad options reject the
 * first call with `invalid_option`.
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

/** The service's own words. `succeed` and `failed` are final. */
export type TaskStatus = "submitted" | "processing" | "succeed" | "failed";

/** A task as the service last told of it. */
export interface Task {
  /** the service's id, by which every call finds it */
  taskId: string;
  /** the caller's id, where the service repeats it */
  externalTaskId?: string;
  status: TaskStatus;
  /** the service's reason, mostly of a failure */
  statusMessage?: string;
  /** empty until `succeed` */
  videos: Video[];
  /** ms since 1970 */
  createdAt?: number;
  /** ms since 1970 */
  updatedAt?: number;
  /** the answer as it came, parsed */
  raw: unknown;
}

/** A finished video at the delivery host. */
export interface Video {
  /** of the task that made it */
  taskId: string;
  /** of the video itself */
  id?: string;
  /** expires: keep the video, not the address */
  url: string;
  /** in s */
  duration?: number;
}

/**
 * A step of a call. Times in ms; `elapsed` counts from the task's creation by the wall clock; `loaded` and `total` are bytes.
 *
 * - `preparing`: the header of that picture, counted from 0, is being read.
 * - `encoding`: the pictures are being read and encoded.
 * - `uploading`: the paid request leaves, and cannot be called back.
 * - `submitted`, `processing`: the task as last seen.
 * - `waiting`: the browser is `offline`, or the last question brought no task; `error` says why. It is asked again.
 * - `downloading`: the video is arriving; `total` where the host announces it.
 */
export type Progress =
  | { phase: "preparing"; image: number }
  | { phase: "encoding"; loaded: number; total: number }
  | { phase: "uploading"; externalTaskId: string; total: number }
  | { phase: "submitted" | "processing"; task: Task; elapsed: number; nextPollIn: number }
  | { phase: "waiting"; reason: "offline" | "unreachable" | "not_found_yet" | "rate_limited"; elapsed: number; nextPollIn?: number; error?: KlingError }
  | { phase: "downloading"; loaded: number; total?: number };

/** Of every call that asks or reads. */
export interface CallOptions {
  /**
   * Aborting rejects at once with the signal's reason. It stops watching, never a task, which is still charged.
   * After an abort while the request is under way it cannot be told whether a task was created.
   */
  signal?: AbortSignal | undefined;
}
/** Of calls that take a while. */
export interface ProgressOptions extends CallOptions {
  /** called with each step; what it throws is reported as uncaught, and disturbs nothing */
  onProgress?: ((progress: Progress) => void) | undefined;
}
/** Of calls that wait for the end of a task. */
export interface WaitOptions extends ProgressOptions {
  /** ms by the wall clock, offline or not; rejects with `timeout`, after which `wait` may be called again; default: no limit */
  timeout?: number | undefined;
}

/** Of a submission. */
export interface SubmitOptions extends ProgressOptions {}

/**
 * Methods may be detached from the object. `id` is a task id, or the external task id of a record.
 * Listeners that throw are reported as uncaught, and disturb nothing.
 */
export interface Client {
  /**
   * Sends the request: at most one task is created per `externalTaskId`. When that id was already accepted in this browser,
   * resolves to its task without sending anything. An identical request (same fields, same files) that this client is still
   * sending is joined, not sent again.
   *
   * Before anything is paid for, the request is checked, recorded, and the service is asked for a task of that id.
   * @throws {KlingError} `invalid_request` with every problem, `storage` when no record can be made, `network`, `protocol`,
   *   `server_error`, `unauthorized` when that question fails: nothing was sent
   * @throws {KlingError} `unauthorized`, `forbidden`, `insufficient_balance`, `rate_limited`, `concurrency_limited`,
   *   `rejected`, `content_policy`, `model_unavailable`, `payload_too_large`, `protocol`: no task was created
   * @throws {KlingError} `submission_unknown` when it cannot be told whether the task was created
   * @example
   * ```js
   * const { taskId } = await client.submit({ images: input.files ?? [], prompt: "a walk through the four seasons" });
   * ```
   * @example Looking again where it cannot be told, in place of paying again.
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
   * @throws {KlingError} `task_not_found`, `unauthorized`, `rate_limited`, `server_error`, `network`, `protocol`
   * @example
   * ```js
   * const { status, statusMessage } = await client.getTask("883729910284");
   * ```
   */
  getTask(id: string, options?: CallOptions): Promise<Task>;
  /**
   * Resolves when the task succeeds, however long that takes. Lost networks, sleep, rate limits and short outages are waited
   * out; an error has the `taskId`, ends no task, and `wait` may be called again.
   * @throws {KlingError} `task_failed`, `task_not_found`, `timeout`, `network`, `unauthorized`, `forbidden`, `rate_limited`,
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
   * The task at once, then whenever status, message or videos change; ends with `succeed` or `failed`, throws neither.
   * Leaving the loop ends the questions.
   * @throws {KlingError} from `next()`, as `wait`
   * @example
   * ```js
   * for await (const { status, statusMessage } of client.watch("883729910284")) console.log(status, statusMessage);
   * ```
   */
  watch(id: string, options?: WaitOptions): AsyncIterable<Task>;
  /**
   * `submit`, then `wait`. After acceptance its errors are not `retryable`: go on with `wait(error.taskId)`. `timeout` counts
   * from the acceptance.
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
   * Looks once for the task of an unknown submission. `undefined` proves nothing: it may still appear. Sending the same
   * request again under the same id is the safe way on: what was accepted already is found, not paid for again.
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
   * Asks for a task that was created elsewhere, and makes a record of it, with as much as the service tells: no prompt, and
   * `imageCount` 0.
   * @throws {KlingError} as `getTask`; `storage`
   * @example
   * ```js
   * await client.adopt("883729910284");
   * ```
   */
  adopt(taskId: string, options?: CallOptions): Promise<Task>;

  /**
   * The checked bytes of a finished video: an MP4 file of the announced length. An address that has expired is asked for
   * anew; where the delivery host lets no page read, the gateway's content route is tried, with the key. A stream that
   * breaks off is taken up where it was, or begun again, within `outageBudget`.
   * @throws {KlingError} `download_blocked`, `url_expired`, `not_a_video`, each with the `url` to offer as a link; `network`;
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
   * Downloads the video of a finished task and keeps it in this browser, past the life of its address; makes a record of
   * the task if there is none. What is kept already comes without any request. A video is kept as a whole or not at all.
   * @throws {KlingError} as `download`; `storage` when there is no room; `invalid_option` for a task still under way
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
   * Everything submitted from this browser to this base address, newest first, also before a reload or crash. Holds no key
   * and no image. Of finished ones the newest 200 are remembered; what is under way or unknown always is, and what has a video
   * kept.
   * @throws {KlingError} `storage`
   * @example
   * ```js
   * for (const { createdAt, state, prompt } of await client.records()) console.log(new Date(createdAt), state, prompt);
   * ```
   */
  records(): Promise<TaskRecord[]>;
  /**
   * Calls back after every change of a record, in whichever tab, with the record as it is now; of a removal it does not tell.
   * Returns what ends it.
   * @throws {KlingError} `invalid_option`, at once, for what is no function
   * @example
   * ```js
   * const end = client.onRecordChange(({ externalTaskId, state }) => console.log(externalTaskId, state));
   * addEventListener("pagehide", end);
   * ```
   */
  onRecordChange(listener: (record: TaskRecord) => void): () => void;
  /**
   * Removes a record and its kept video, never a task. Of an unknown submission the record is all by which it can be found.
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
   * Ends every wait, listener and connection of this client; these and later calls reject with `invalid_option`. It ends no
   * task.
   * @example
   * ```js
   * client.close();
   * ```
   */
  close(): void;
}

/** What this browser remembers of a submission. */
export interface TaskRecord {
  externalTaskId: string;
  /** absent until the service has accepted it */
  taskId?: string;
  /** `submitting` while the request is under way; `unknown` when its outcome could not be learnt */
  state: "submitting" | "unknown" | "rejected" | TaskStatus;
  /** the service's reason, mostly of a failure */
  statusMessage?: string;
  prompt?: string;
  /** 0 of a task that was adopted */
  imageCount: number;
  negativePrompt?: string;
  mode?: "std" | "pro";
  duration?: "5" | "10";
  aspectRatio?: "16:9" | "9:16" | "1:1";
  modelName?: string;
  /** ms since 1970 */
  createdAt: number;
  /** ms since 1970 */
  updatedAt: number;
  videos: Video[];
  /** whether its video is kept in this browser */
  kept: boolean;
}

// ── Errors ────────────────────────────────────────────────────────────────────────────────────────

/** What went wrong; a table of what each means, what to do and what it may have cost is in the README. */
export type ErrorCode =
  | "invalid_option" | "invalid_request" | "image_unreadable" | "wasm_load"
  | "unauthorized" | "forbidden" | "insufficient_balance" | "rate_limited" | "concurrency_limited"
  | "rejected" | "content_policy" | "model_unavailable" | "payload_too_large"
  | "server_error" | "network" | "protocol" | "submission_unknown"
  | "timeout" | "task_failed" | "task_not_found"
  | "download_blocked" | "url_expired" | "not_a_video" | "storage" | "internal";

/**
 * Whether it is an error of this package. Works across copies of this package and across realms, where `instanceof` does not.
 * @example
 * ```js
 * import { isKlingError } from "kling-multi-image2video";
 *
 * try {
 *   await client.wait("883729910284", { timeout: 600_000 });
 * } catch (error) {
 *   if (!isKlingError(error)) throw error;
 *   console.log(error.code, error.message, error.retryable, error.issues ?? []);
 * }
 * ```
 */
export function isKlingError(error: unknown): error is KlingError;

/** Every rejection of this package, except an abort, which rejects with the signal's reason. */
export class KlingError extends Error {
  constructor(message: string, details?: Partial<Record<string, unknown>>, options?: { cause?: unknown });
  readonly name: "KlingError";
  /** the same in every version of a major number; the message is for people, and may change */
  readonly code: ErrorCode;
  /** whether making the same call again is sensible and can neither create nor charge a second task */
  readonly retryable: boolean;
  /** only with `invalid_request` */
  readonly issues?: Issue[];
  /** the task exists, whatever the code: go on with `wait(error.taskId)` */
  readonly taskId?: string;
  /** under which the request was sent */
  readonly externalTaskId?: string;
  /** HTTP status, where there was an answer */
  readonly status?: number;
  /** the service's own code, e.g. 1303 or "task_not_exist" */
  readonly serviceCode?: number | string;
  /** for the service's support */
  readonly requestId?: string;
  /** in ms, as the service asks */
  readonly retryAfter?: number;
  /** of a video that could not be downloaded */
  readonly url?: string;
  /** JSON without any secret */
  toJSON(): Record<string, unknown>;
}

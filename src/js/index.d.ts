// The declarations of the npm package `kling-multi-image2video`.
// Nothing runs at import: importing on a server touches no global.

// ── Loading ───────────────────────────────────────────────────────────────────────────────────────

/** Where the WebAssembly code comes from, when the default (beside the script) cannot be used. */
export type WasmSource = string | URL | Request | Response | BufferSource | WebAssembly.Module;

/**
 * Loads the module. Optional: every function below awaits it. May be called any number of times,
 * also concurrently; after a failure it may be called again.
 * @throws {KlingError} `wasm_load`
 */
export default function init(source?: WasmSource | Promise<WasmSource>): Promise<void>;

// ── Images: no key, no network ────────────────────────────────────────────────────────────────────

/** A picked file, any other blob, a public `http(s):` URL, or a bare base64 or `data:` string. `blob:` URLs are refused: pass the blob. */
export type ImageSource = Blob | URL | string;

export type ImageFormat = "jpeg" | "png" | "webp" | "gif" | "avif" | "heic" | "bmp" | "tiff" | "unknown";

/** What the first bytes of a file say about it. Pixel size is as displayed: EXIF orientation applied. */
export interface ImageInfo {
  format: ImageFormat;
  /** px; absent where the header does not say */
  width?: number;
  /** px; absent where the header does not say */
  height?: number;
  bytes: number;
  /** Everything that would make the service refuse it, and what is worth knowing; acceptable when none is an error. */
  issues: Issue[];
}

/** Reads the header of an image without decoding it. Never rejects for what is in the file. */
export function inspectImage(image: Blob): Promise<ImageInfo>;

/** The bare base64 of a file, without a `data:` prefix. */
export function encodeImage(image: Blob, options?: CallOptions): Promise<string>;

// ── The request ───────────────────────────────────────────────────────────────────────────────────

export interface VideoRequest {
  /** 1 to 4; `input.files` as it is will do */
  images: Iterable<ImageSource> | ArrayLike<ImageSource>;
  /** at most 2500 characters (Unicode code points) */
  prompt?: string | undefined;
  /** at most 2500 characters (Unicode code points) */
  negativePrompt?: string | undefined;
  mode?: "std" | "pro" | undefined;
  /** seconds */
  duration?: 5 | 10 | "5" | "10" | undefined;
  aspectRatio?: "16:9" | "9:16" | "1:1" | undefined;
  /** left out of the request unless given */
  modelName?: "kling-v1-6" | (string & {}) | undefined;
  callbackUrl?: string | URL | undefined;
  /** Unique per account. Generated when not given; the key under which a submission is charged at most once. */
  externalTaskId?: string | undefined;
}

export type IssueCode =
  | "too_few_images" | "too_many_images"
  | "unsupported_format" | "image_empty" | "image_too_large" | "image_too_small" | "bad_aspect_ratio" | "image_truncated"
  | "size_unknown" | "has_location" | "bad_url" | "bad_base64"
  | "prompt_missing" | "prompt_too_long" | "bad_value" | "unknown_field";

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

/** Every problem of a request at once, without sending anything. It can be submitted when none is an error. */
export function validateRequest(request: VideoRequest): Promise<Issue[]>;

/**
 * The exact JSON body that `submit` would send, of type `application/json`. Where the request names no `externalTaskId`,
 * a fresh one stands in it, as in each submission.
 * @throws {KlingError} `invalid_request`, `image_unreadable`
 */
export function buildRequestBody(request: VideoRequest, options?: CallOptions): Promise<Blob>;

// ── The client ────────────────────────────────────────────────────────────────────────────────────

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

/** All in milliseconds, taken as given from 10 up (tests and simulators poll fast). */
export interface PollingOptions {
  /** default 5000 */
  firstDelay?: number | undefined;
  /** default 5000; grows by a quarter each time */
  interval?: number | undefined;
  /** default 15000; twice that after ten minutes */
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

/** Synchronous and free of effects, also at module scope and on a server. Bad options reject the first call with `invalid_option`. */
export function createClient(options?: ClientOptions): Client;

/** The service's own words. */
export type TaskStatus = "submitted" | "processing" | "succeed" | "failed";

export interface Task {
  taskId: string;
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

export interface Video {
  taskId: string;
  id?: string;
  /** expires: keep the video, not the address */
  url: string;
  /** seconds */
  duration?: number;
}

/** Times in ms; `elapsed` counts from the task's creation by the wall clock; `loaded` and `total` are bytes. */
export type Progress =
  | { phase: "preparing"; image: number }
  | { phase: "encoding"; loaded: number; total: number }
  | { phase: "uploading"; externalTaskId: string; total: number }
  | { phase: "submitted" | "processing"; task: Task; elapsed: number; nextPollIn: number }
  | { phase: "waiting"; reason: "offline" | "unreachable" | "not_found_yet" | "rate_limited"; elapsed: number; nextPollIn?: number; error?: KlingError }
  | { phase: "downloading"; loaded: number; total?: number };

export interface CallOptions {
  /**
   * Aborting rejects at once with the signal's reason. It stops watching, never a task, which is still charged.
   * After an abort while the request is under way it cannot be told whether a task was created.
   */
  signal?: AbortSignal | undefined;
}
export interface ProgressOptions extends CallOptions {
  onProgress?: ((progress: Progress) => void) | undefined;
}
export interface WaitOptions extends ProgressOptions {
  /** ms by the wall clock, offline or not; rejects with `timeout`, after which `wait` may be called again; default: no limit */
  timeout?: number | undefined;
}

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
   */
  submit(request: VideoRequest, options?: SubmitOptions): Promise<Task>;
  /** One question, one answer. A failed task is an answer, not an error. */
  getTask(id: string, options?: CallOptions): Promise<Task>;
  /** Resolves when the task succeeds. @throws {KlingError} `task_failed`, `task_not_found`, `timeout`, `network` */
  wait(id: string, options?: WaitOptions): Promise<Task>;
  /** The task at once, then whenever status, message or videos change; ends with `succeed` or `failed`, throws neither. */
  watch(id: string, options?: WaitOptions): AsyncIterable<Task>;
  /** `submit`, then `wait`. After acceptance its errors are not `retryable`: go on with `wait(error.taskId)`. */
  generate(request: VideoRequest, options?: SubmitOptions & WaitOptions): Promise<Task>;
  /** Looks for the task of an unknown submission. `undefined` proves nothing: it may still appear. */
  reconcile(externalTaskId: string, options?: CallOptions): Promise<Task | undefined>;
  /** Makes a record of a task that was created elsewhere. */
  adopt(taskId: string, options?: CallOptions): Promise<Task>;

  /**
   * The checked bytes of a finished video: an MP4 file of the announced length. An address that has expired is asked for
   * anew; where the delivery host lets no page read, the gateway's content route is tried, with the key. A stream that
   * breaks off is taken up where it was, or begun again, within `outageBudget`.
   * @throws {KlingError} `download_blocked`, `url_expired`, `not_a_video`, each with the `url` to offer as a link; `network`
   */
  download(video: Video | Task, options?: ProgressOptions): Promise<Blob>;
  /**
   * Downloads the video of a finished task and keeps it in this browser, past the life of its address; makes a record of
   * the task if there is none. What is kept already comes without any request. A video is kept as a whole or not at all.
   * @throws {KlingError} as `download`; `storage` when there is no room; `invalid_option` for a task still under way
   */
  keepVideo(id: string, options?: ProgressOptions): Promise<Blob>;
  /** The video kept for a task, without any request; `undefined` when none is. */
  keptVideo(id: string): Promise<Blob | undefined>;

  /**
   * Everything submitted from this browser to this base address, newest first, also before a reload or crash. Holds no key
   * and no image. Of finished ones the newest 200 are remembered; what is under way or unknown always is.
   * @throws {KlingError} `storage`
   */
  records(): Promise<TaskRecord[]>;
  /** Calls back after every change of a record, in whichever tab. Returns what ends it. */
  onRecordChange(listener: (record: TaskRecord) => void): () => void;
  /** Removes a record. @throws {KlingError} `invalid_option` while its request is under way; `storage` */
  forget(id: string): Promise<void>;
  /** Where records really are. */
  storage(): Promise<"indexeddb" | "memory">;
  /** Ends every wait, listener and connection of this client; later calls reject with `invalid_option`. */
  close(): void;
}

export interface TaskRecord {
  externalTaskId: string;
  /** absent until the service has accepted it */
  taskId?: string;
  /** `submitting` while the request is under way; `unknown` when its outcome could not be learnt */
  state: "submitting" | "unknown" | "rejected" | TaskStatus;
  statusMessage?: string;
  prompt?: string;
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

export type ErrorCode =
  | "invalid_option" | "invalid_request" | "image_unreadable" | "wasm_load"
  | "unauthorized" | "forbidden" | "insufficient_balance" | "rate_limited" | "concurrency_limited"
  | "rejected" | "content_policy" | "model_unavailable" | "payload_too_large"
  | "server_error" | "network" | "protocol" | "submission_unknown"
  | "timeout" | "task_failed" | "task_not_found"
  | "download_blocked" | "url_expired" | "not_a_video" | "storage" | "internal";

/** Works across copies of this package and across realms, where `instanceof` does not. */
export function isKlingError(error: unknown): error is KlingError;

/** Every rejection of this package, except an abort, which rejects with the signal's reason. */
export class KlingError extends Error {
  constructor(message: string, details?: Partial<Record<string, unknown>>, options?: { cause?: unknown });
  readonly name: "KlingError";
  readonly code: ErrorCode;
  /** whether making the same call again is sensible and can neither create nor charge a second task */
  readonly retryable: boolean;
  /** only with `invalid_request` */
  readonly issues?: Issue[];
  readonly taskId?: string;
  readonly externalTaskId?: string;
  /** HTTP status, where there was an answer */
  readonly status?: number;
  /** the service's own code, e.g. 1303 or "task_not_exist" */
  readonly serviceCode?: number | string;
  readonly requestId?: string;
  /** ms */
  readonly retryAfter?: number;
  /** of a video that could not be downloaded */
  readonly url?: string;
  /** JSON without any secret */
  toJSON(): Record<string, unknown>;
}

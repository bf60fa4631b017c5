// The types of the npm package `kling-multi-image2video`: what its calls take and return, its
// limits, and its error. `index.d.ts` exports all of them beside the calls; so do the declarations
// that wasm-pack writes.

// ── Limits

/**
 * The service's limits, for one's own forms and texts; the same numbers that `validateRequest` goes
 * by. Available at once, also on a server; frozen.
 * @example Saying them beside a file input.
 * ```js
 * import { limits } from "kling-multi-image2video";
 *
 * hint.textContent = `up to ${limits.maxImages} images of at most ${limits.maxImageBytes / 2 ** 20} MiB each`;
 * ```
 */
export const limits: {
  readonly minImages: number;
  readonly maxImages: number;
  /** of the file, before base64 */
  readonly maxImageBytes: number;
  /** in px, of each edge as displayed */
  readonly minImageEdge: number;
  /** of the longer edge to the shorter one */
  readonly maxAspectRatio: number;
  /** in Unicode code points, of `prompt` and of `negativePrompt` */
  readonly maxPromptLength: number;
};

// ── Images: no key, no network

/**
 * A picked file, any other blob, a public `http(s):` URL, or a bare base64 or `data:` string.
 * `blob:` URLs are refused: pass the blob. JPEG or PNG, told by content; at most 10 MiB; each edge
 * at least 300 px; between 1:2.5 and 2.5:1 (the limits are Kling's and CometAPI's). What is behind
 * a URL is fetched by the service, and not looked at here.
 */
export type ImageSource = Blob | URL | string;

/**
 * What the content is, whatever the name or type of the file says. The service takes `jpeg` and
 * `png`.
 */
export type ImageFormat =
  "jpeg" | "png" | "webp" | "gif" | "avif" | "heic" | "bmp" | "tiff" | "unknown";

/**
 * What the first bytes of a file say about it. Pixel size is as displayed: EXIF orientation
 * applied.
 */
export interface ImageInfo {
  format: ImageFormat;
  /** px; absent where the header does not say */
  width?: number;
  /** px; absent where the header does not say */
  height?: number;
  /** the size of the file */
  bytes: number;
  /**
   * Everything that would make the service refuse it, and what is worth knowing; acceptable when
   * none is an error.
   */
  issues: Issue[];
}

// ── The request

/**
 * What to make a video of. What is left out is left out of the request, and the service's default
 * counts; a key that is no field is an `unknown_field`.
 */
export interface VideoRequest {
  /** 1 to 4 (CometAPI's schema); `input.files` as it is will do */
  images: Iterable<ImageSource> | ArrayLike<ImageSource>;
  /**
   * what shall happen; at most 2500 characters (Unicode code points; Kling's limit); a warning when
   * missing
   */
  prompt?: string | undefined;
  /** what shall not be seen; at most 2500 characters */
  negativePrompt?: string | undefined;
  /** the service's default is `std`; `pro` costs more */
  mode?: "std" | "pro" | undefined;
  /** in s; the service's default is 5; 10 costs more */
  duration?: 5 | 10 | "5" | "10" | undefined;
  /** of the video; Kling's default is `16:9` */
  aspectRatio?: "16:9" | "9:16" | "1:1" | undefined;
  /**
   * 1 to 100 visible ASCII characters; `kling-v1-6` is the only one documented; left out of the
   * request unless given
   */
  modelName?: "kling-v1-6" | (string & {}) | undefined;
  /** a public `http(s):` address, to which the service reports */
  callbackUrl?: string | URL | undefined;
  /**
   * 1 to 64 letters, digits, `-` and `_`; unique per account. A random UUID when not given; the key
   * under which a submission is charged at most once.
   */
  externalTaskId?: string | undefined;
}

/**
 * What can be wrong with a request, or worth knowing. `has_location`, `prompt_missing` and
 * `size_unknown` are warnings.
 */
export type IssueCode =
  | "too_few_images"
  | "too_many_images"
  | "unsupported_format"
  | "image_empty"
  | "image_too_large"
  | "image_too_small"
  | "bad_aspect_ratio"
  | "image_truncated"
  | "size_unknown"
  | "has_location"
  | "bad_url"
  | "bad_base64"
  | "prompt_missing"
  | "prompt_too_long"
  | "bad_value"
  | "unknown_field";

/** One problem of one field. */
export interface Issue {
  code: IssueCode;
  /** where, e.g. `images[2]` or `duration` */
  path: string;
  /** an error stops a submission; a warning does not */
  severity: "error" | "warning";
  /** what was expected and what was found, in English */
  message: string;
  /**
   * the figures of the message, for one's own words: `{ limit: 300, actual: 299 }`; `{ reason:
   * "unreadable" }` with an `image_empty` that the browser could not read
   */
  params?: Record<string, string | number>;
}

// ── The client

/**
 * Where the service is, who asks, and how patiently. Other keys, and values out of range, are an
 * `invalid_option`.
 */
export interface ClientOptions {
  /**
   * A key, or a function that supplies one per call. Left out when `baseUrl` is a relay that adds
   * it.
   */
  apiKey?: (string | (() => string | Promise<string>)) | undefined;
  /**
   * Everything before `/v1/videos/…`; default `https://api.cometapi.com/kling`. May be relative to
   * the page. With a key, `http:` is refused except for loopback.
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
 * How often and how long the service is asked. All in ms, taken as given from 10 up (tests and
 * simulators poll fast). Every pause is spread by ±20 %. Time without a network, asleep or frozen
 * counts towards no budget.
 */
export interface PollingOptions {
  /** before the first question after a submission; default 5000 */
  firstDelay?: number | undefined;
  /** before the second; default 5000; grows by a quarter each time */
  interval?: number | undefined;
  /** where it stops growing; default 15000; twice that once the task is ten minutes old */
  maxInterval?: number | undefined;
  /**
   * how long an unbroken outage is tolerated while online; default 300000. Also how long a
   * submission is repeated that the service puts off (429 with 1302 or 1303), and how long its
   * request may go without an answer, beside the time that its upload takes at 64 kB/s.
   */
  outageBudget?: number | undefined;
  /** how long "no such task" is tolerated after a submission; default 90000 */
  notFoundGrace?: number | undefined;
}

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
 * A step of a call. Times in ms; `elapsed` counts from the task's creation by the wall clock;
 * `loaded` and `total` are bytes.
 *
 * - `preparing`: the header of that picture, counted from 0, is being read.
 * - `encoding`: the pictures are being read and encoded.
 * - `uploading`: the paid request leaves, and cannot be called back.
 * - `submitted`, `processing`: the task as last seen.
 * - `waiting`: the browser is `offline`, or the last question brought no task; `error` says why. It
 *   is asked again.
 * - `downloading`: the video is arriving; `total` where the host announces it.
 */
export type Progress =
  | { phase: "preparing"; image: number }
  | { phase: "encoding"; loaded: number; total: number }
  | { phase: "uploading"; externalTaskId: string; total: number }
  | { phase: "submitted" | "processing"; task: Task; elapsed: number; nextPollIn: number }
  | {
      phase: "waiting";
      reason: "offline" | "unreachable" | "not_found_yet" | "rate_limited";
      elapsed: number;
      nextPollIn?: number;
      error?: KlingError;
    }
  | { phase: "downloading"; loaded: number; total?: number };

/** Of every call that asks or reads. */
export interface CallOptions {
  /**
   * Aborting rejects at once with the signal's reason. It stops watching, never a task, which is
   * still charged. After an abort while the request is under way it is unknown whether a task was
   * created.
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
  /**
   * ms of real time, offline or not, by a monotonic clock that no change of the date affects;
   * rejects with `timeout`, after which `wait` may be called again; default: no limit
   */
  timeout?: number | undefined;
}

/** Of a submission. */
export interface SubmitOptions extends ProgressOptions {}

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

// ── Errors

/**
 * What went wrong; a table of what each means, what to do and what it may have cost is in the
 * README.
 */
export type ErrorCode =
  | "invalid_option"
  | "invalid_request"
  | "image_unreadable"
  | "wasm_load"
  | "unauthorized"
  | "forbidden"
  | "insufficient_balance"
  | "rate_limited"
  | "concurrency_limited"
  | "rejected"
  | "content_policy"
  | "model_unavailable"
  | "payload_too_large"
  | "server_error"
  | "network"
  | "protocol"
  | "submission_unknown"
  | "timeout"
  | "task_failed"
  | "task_not_found"
  | "download_blocked"
  | "url_expired"
  | "not_a_video"
  | "storage"
  | "internal";

/**
 * Whether it is an error of this package. Works across copies of this package and across realms,
 * where `instanceof` does not.
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
  constructor(
    message: string,
    details?: Partial<Record<string, unknown>>,
    options?: { cause?: unknown },
  );
  readonly name: "KlingError";
  /** the same in every version of a major number; the message is for people, and may change */
  readonly code: ErrorCode;
  /**
   * whether making the same call again is sensible and can neither create nor charge a second task
   */
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

// The types of the npm package `kling-multi-image2video`: the parameters and results of its calls, and
// the limits. `index.d.ts` exports them with the calls, and so do the declarations that wasm-pack
// writes, without the lines above the first section.

import type { Issue, KlingError } from "./errors.js";

export * from "./errors.js";

// ── Limits

/**
 * The service's limits, for forms and their labels; `validateRequest` checks the same numbers.
 * Available without loading the module, also on a server. Frozen.
 * @example Showing them beside a file input.
 * ```js
 * import { limits } from "kling-multi-image2video";
 *
 * hint.textContent = `up to ${limits.maxImages} images of at most ${limits.maxImageBytes / 2 ** 20} MiB each`;
 * ```
 */
export const limits: {
  readonly minImages: number;
  readonly maxImages: number;
  /** in bytes, of the file, before it is encoded as base64 */
  readonly maxImageBytes: number;
  /** in px, of each edge as displayed */
  readonly minImageEdge: number;
  /** of the longer edge to the shorter edge, as displayed */
  readonly maxAspectRatio: number;
  /** in Unicode code points, of `prompt` and of `negativePrompt` */
  readonly maxPromptLength: number;
};

// ── Images: no key, no network

/**
 * A file, another blob, a public `http(s):` URL, a `data:` URL, or a string of base64. A `blob:`
 * URL is refused: pass the blob. JPEG or PNG, by content; at most 10 MiB; each edge at least 300 px;
 * between 1:2.5 and 2.5:1 (limits of Kling and CometAPI). The service fetches a URL itself, so its
 * image is not checked here.
 * @example
 * ```ts
 * import type { ImageSource } from "kling-multi-image2video";
 *
 * const images: ImageSource[] = [file, "https://example.com/second.jpg"];
 * ```
 */
export type ImageSource = Blob | URL | string;

/**
 * The format by content, independent of the file's name and type. The service accepts `jpeg` and
 * `png`.
 * @example
 * ```ts
 * import type { ImageFormat } from "kling-multi-image2video";
 *
 * const isAccepted = (format: ImageFormat) => format === "jpeg" || format === "png";
 * ```
 */
export type ImageFormat =
  "jpeg" | "png" | "webp" | "gif" | "avif" | "heic" | "bmp" | "tiff" | "unknown";

/**
 * The result of `inspectImage`. Width and height are as displayed, with the orientation applied.
 * @example
 * ```ts
 * import type { ImageInfo } from "kling-multi-image2video";
 *
 * const size = ({ width, height }: ImageInfo) => `${width ?? "?"} × ${height ?? "?"} px`;
 * ```
 */
export interface ImageInfo {
  format: ImageFormat;
  /** in px; absent if the header is damaged or does not contain it, for example in a BigTIFF */
  width?: number;
  /** in px; absent if the header does not contain it */
  height?: number;
  /** the size of the file, in bytes */
  bytes: number;
  /** every reason for which the service would refuse the image, and warnings */
  issues: Issue[];
}

// ── The request

/**
 * A request for a video. The service uses its defaults for fields that are left out. A key that is
 * not listed here is an error, `unknown_field`.
 * @example
 * ```ts
 * import type { VideoRequest } from "kling-multi-image2video";
 *
 * const request: VideoRequest = {
 *   images: [file],
 *   prompt: "a walk through the four seasons",
 *   mode: "pro",
 *   duration: 10,
 * };
 * ```
 */
export interface VideoRequest {
  /** 1 to 4 (CometAPI's schema), for example `input.files` */
  images: Iterable<ImageSource> | ArrayLike<ImageSource>;
  /**
   * what the video should show; at most 2500 characters (Unicode code points; Kling's limit). The
   * issue `prompt_missing`, a warning, if it is left out.
   */
  prompt?: string | undefined;
  /** what the video should not show; at most 2500 characters */
  negativePrompt?: string | undefined;
  /** quality; the service's default is `std`; `pro` costs more */
  mode?: "std" | "pro" | undefined;
  /** length of the video in s; the service's default is 5; 10 costs more */
  duration?: 5 | 10 | "5" | "10" | undefined;
  /** of the video; Kling's default is `16:9` */
  aspectRatio?: "16:9" | "9:16" | "1:1" | undefined;
  /**
   * 1 to 100 visible ASCII characters; `kling-v1-6` is the only documented model; not sent if left
   * out
   */
  modelName?: "kling-v1-6" | (string & {}) | undefined;
  /** a public `http(s):` URL, to which the service reports the task's progress */
  callbackUrl?: string | URL | undefined;
  /**
   * 1 to 64 letters, digits, `-` and `_`; unique per account; default a random UUID. A call
   * under an id that was accepted in this browser resolves to its task, and creates and charges no
   * other. If the outcome of that id is unknown, the task is looked up, and if none is found the
   * request is sent again, which may be charged.
   */
  externalTaskId?: string | undefined;
}

// ── The client

/**
 * The options of a client. Another key, or a value out of range, is an `invalid_option`.
 * @example
 * ```ts
 * import type { ClientOptions } from "kling-multi-image2video";
 *
 * const options: ClientOptions = { baseUrl: "/api/kling", storeName: "my-app" };
 * ```
 */
export interface ClientOptions {
  /**
   * The API key, or a function that returns it and is called for each call that needs the key.
   * Leave it out if `baseUrl` is a relay that adds the key.
   */
  apiKey?: (string | (() => string | Promise<string>)) | undefined;
  /**
   * The part of the service's URL before `/v1/videos/…`; default `https://api.cometapi.com/kling`.
   * It may be relative to the page. With a key, `http:` is refused except for loopback.
   */
  baseUrl?: string | URL | undefined;
  /** Where task records are stored; default "indexeddb", or "memory" without IndexedDB. */
  store?: "indexeddb" | "memory" | undefined;
  /** Separates the records of several apps on one origin; default "kling-multi-image2video". */
  storeName?: string | undefined;
  /** When the service is polled, and how much trouble is tolerated. */
  polling?: PollingOptions | undefined;
  /**
   * Called in place of the global `fetch`, for sites that wrap it: with the URL as a string, and an
   * object that has `method`, plain `headers`, `signal` and, for a submission, `body`.
   */
  fetch?: typeof globalThis.fetch | undefined;
}

/**
 * When the service is polled, and how much trouble is tolerated. All in ms, from 10 to 2147483647
 * (24 days). Every pause is spread by ±20 %. Time offline, asleep or frozen counts towards no
 * budget.
 * @example
 * ```ts
 * import type { PollingOptions } from "kling-multi-image2video";
 *
 * const polling: PollingOptions = { outageBudget: 3_600_000 }; // an hour
 * ```
 */
export interface PollingOptions {
  /** in `generate`, before the first poll after the submission; default 5000 */
  firstDelay?: number | undefined;
  /** before the second poll; default 5000; grows by a quarter with each poll */
  interval?: number | undefined;
  /**
   * the upper bound of the growing interval, not below it; default 15000, or `interval` if that is
   * longer; twice that for a task that has been watched for ten minutes
   */
  maxInterval?: number | undefined;
  /**
   * how long an unbroken outage is tolerated while online; default 300000. Also how long a throttled
   * submission (429 with 1302 or 1303) is retried, and how long the paid request may go without a
   * response, plus the time of its upload at 8 kB/s.
   */
  outageBudget?: number | undefined;
  /**
   * how long "no such task" is tolerated after a submission; default 90000. A success waits for its
   * URL at most as long, and at most 15 seconds
   */
  notFoundGrace?: number | undefined;
}

/**
 * The status words of the service. `succeed` and `failed` are final.
 * @example
 * ```ts
 * import type { TaskStatus } from "kling-multi-image2video";
 *
 * const isFinal = (status: TaskStatus) => status === "succeed" || status === "failed";
 * ```
 */
export type TaskStatus = "submitted" | "processing" | "succeed" | "failed";

/**
 * A task as the service last reported it.
 * @example
 * ```ts
 * import type { Task } from "kling-multi-image2video";
 *
 * const urlOf = ({ videos }: Task) => videos[0]?.url;
 * ```
 */
export interface Task {
  /** the service's id of the task: any string, encoded where it is part of a URL */
  taskId: string;
  /** the caller's id, if the service reports it */
  externalTaskId?: string;
  status: TaskStatus;
  /**
   * the service's message, usually the reason of a failure; without a message, the service's status
   * word if that is unknown (`status` is then `processing`) or the reason of a failure
   */
  statusMessage?: string;
  /**
   * empty until `succeed`; also after it, if the service reports success without a URL: `download`
   * and `keepVideo` then get the video through the gateway
   */
  videos: Video[];
  /** ms since 1970 */
  createdAt?: number;
  /** ms since 1970 */
  updatedAt?: number;
  /** the parsed response of the service, without the key */
  raw: unknown;
}

/**
 * A finished video at the delivery host.
 * @example
 * ```ts
 * import type { Video } from "kling-multi-image2video";
 *
 * const label = ({ duration }: Video) => (duration ? `${duration} s` : "video");
 * ```
 */
export interface Video {
  /** the id of the task that made it */
  taskId: string;
  /** the service's id of the video */
  id?: string;
  /** expires: keep the video, not the URL */
  url: string;
  /** in s */
  duration?: number;
}

/**
 * The progress of a call. `elapsed`, since the creation of the task by the wall clock, and
 * `nextPollIn` are in ms; `loaded` and `total` are in bytes.
 *
 * - `preparing`: an image is being prepared, or its header is being read; `image` is its index.
 * - `encoding`: the images are being read and encoded.
 * - `uploading`: the paid request is being sent, and cannot be taken back.
 * - `submitted`, `processing`: the task as the service last reported it.
 * - `waiting`: the browser is `offline`, or the last poll returned no task, because of `error`. The
 *   next poll comes in `nextPollIn` ms; while offline, that time is unknown.
 * - `downloading`: the video is being downloaded; `total` is absent if the host does not report it,
 *   or reports less than has arrived.
 * @example
 * ```ts
 * import type { Progress } from "kling-multi-image2video";
 *
 * function show(progress: Progress) {
 *   if (progress.phase === "waiting") hint.textContent = `waiting: ${progress.reason}`;
 *   else hint.textContent = progress.phase;
 * }
 * ```
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

/**
 * The options of every call that queries the service or reads files.
 * @example
 * ```ts
 * import type { CallOptions } from "kling-multi-image2video";
 *
 * const options: CallOptions = { signal: AbortSignal.timeout(10_000) };
 * ```
 */
export interface CallOptions {
  /**
   * After an abort the call rejects at once with the signal's reason. An abort stops the call, never
   * a task, which is still charged. After an abort during the paid request, it is unknown whether a
   * task was created.
   */
  signal?: AbortSignal | undefined;
}
/**
 * The options of calls that take a while.
 * @example
 * ```ts
 * import type { ProgressOptions } from "kling-multi-image2video";
 *
 * const options: ProgressOptions = { onProgress: ({ phase }) => console.log(phase) };
 * ```
 */
export interface ProgressOptions extends CallOptions {
  /** called with each step; an error that it throws is reported as uncaught and ends no call */
  onProgress?: ((progress: Progress) => void) | undefined;
}
/**
 * The options of calls that wait for the end of a task.
 * @example
 * ```ts
 * import type { WaitOptions } from "kling-multi-image2video";
 *
 * const options: WaitOptions = { timeout: 1_800_000 }; // half an hour
 * ```
 */
export interface WaitOptions extends ProgressOptions {
  /**
   * in ms, from 10 to 2147483647, by a monotonic clock, also offline; default no limit. The call
   * then rejects with `timeout`, and `wait` may be called again.
   */
  timeout?: number | undefined;
}

/**
 * The options of a submission.
 * @example
 * ```ts
 * import type { SubmitOptions } from "kling-multi-image2video";
 *
 * const options: SubmitOptions = { onProgress: ({ phase }) => console.log(phase) };
 * ```
 */
export interface SubmitOptions extends ProgressOptions {}

/**
 * What this browser stores of a submission.
 * @example
 * ```ts
 * import type { TaskRecord } from "kling-multi-image2video";
 *
 * const title = ({ prompt, imageCount }: TaskRecord) => prompt ?? `${imageCount} images`;
 * ```
 */
export interface TaskRecord {
  /** under which the request was sent */
  externalTaskId: string;
  /** the service's id; absent until the service has accepted the request */
  taskId?: string;
  /** `submitting` while the request is being sent; `unknown` if its outcome is unknown */
  state: "submitting" | "unknown" | "rejected" | TaskStatus;
  /** the service's message, usually the reason of a failure; of `rejected`, why it was refused */
  statusMessage?: string;
  prompt?: string;
  /** 0 for a task that was adopted */
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
  /** empty until `succeed` */
  videos: Video[];
  /** whether the video is kept in this browser */
  kept: boolean;
}

// What goes wrong: the problems of a request, and the error of every rejection. This file imports
// nothing, because the declarations that wasm-pack writes begin with it.

// ── Problems of a request

/**
 * The problems of a request. `has_location` and `prompt_missing` are warnings, and so are
 * `size_unknown` of an image by URL and `unsupported_format` of a JPEG with arithmetic coding, which
 * only some programs can read.
 * @example
 * ```ts
 * import type { IssueCode } from "kling-multi-image2video";
 *
 * const advice: Partial<Record<IssueCode, string>> = {
 *   image_too_small: "choose a larger image",
 *   prompt_too_long: "shorten the prompt",
 * };
 * ```
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

/**
 * One problem of one field.
 * @example
 * ```ts
 * import type { Issue } from "kling-multi-image2video";
 *
 * const line = ({ path, message }: Issue) => `${path}: ${message}`;
 * ```
 */
export interface Issue {
  code: IssueCode;
  /** the field, for example `images[2]` or `duration` */
  path: string;
  /** a request with an error cannot be submitted; one with warnings can */
  severity: "error" | "warning";
  /** what was expected and what was found, in English */
  message: string;
  /**
   * the values in the message, for translations, for example `{ limit: 300, actual: 299 }`;
   * `{ reason: "unreadable" }` with the `image_empty` of a file that the browser cannot read
   */
  params?: Record<string, string | number>;
}

// ── Errors

/**
 * What went wrong. `docs/errors.md` explains each code: its meaning, its remedy, its possible cost.
 * @example
 * ```ts
 * import type { ErrorCode } from "kling-multi-image2video";
 *
 * const isAboutTheKey = (code: ErrorCode) => code === "unauthorized" || code === "forbidden";
 * ```
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
 * Whether a value is an error of this package. Works across copies of this package and across
 * realms, where `instanceof` does not.
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

/**
 * The error of every rejection, except after an abort, which rejects with the signal's reason.
 * @example An error like those of this package, for a test.
 * ```ts
 * import { KlingError } from "kling-multi-image2video";
 *
 * const error = new KlingError("no network", { code: "network", retryable: true });
 * ```
 */
export class KlingError extends Error {
  constructor(
    message: string,
    details?: Partial<Record<string, unknown>>,
    options?: { cause?: unknown },
  );
  readonly name: "KlingError";
  /** does not change within a major version; the message is for people, and may change */
  readonly code: ErrorCode;
  /** whether the same call may succeed later and cannot create or charge a second task */
  readonly retryable: boolean;
  /** every problem of the request, with `invalid_request` only */
  readonly issues?: Issue[];
  /**
   * the id of the task that the call was about: continue with `wait(error.taskId)`. It exists, except
   * with `task_not_found` from a call that was given the id
   */
  readonly taskId?: string;
  /** the id under which the request was sent */
  readonly externalTaskId?: string;
  /** the HTTP status, if there was a response */
  readonly status?: number;
  /** the service's code, for example 1303 or "task_not_exist" */
  readonly serviceCode?: number | string;
  /** the service's id of the request, for its support */
  readonly requestId?: string;
  /** how long to wait before a retry in ms, as the service requests */
  readonly retryAfter?: number;
  /** the URL of a video that could not be downloaded */
  readonly url?: string;
  /**
   * the values in the message, for your own words: of `invalid_option` and `image_unreadable` the
   * `path` of the option or image, for times also `minimum` and `maximum` in ms; of a response of the
   * service and of a failed task its `reason` in the service's words; of a video that breaks off
   * always at the same byte the `actual` bytes
   */
  readonly params?: Record<string, string | number>;
  /** only with `storage` from `keepVideo`: the whole video, downloaded but not kept; not in `toJSON` */
  readonly video?: Blob;
  /** the error as an object for JSON, without the key */
  toJSON(): Record<string, unknown>;
}

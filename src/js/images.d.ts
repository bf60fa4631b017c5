// The types of what prepares images. They are apart from `types.d.ts`, which declares the module too:
// the module does not prepare images.

import type { ImageFormat, ImageInfo, ProgressOptions } from "./types.js";

/** `ImageBitmap`, where the environment has this type: a server's has none. */
type Bitmap = typeof globalThis extends { ImageBitmap: { prototype: infer T } } ? T : never;

/**
 * The options of `prepareImage`. Another key, or a value out of range, is an `invalid_option`.
 * @example
 * ```ts
 * import type { PrepareOptions } from "kling-multi-image2video";
 *
 * const options: PrepareOptions = { maxEdge: 1280, aspect: "pad" };
 * ```
 */
export interface PrepareOptions {
  /**
   * the longest edge in px, a whole number from 300; default 2048. The shorter edge is never below
   * 300 px, and the image has at most 16.7 million pixels.
   */
  maxEdge?: number | undefined;
  /**
   * default "auto": a PNG stays a PNG if it has transparent pixels or at most 1 MiB, all else becomes
   * JPEG; a JPEG or PNG whose pixels need no change keeps its format
   */
  format?: "auto" | "jpeg" | "png" | undefined;
  /** of JPEG, from 0 to 1; default 0.92; lowered until the file has at most 10 MiB */
  quality?: number | undefined;
  /**
   * for an image outside 1:2.5 to 2.5:1; default "refuse"; "crop" keeps the middle, "pad" adds white
   * margins
   */
  aspect?: "refuse" | "crop" | "pad" | undefined;
  /**
   * Decodes an image that this browser cannot decode, for example HEIC outside Safari. Called only
   * then, with the original file and its format. The `ImageBitmap` that it returns is closed after use.
   */
  decode?: ((image: Blob, format: ImageFormat) => Promise<Blob | Bitmap>) | undefined;
  /** After an abort the call rejects at once with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/**
 * The result of `prepareImage`.
 * @example
 * ```ts
 * import type { PreparedImage } from "kling-multi-image2video";
 *
 * const summary = ({ info, changes }: PreparedImage) => `${info.bytes} bytes, ${changes.join(", ")}`;
 * ```
 */
export interface PreparedImage {
  /** the original object if `changes` is empty */
  image: Blob;
  /** of the prepared image; `issues` has the warning `image_too_small` if it was enlarged */
  info: ImageInfo;
  /**
   * What was done, in order; empty for the original.
   *
   * - `oriented`: the Exif orientation was applied to the pixels.
   * - `converted`: to another format, or from CMYK to RGB.
   * - `shrunk`, `enlarged`, `cropped`, `padded`: the size was changed.
   * - `metadata-removed`: Exif, XMP, IPTC, comments, thumbnails, and what followed the image.
   * - `recompressed`: a JPEG was encoded again, with a small loss.
   */
  changes: Array<
    | "oriented"
    | "converted"
    | "shrunk"
    | "enlarged"
    | "cropped"
    | "padded"
    | "metadata-removed"
    | "recompressed"
  >;
}

/**
 * The options of a submission.
 * @example
 * ```ts
 * import type { SubmitOptions } from "kling-multi-image2video";
 *
 * const options: SubmitOptions = { prepare: { maxEdge: 1280 } };
 * ```
 */
export interface SubmitOptions extends ProgressOptions {
  /**
   * Prepares every file of the request with `prepareImage` before anything is recorded or sent;
   * default false. Images that are strings or URLs are sent as they are. `signal` in it aborts the call
   * as well.
   */
  prepare?: PrepareOptions | boolean | undefined;
}

// Reads blobs, streams and base64 from callers and servers. Errors become rejections, because a
// throw inside a WebAssembly import would trap.

import { within } from "./timer.js";
import { decodeText } from "./utf8.js";

/** How long reading a part of a file may take, in ms: a file of a cloud drive may have to arrive first. */
const MAX_READ_MS = 60_000;

/**
 * The bytes of a part of a file. Rejects if they do not arrive in time.
 * @param {Blob} file
 * @param {number} start
 * @param {number} end
 */
export const readSlice = async (file, start, end) =>
  within(
    bytesOf(file.slice(start, end)),
    MAX_READ_MS,
    () => new Error(`not read within ${MAX_READ_MS} ms`),
  );

/** @param {Blob} slice */
async function bytesOf(slice) {
  if (typeof slice.arrayBuffer === "function") return new Uint8Array(await slice.arrayBuffer());
  // jsdom before 28.
  const reader = new FileReader();
  await new Promise((resolve, reject) => {
    reader.onload = resolve;
    reader.onerror = () => reject(reader.error);
    reader.readAsArrayBuffer(slice);
  });
  return new Uint8Array(/** @type {ArrayBuffer} */ (reader.result));
}

/** The text of a blob. @param {Blob} blob */
export const textOf = async (blob) => decodeText(await readSlice(blob, 0, blob.size), false);

/**
 * A blob that consists of these parts.
 * @param {BlobPart[]} parts
 * @param {string} type
 */
export const blobOf = (parts, type) => new Blob(parts, { type });

/** A copy of these bytes of WebAssembly memory. @param {Uint8Array<ArrayBuffer>} bytes */
export const blobOfBytes = (bytes) => new Blob([bytes]);

/** From this many bytes on, they are moved into a blob, which a browser may keep on disk. */
const MAX_BUFFERED_BYTES = 4 << 20;

/** The bytes of a video, from one response or from several that continue each other. */
export class Received {
  /** @type {BlobPart[]} */
  #parts = [];
  /** @type {Uint8Array<ArrayBuffer>[]} */
  #buffered = [];
  #bufferedBytes = 0;
  /** What the last `truncate` dropped, and how many bytes it left. */
  #dropped = new Blob();
  #length = 0;
  /** @type {ReadableStreamDefaultReader<unknown> | undefined} */
  #reader;

  /**
   * Drops all bytes after the first `length`.
   * @param {number} length
   */
  truncate(length) {
    const blob = this.blob();
    this.#parts = [blob.slice(0, length)];
    this.#dropped = blob.slice(length || blob.size);
    this.#length = length;
  }

  /** Whether the bytes since the last `truncate` begin with the bytes that it dropped. */
  async isRepeated() {
    const dropped = this.#dropped;
    const again = this.blob().slice(this.#length, this.#length + dropped.size);
    const [one, other] = await Promise.all([dropped.arrayBuffer(), again.arrayBuffer()]);
    return String(new Uint8Array(one)) === String(new Uint8Array(other));
  }

  /**
   * Reads the next bytes of a response. Returns how many, and `undefined` after the last.
   * @param {Response} response
   * @param {boolean} isNew whether this is the first read of the response
   */
  async next(response, isNew) {
    // The response of a substitute for `fetch` may have no stream.
    if (isNew) this.#reader = (response.body ?? (await response.blob()).stream()).getReader();
    const { done, value } = await /** @type {ReadableStreamDefaultReader} */ (this.#reader).read();
    if (done) return undefined;
    if (!ArrayBuffer.isView(value))
      throw new TypeError("expected bytes from the stream, found something else");
    this.#buffered.push(
      new Uint8Array(/** @type {ArrayBuffer} */ (value.buffer), value.byteOffset, value.byteLength),
    );
    this.#bufferedBytes += value.byteLength;
    if (this.#bufferedBytes >= MAX_BUFFERED_BYTES) this.#parts = [this.blob()];
    return value.byteLength;
  }

  /** All bytes that were read. */
  blob() {
    const blob = new Blob([...this.#parts, ...this.#buffered], { type: "video/mp4" });
    this.#parts = [blob];
    this.#buffered = [];
    this.#bufferedBytes = 0;
    return blob;
  }
}

/**
 * How many characters are decoded at a time, so that no step blocks the page. A multiple of four:
 * no group of four characters spans two steps.
 */
const STEP_CHARACTERS = 1 << 20;

/**
 * The bytes of a base64 string, decoded as the URL standard does for `data:` URLs: white space is
 * skipped, and padding may be missing. Rejects if the string is not base64.
 * @param {string} base64
 * @returns {Promise<Blob>}
 */
export async function fromBase64(base64) {
  const characters = base64.replace(/[\t\n\f\r ]/g, "");
  const padding = characters.indexOf("=");
  if (padding >= 0 && padding < characters.length - 2) throw new Error("padding before the end");
  return blobInSteps(characters, atob);
}

/**
 * The bytes of a `data:` URL, decoded as the URL standard does: percent-encoded, and base64 if its
 * head says so. A fragment is dropped. Rejects if it has no comma or its base64 is wrong.
 * @param {string} url
 * @returns {Promise<Blob>}
 */
export async function fromDataUrl(url) {
  const comma = url.indexOf(",");
  if (comma < 0) throw new Error("no comma");
  // Each `%xx` becomes one character, of the byte's number. `decodeURIComponent` expects UTF-8.
  const body = unescape(url.slice(comma + 1).replace(/#.*/s, ""));
  if (/;\s*base64\s*$/i.test(url.slice(0, comma))) return fromBase64(body);
  return blobInSteps(body, (step) => step);
}

/**
 * @param {string} characters
 * @param {(step: string) => string} decode returns one character for each byte
 */
async function blobInSteps(characters, decode) {
  const parts = [];
  for (let start = 0; start < characters.length; start += STEP_CHARACTERS) {
    const step = decode(characters.slice(start, start + STEP_CHARACTERS));
    const bytes = new Uint8Array(step.length);
    for (let index = 0; index < step.length; index += 1) bytes[index] = step.charCodeAt(index);
    parts.push(bytes);
    if (start) await new Promise((resolve) => setTimeout(resolve));
  }
  return new Blob(parts);
}

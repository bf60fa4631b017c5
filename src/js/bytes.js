// Reading what callers and servers hand over. Whatever they hand over, what goes wrong is a
// rejection here, and no trap there.

/**
 * A part of a file.
 * @param {Blob} file
 * @param {number} start
 * @param {number} end
 */
export async function readSlice(file, start, end) {
  return new Uint8Array(await file.slice(start, end).arrayBuffer());
}

/**
 * A blob of these parts.
 * @param {BlobPart[]} parts
 * @param {string} type
 */
export const blobOf = (parts, type) => new Blob(parts, { type });

/** So many bytes are put into a blob, which a browser may keep elsewhere than in memory. */
const HELD = 4 << 20;

/** The bytes of an answer, or of several that follow each other. */
export class Received {
  /** @type {BlobPart[]} */
  #parts = [];
  /** @type {Uint8Array<ArrayBuffer>[]} */
  #latest = [];
  #held = 0;
  /** @type {ReadableStreamDefaultReader<unknown> | undefined} */
  #reader;

  clear() {
    this.#parts = [];
    this.#latest = [];
    this.#held = 0;
  }

  /**
   * Takes and holds the next bytes of an answer, and says how many; nothing after the last.
   * @param {Response} response
   * @param {boolean} isNew whether it follows another one
   */
  async next(response, isNew) {
    if (isNew) this.#reader = (response.body ?? new Blob().stream()).getReader();
    const { done, value } = await /** @type {ReadableStreamDefaultReader} */ (this.#reader).read();
    if (done) return undefined;
    if (!ArrayBuffer.isView(value))
      throw new TypeError("the stream brought something that is no bytes");
    this.#latest.push(
      new Uint8Array(/** @type {ArrayBuffer} */ (value.buffer), value.byteOffset, value.byteLength),
    );
    this.#held += value.byteLength;
    if (this.#held >= HELD) this.#parts = [this.blob()];
    return value.byteLength;
  }

  /** All of it. */
  blob() {
    const blob = new Blob([...this.#parts, ...this.#latest], { type: "video/mp4" });
    this.clear();
    this.#parts = [blob];
    return blob;
  }
}

/** Characters at a time: a group of four never spans two steps, and no step holds up the page. */
const STEP = 1 << 20;

/**
 * The bytes that a base64 text stands for, as the URL standard reads one (white space is skipped,
 * missing padding tolerated). Rejects when it is none.
 * @param {string} text
 * @returns {Promise<Blob>}
 */
export async function fromBase64(text) {
  const plain = text.replace(/[\t\n\f\r ]/g, "");
  const padding = plain.indexOf("=");
  if (padding >= 0 && padding < plain.length - 2) throw new Error("padding before the end");
  const parts = [];
  for (let start = 0; start < plain.length; start += STEP) {
    const step = atob(plain.slice(start, start + STEP));
    const bytes = new Uint8Array(step.length);
    for (let index = 0; index < step.length; index += 1) bytes[index] = step.charCodeAt(index);
    parts.push(bytes);
    if (start) await new Promise((resolve) => setTimeout(resolve));
  }
  return new Blob(parts);
}

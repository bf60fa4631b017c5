// Reading what callers and servers hand over. Whatever they hand over, what goes wrong is a rejection here, and no trap there.

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
 * The reader of an answer's body.
 * @param {Response} response
 */
export function readerOf(response) {
  return (response.body ?? new Blob().stream()).getReader();
}

/**
 * The next bytes of a body; nothing after the last.
 * @param {ReadableStreamDefaultReader<unknown>} reader
 */
export async function nextChunk(reader) {
  const { done, value } = await reader.read();
  if (done) return undefined;
  if (!ArrayBuffer.isView(value)) throw new TypeError("the stream brought something that is no bytes");
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

/** Characters at a time: a group of four never spans two steps, and no step holds up the page. */
const STEP = 1 << 20;

/**
 * The bytes that a base64 text stands for, as the URL standard reads one (white space is skipped, missing padding
 * tolerated). Rejects when it is none.
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

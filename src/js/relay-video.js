// Which responses are videos. Their bytes are passed on while they arrive, and so not redacted: a type
// alone does not make a video, because an error may have any type.

/** Storage hosts send videos with one of these types, or with none. */
export const VIDEO_TYPE = /^($|video\/|(application|binary)\/(octet-stream|mp4)\s*($|;))/i;

/** The boxes that an MP4 or MOV file, or a segment of one, may begin with. */
const FIRST_BOXES = "ftyp styp moov moof mdat free skip wide uuid sidx pdin emsg".split(" ");

/** What a WebM file begins with. */
const EBML = [0x1a, 0x45, 0xdf, 0xa3];

/** The bytes that decide: a size and the name of a box. A shorter body cannot contain a key. */
const HEAD_BYTES = 8;

/** The parts of a body, whose first bytes can be read before. @param {Response["body"]} body */
export function peekable(body) {
  const reader = body?.getReader();
  /** @type {Uint8Array[]} */
  const head = [];
  const read = async () => (await reader?.read())?.value;
  return {
    /** The first bytes, fewer if the body is shorter. @param {number} length */
    async peek(length) {
      /** @type {number[]} */
      const bytes = [];
      for (let part; bytes.length < length && (part = await read()); head.push(part))
        bytes.push(...part.subarray(0, length - bytes.length));
      return bytes;
    },
    /** The next part; `undefined` after the last one. */
    next: async () => head.shift() ?? (await read()),
    cancel: async () => reader?.cancel(),
  };
}

/** Whether the response is a part of a video, but not its beginning. @param {Response} response */
export const isLaterPart = ({ status, headers }) =>
  status === 206 && /^bytes 0*[1-9]\d*-/i.test(headers.get("content-range") ?? "");

/** @param {ReturnType<typeof peekable>} parts */
export async function looksLikeVideo(parts) {
  const bytes = await parts.peek(HEAD_BYTES);
  const box = String.fromCharCode(...bytes.slice(4));
  const isWebm = EBML.every((byte, at) => bytes[at] === byte);
  return bytes.length < HEAD_BYTES || isWebm || FIRST_BOXES.includes(box);
}

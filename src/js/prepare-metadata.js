// The metadata of an image file: what it says of the orientation, and the file without it.

/**
 * @typedef {object} Contents
 * @property {Blob} file the file without metadata, and without what follows the image; its colour
 * profile stays
 * @property {number} orientation by its Exif data, 1 to 8, which `file` lacks
 * @property {boolean} hasMetadata whether anything was left out of `file`
 * @property {boolean} mayBeTransparent
 * @property {boolean} isCmyk
 * @property {boolean} isTruncated whether the file ends before its image
 */

/** The chunks of a PNG that describe its pixels. Critical chunks are recognised by their case. */
const PNG_CHUNKS =
  "tRNS gAMA cHRM sRGB iCCP cICP mDCV cLLI mDCv cLLi sBIT bKGD hIST sPLT pHYs acTL fcTL fdAT";

/** How many bytes at the start and at the end of another file are searched for metadata. */
export const SEARCHED_BYTES = 65_536;

/**
 * @param {Uint8Array<ArrayBuffer>} bytes of a whole JPEG or PNG
 * @param {"jpeg" | "png"} format
 * @returns {Contents}
 */
export function contentsOf(bytes, format) {
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const parts = [];
  let kept = 0;
  /** Leaves a part of the file out. @param {number} start @param {number} end */
  const leaveOut = (start, end) => {
    parts.push(bytes.subarray(kept, start));
    kept = end;
  };
  const found = (format === "jpeg" ? readJpeg : readPng)(bytes, leaveOut);
  const { end } = found;
  if (end && end < bytes.length) leaveOut(end, bytes.length);
  const hasMetadata = parts.length > 0;
  parts.push(bytes.subarray(kept));
  return {
    file: new Blob(parts, { type: `image/${format}` }),
    orientation: found.orientation ?? 1,
    hasMetadata,
    mayBeTransparent: found.mayBeTransparent,
    isCmyk: found.isCmyk,
    isTruncated: !end,
  };
}

/**
 * Whether a part of a file of another format names metadata.
 * @param {Uint8Array} bytes
 */
export const namesMetadata = (bytes) => /exif|xmp/i.test(latin1(bytes));

/**
 * @typedef {object} Found
 * @property {number} end where the image ends; 0 if the file ends before
 * @property {number | undefined} orientation
 * @property {boolean} mayBeTransparent
 * @property {boolean} isCmyk
 */

/**
 * @param {Uint8Array} bytes @param {(start: number, end: number) => void} leaveOut
 * @returns {Found}
 */
function readJpeg(bytes, leaveOut) {
  /** @type {Found} */
  const found = { end: 0, orientation: undefined, mayBeTransparent: false, isCmyk: false };
  let hasPixels = false;
  let at = 2;
  while ((at = bytes.indexOf(0xff, at)) >= 0) {
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xd9) return { ...found, end: at + 2 };
    // Fill bytes; then what has no length: literals in a scan, restarts, the start.
    if (marker === 0xff) at += 1;
    else if (marker < 0xc0 || (marker >= 0xd0 && marker <= 0xd8)) at += 2;
    else {
      const length = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
      const [start, end] = [at, at + 2 + Math.max(length, 2)];
      const name = latin1(bytes.subarray(at + 4, Math.min(end, at + 16)));
      if (marker === 0xda) hasPixels = true;
      // By the rules of the core: before the pixels, and with a whole TIFF header.
      if (marker === 0xe1 && name.startsWith("Exif\0") && end - at >= 18 && !hasPixels)
        found.orientation ??= orientationOf(bytes.subarray(at + 10, end)) ?? 1;
      if (marker < 0xd0 && ![0xc4, 0xc8, 0xcc].includes(marker)) found.isCmyk = bytes[at + 9] === 4;
      if (marker >= 0xe0 && !isOfPixels(marker, name, length)) leaveOut(start, end);
      at = end;
    }
  }
  return found;
}

/**
 * Whether an application segment or a comment tells how to show the pixels.
 * @param {number} marker @param {string} name @param {number} length
 */
function isOfPixels(marker, name, length) {
  // A longer one has a thumbnail.
  if (marker === 0xe0) return name.startsWith("JFIF\0") && length === 16;
  if (marker === 0xe2) return name === "ICC_PROFILE\0";
  return marker === 0xee ? name.startsWith("Adobe") : marker > 0xef && marker < 0xfe;
}

/**
 * @param {Uint8Array} bytes @param {(start: number, end: number) => void} leaveOut
 * @returns {Found}
 */
function readPng(bytes, leaveOut) {
  /** @type {Found} */
  const found = { end: 0, orientation: undefined, mayBeTransparent: false, isCmyk: false };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let hasPixels = false;
  for (let at = 8; at + 12 <= bytes.length;) {
    const end = at + 12 + view.getUint32(at);
    if (end > bytes.length) break;
    const name = latin1(bytes.subarray(at + 4, at + 8));
    // Bit 4 of the colour type is the alpha channel.
    if (name === "IHDR") found.mayBeTransparent = Boolean((bytes[at + 17] ?? 0) & 4);
    if (name === "tRNS") found.mayBeTransparent = true;
    if (name === "IDAT") hasPixels = true;
    if (name === "eXIf" && !hasPixels && isWhole(bytes.subarray(at + 4, end)))
      found.orientation ??= orientationOf(bytes.subarray(at + 8, end - 4)) ?? 1;
    if (!/^[A-Z]/.test(name) && !PNG_CHUNKS.includes(name)) leaveOut(at, end);
    if (name === "IEND") return { ...found, end };
    at = end;
  }
  return found;
}

/** Whether a chunk of a PNG, from its type on, has the right checksum. @param {Uint8Array} chunk */
function isWhole(chunk) {
  let sum = -1;
  for (const byte of chunk.subarray(0, -4)) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (0xedb88320 & -(sum & 1));
  }
  return chunk.subarray(-4).reduce((found, byte) => (found << 8) | byte, 0) === ~sum;
}

/**
 * The orientation in Exif data, by the rules of the core: a single SHORT from 1 to 8 in the first
 * directory.
 * @param {Uint8Array} tiff
 */
function orientationOf(tiff) {
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  try {
    const order = view.getUint16(0);
    const isLittle = order === 0x4949;
    if (!isLittle && order !== 0x4d4d) return undefined;
    if (view.getUint16(2, isLittle) !== 42) return undefined;
    const start = view.getUint32(4, isLittle);
    const count = view.getUint16(start, isLittle);
    for (let index = 0; index < count; index += 1) {
      const field = start + 2 + 12 * index;
      const value = view.getUint16(field + 8, isLittle);
      const isSingleShort =
        view.getUint16(field + 2, isLittle) === 3 && view.getUint32(field + 4, isLittle) === 1;
      const isOrientation = view.getUint16(field, isLittle) === 0x112;
      if (isOrientation && isSingleShort && value >= 1 && value <= 8) return value;
    }
  } catch {
    // The data ends early.
  }
  return undefined;
}

/** @param {Uint8Array} bytes */
function latin1(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

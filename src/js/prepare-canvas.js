// Decodes, draws and encodes images with what the browser has. It makes no decisions.

import { readSlice } from "./bytes.js";
import { KlingError } from "./prepare-tools.js";
import { within } from "./timer.js";

/** @typedef {import("./prepare-plan.js").Size} Size */
/** @typedef {OffscreenCanvas | HTMLCanvasElement} Canvas */
/** @typedef {OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D} Context */

/**
 * A canvas whose pixels this page can read.
 * @typedef {object} Opened
 * @property {Canvas} canvas
 * @property {Context} context
 * @property {boolean} isSmooth whether `drawImage` averages the pixels of an image that it shrinks.
 * Firefox's takes some of them only.
 */

/** How many pixels are drawn at a time, so that no step takes 50 ms for a photo of 12 MP. */
const BAND_PIXELS = 2 ** 19;

/** How long an `ImageDecoder` may take, in ms. Another way to decode is tried then. */
const MAX_DECODE_MS = 30_000;

/** How far a pixel may be off: protections against fingerprints change the last bit or everything. */
const MAX_NOISE = 3;

/** Four columns of pixels that a shrinking canvas must average. */
const COLUMNS = [255, 0, 0, 255];

/**
 * The matrix of each orientation: how x and y of the stored image become x and y as displayed.
 * @type {[number, number, number, number][]}
 */
const MATRICES = [
  [1, 0, 0, 1],
  [-1, 0, 0, 1],
  [-1, 0, 0, -1],
  [1, 0, 0, -1],
  [0, 1, 1, 0],
  [0, 1, -1, 0],
  [0, -1, -1, 0],
  [0, -1, 1, 0],
];

/**
 * A canvas of the first kind whose pixels are what was drawn; `undefined` if the browser falsifies
 * all. Some browsers ask their user only for a canvas element.
 * @param {Size} size
 * @returns {Opened | undefined}
 */
export function openCanvas(size) {
  /** @type {((width: number, height: number) => Canvas)[]} */
  const kinds = [];
  if (typeof OffscreenCanvas === "function")
    kinds.push((width, height) => new OffscreenCanvas(width, height));
  if (typeof document === "object")
    kinds.push((width, height) =>
      Object.assign(document.createElement("canvas"), { width, height }),
    );
  let hasCanvas = false;
  for (const make of kinds) {
    const probe = contextOf(make(32, 32));
    if (!probe) continue;
    hasCanvas = true;
    if (!isTrue(probe)) continue;
    const small = contextOf(make(8, 8));
    small?.drawImage(probe.canvas, 0, 0, 8, 8);
    const grey = small?.getImageData(4, 4, 1, 1).data[0] ?? 0;
    const canvas = make(size.width, size.height);
    const context = contextOf(canvas);
    if (context) return { canvas, context, isSmooth: grey > 64 && grey < 192 };
  }
  if (!hasCanvas) throw absent("canvas");
  return undefined;
}

/** @param {Canvas} canvas @returns {Context | null} */
function contextOf(canvas) {
  // In memory of the CPU, from which pixels are read and encoded.
  const options = { willReadFrequently: true };
  const context = /** @type {Context | null} */ (canvas.getContext("2d", options));
  if (context) context.imageSmoothingQuality = "high";
  return context;
}

/** Whether pixels that are drawn can be read. @param {Context} probe of 32 columns */
function isTrue(probe) {
  const levels = Array.from({ length: 32 }, (_, x) => COLUMNS[x % 4] ?? 0);
  for (const [x, level] of levels.entries()) {
    probe.fillStyle = `rgb(${level},${level},${level})`;
    probe.fillRect(x, 0, 1, 32);
  }
  const { data } = probe.getImageData(0, 0, 32, 1);
  return levels.every((level, x) => Math.abs((data[4 * x] ?? 0) - level) <= MAX_NOISE);
}

/** @param {string} what */
const absent = (what) =>
  new KlingError(`this environment has no ${what}; preparing an image needs a browser`, {
    code: "internal",
  });

/**
 * The pixels of an image, at a size if one is given. Browsers decode files off the main thread, except
 * Firefox.
 * @param {Blob | ImageBitmap | VideoFrame} image @param {Size} [size]
 * @returns {Promise<ImageBitmap>}
 */
export async function decoded(image, size) {
  if (typeof createImageBitmap !== "function") throw absent("createImageBitmap");
  /** @type {ImageBitmapOptions} */
  const options = size
    ? { resizeWidth: size.width, resizeHeight: size.height, resizeQuality: "high" }
    : {};
  try {
    return await createImageBitmap(image, options);
  } catch (error) {
    if (!("slice" in image)) throw error;
    // Firefox 153 decodes no blob that was made of several parts.
    const whole = new Blob([await readSlice(image, 0, image.size)], { type: image.type });
    return createImageBitmap(whole, options);
  }
}

/**
 * The pixels of a file, decoded by another thread, also in Firefox: there `createImageBitmap` blocks
 * the main thread for 140 to 250 ms with a photo of 12 MP. It makes the same pixels: see
 * `docs/images.md`.
 * @param {Blob} file @param {string} format @param {Size} [size]
 * @returns {Promise<ImageBitmap>}
 */
export async function decodedAside(file, format, size) {
  const data = await readSlice(file, 0, file.size);
  const desired = size ? { desiredWidth: size.width, desiredHeight: size.height } : {};
  const type = `image/${format}`;
  const decoder = new ImageDecoder({ data, type, transfer: [data.buffer], ...desired });
  try {
    const overdue = () => new Error(`not decoded within ${MAX_DECODE_MS} ms`);
    const { image } = await within(decoder.decode(), MAX_DECODE_MS, overdue);
    try {
      return await decoded(image, size);
    } finally {
      image.close();
    }
  } finally {
    decoder.close();
  }
}

/**
 * Draws an image in bands of its rows, so that no step blocks the page.
 * @param {Context} context @param {ImageBitmap} bitmap
 * @param {{ canvas: Size, picture: Size & { x: number, y: number } }} plan
 * @param {number} orientation that is still to be applied
 * @param {boolean} isOpaque whether the image is drawn on white
 * @param {() => void} proceed throws after an abort
 */
export async function draw(context, bitmap, { canvas, picture }, orientation, isOpaque, proceed) {
  const { x, y, width, height } = picture;
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  if (!isOpaque) context.clearRect(x, y, width, height);
  const [a, b, c, d] = MATRICES[orientation - 1] ?? [1, 0, 0, 1];
  context.setTransform(a, b, c, d, x + (a + c < 0 ? width : 0), y + (b + d < 0 ? height : 0));
  // From here on in px of the canvas, with the image as it is stored.
  const [storedWidth, storedHeight] = a ? [width, height] : [height, width];
  const rows = Math.ceil(BAND_PIXELS / storedWidth);
  const scale = bitmap.height / storedHeight;
  // Chromium first halves an image that it shrinks, several times. A strip whose start is a multiple
  // of that, and which has a margin, is drawn like the whole image.
  const grid = 2 ** Math.ceil(Math.log2(scale) + 2);
  for (let top = 0; top < storedHeight; top += rows) {
    proceed();
    const count = Math.min(rows, storedHeight - top);
    const start = Math.max(0, Math.floor((top * scale) / grid) - 1) * grid;
    const end = Math.min(bitmap.height, Math.ceil((top + count) * scale) + grid);
    const strip =
      scale > 1 ? await createImageBitmap(bitmap, 0, start, bitmap.width, end - start) : bitmap;
    context.save();
    context.beginPath();
    context.rect(0, top, storedWidth, count);
    context.clip();
    if (scale > 1) context.drawImage(strip, 0, start / scale, storedWidth, (end - start) / scale);
    else context.drawImage(bitmap, 0, 0, storedWidth, storedHeight);
    context.restore();
    if (strip !== bitmap) strip.close();
    // Reading makes the browser draw now, and not everything at once at the end.
    context.getImageData(0, 0, 1, 1);
    await nextTask();
  }
}

/**
 * Whether a pixel of a canvas is transparent.
 * @param {Context} context @param {Size} canvas @param {() => void} proceed throws after an abort
 */
export async function isTransparent(context, { width, height }, proceed) {
  const rows = Math.ceil(BAND_PIXELS / width);
  for (let top = 0; top < height; top += rows) {
    proceed();
    const { data } = context.getImageData(0, top, width, Math.min(rows, height - top));
    for (let at = 3; at < data.length; at += 4) if (data[at] !== 255) return true;
    await nextTask();
  }
  return false;
}

/**
 * @param {Canvas} canvas @param {"jpeg" | "png"} format @param {number} quality
 * @returns {Promise<Blob>}
 */
export async function encoded(canvas, format, quality) {
  const type = `image/${format}`;
  /** @type {Blob | null} */
  const blob =
    "convertToBlob" in canvas
      ? await canvas.convertToBlob({ type, quality })
      : await new Promise((resolve) => canvas.toBlob(resolve, type, quality));
  if (blob?.type !== type)
    throw new KlingError(`this browser cannot encode an image as ${type}`, { code: "internal" });
  return blob;
}

/** Frees the memory of a canvas at once. @param {Canvas} canvas */
export const release = (canvas) => Object.assign(canvas, { width: 0, height: 0 });

/** A timer would take a second in a hidden tab. */
const nextTask = () =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve(undefined);
    };
    port2.postMessage(0);
  });

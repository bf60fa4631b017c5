// Decodes, draws and encodes images with what the browser has. It makes no decisions.

import { readSlice } from "./bytes.js";
import { KlingError } from "./prepare-tools.js";

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
    const probe = contextOf(make(32, 1));
    if (!probe) continue;
    hasCanvas = true;
    if (!isTrue(probe)) continue;
    const small = contextOf(make(8, 1));
    small?.drawImage(probe.canvas, 0, 0, 8, 1);
    const grey = small?.getImageData(4, 0, 1, 1).data[0] ?? 0;
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
    probe.fillRect(x, 0, 1, 1);
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
 * The pixels of a file, or those of a bitmap, at a size if one is given. Browsers decode files off the
 * main thread, except Firefox.
 * @param {Blob | ImageBitmap} image @param {Size} [size]
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
 * Draws an image in bands, so that no step blocks the page. Resolves to whether a pixel of the canvas
 * is transparent; not known if it `isOpaque`.
 * @param {Context} context @param {ImageBitmap} bitmap
 * @param {{ canvas: Size, picture: Size & { x: number, y: number } }} plan
 * @param {number} orientation that is still to be applied
 * @param {boolean} isOpaque whether the image is drawn on white
 * @param {() => void} proceed throws after an abort
 */
export async function draw(context, bitmap, { canvas, picture }, orientation, isOpaque, proceed) {
  const { x, y, width, height } = picture;
  const [a, b, c, d] = MATRICES[orientation - 1] ?? [1, 0, 0, 1];
  const isTurned = a === 0;
  let isTransparent = false;
  const rows = Math.ceil(BAND_PIXELS / canvas.width);
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  if (!isOpaque) context.clearRect(x, y, width, height);
  for (let top = 0; top < canvas.height; top += rows) {
    proceed();
    const count = Math.min(rows, canvas.height - top);
    context.save();
    context.beginPath();
    context.rect(0, top, canvas.width, count);
    context.clip();
    context.transform(a, b, c, d, x + (a + c < 0 ? width : 0), y + (b + d < 0 ? height : 0));
    context.drawImage(bitmap, 0, 0, isTurned ? height : width, isTurned ? width : height);
    context.restore();
    // Reading makes the browser draw now, and not everything at once at the end.
    const { data } = context.getImageData(
      0,
      top,
      isOpaque ? 1 : canvas.width,
      isOpaque ? 1 : count,
    );
    for (let at = 3; at < data.length && !isTransparent; at += 4) isTransparent = data[at] !== 255;
    await nextTask();
  }
  return isTransparent;
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

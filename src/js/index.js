// The entry of the package. Importing it runs nothing, and reads no global of a browser.

import * as glue from "./kling_multi_image2video.js";
import { init, run } from "./loader.js";
import { preparing } from "./preparing.js";
import { copied, snapshot } from "./request.js";

export { createClient } from "./client.js";
export { KlingError, isKlingError } from "./error.js";
export { inspectImage } from "./inspect.js";
export { limits } from "./limits.js";
export default init;

/** @type {typeof import("./index.js").prepareImage} */
export const prepareImage = async (image, options) => {
  const copy = copied(options);
  return (await preparing(copy)).prepareImage(image, copy);
};

/** @type {typeof import("./index.js").encodeImage} */
export const encodeImage = async (image, options) => {
  const copy = copied(options);
  return run(() => glue.encodeImage(image, copy), copy);
};

/** @type {typeof import("./index.js").validateRequest} */
export const validateRequest = async (request) => {
  const copy = snapshot(request);
  return run(() => glue.validateRequest(copy));
};

/** @type {typeof import("./index.js").buildRequestBody} */
export const buildRequestBody = async (request, options) => {
  const copies = /** @type {const} */ ([snapshot(request), copied(options)]);
  return run(() => glue.buildRequestBody(...copies), copies[1]);
};

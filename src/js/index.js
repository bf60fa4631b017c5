// The entry of the package. Importing it touches no global.

import * as glue from "./kling_multi_image2video.js";
import { init, run } from "./loader.js";
import { copied, snapshot } from "./request.js";

export { createClient } from "./client.js";
export { KlingError, isKlingError } from "./error.js";
export { limits } from "./limits.js";
export default init;

/** @type {typeof import("./index.js").inspectImage} */
export const inspectImage = (image) => run(() => glue.inspectImage(image));

/** @type {typeof import("./index.js").encodeImage} */
export const encodeImage = async (image, options) => {
  const how = copied(options);
  return run(() => glue.encodeImage(image, how));
};

/** @type {typeof import("./index.js").validateRequest} */
export const validateRequest = async (request) => {
  const now = snapshot(request);
  return run(() => glue.validateRequest(now));
};

/** @type {typeof import("./index.js").buildRequestBody} */
export const buildRequestBody = async (request, options) => {
  const [now, how] = [snapshot(request), copied(options)];
  return run(() => glue.buildRequestBody(now, how));
};

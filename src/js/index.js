// The entry of the package. Importing it touches no global.

import { Action } from "./action.js";
import { ask, init } from "./loader.js";
import { copied, snapshot } from "./request.js";

export { createClient } from "./client.js";
export { KlingError, isKlingError } from "./error.js";
export default init;

/** @type {typeof import("./index.js").inspectImage} */
export const inspectImage = (image) => ask(Action.Inspect, image);

/** @type {typeof import("./index.js").encodeImage} */
export const encodeImage = async (image, options) => ask(Action.Encode, image, copied(options));

/** @type {typeof import("./index.js").validateRequest} */
export const validateRequest = async (request) => ask(Action.Validate, snapshot(request));

/** @type {typeof import("./index.js").buildRequestBody} */
export const buildRequestBody = async (request, options) => ask(Action.Build, snapshot(request), copied(options));

// Reads the header of an image.

import * as glue from "./kling_multi_image2video.js";
import { run } from "./loader.js";

/** @type {typeof import("./index.js").inspectImage} */
export const inspectImage = (image) => run(() => glue.inspectImage(image));

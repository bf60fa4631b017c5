// Loads the script that prepares images, when it is first needed.

import { Aborts } from "./abort.js";
import { KlingError } from "./error.js";
import { inspectImage } from "./kling_multi_image2video.js";
import { limitsOf, run } from "./loader.js";

/**
 * The script. An abort of the signal in the options ends the wait for it.
 * @param {unknown} options
 */
export async function preparing(options) {
  const { signal } = limitsOf(options);
  const aborts = new Aborts(signal ? [signal] : []);
  try {
    return await Promise.race([loaded(), /** @type {Promise<never>} */ (aborts.fired)]);
  } finally {
    aborts.leave();
  }
}

async function loaded() {
  const script = await import("./prepare.js").catch((cause) => {
    const message = `prepare.js of kling-multi-image2video could not be loaded: ${cause.message}`;
    throw new KlingError(message, { code: "wasm_load", retryable: true }, { cause });
  });
  script.borrow(KlingError, (image) => run(() => inspectImage(image)));
  return script;
}

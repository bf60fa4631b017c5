// Loads the script that prepares images, when it is first needed.

import { Aborts } from "./abort.js";
import { KlingError } from "./error.js";
import { inspectImage } from "./inspect.js";
import { limitsOf } from "./loader.js";

/**
 * The script. An abort of the signal in the options ends the wait for it.
 * @param {unknown} options
 */
export async function preparing(options) {
  const { signal } = limitsOf(options);
  const aborts = new Aborts(signal ? [signal] : []);
  const loaded = import("./prepare.js").catch((cause) => {
    const message = `prepare.js could not be loaded: ${cause.message}`;
    throw new KlingError(message, { code: "wasm_load", retryable: true }, { cause });
  });
  const script = await Promise.race([loaded, /** @type {Promise<never>} */ (aborts.fired)]);
  aborts.leave();
  script.borrow(KlingError, inspectImage);
  return script;
}

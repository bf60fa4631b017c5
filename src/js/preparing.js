// Loads the script that prepares images, when it is first needed.

import { KlingError } from "./error.js";
import { inspectImage } from "./inspect.js";
import { endable, limitsOf } from "./loader.js";

/**
 * The script. An abort of the signal in the options, or the closing of the client, ends the wait for it.
 * @param {unknown} options
 * @param {import("./loader.js").Closing} [closing]
 */
export async function preparing(options, closing) {
  const { signal } = limitsOf(options);
  const load = () =>
    import("./prepare.js").catch((cause) => {
      const message = `prepare.js could not be loaded: ${cause.message}`;
      throw new KlingError(message, { code: "wasm_load", retryable: true }, { cause });
    });
  const script = await endable(load, { ...(signal && { signal }) }, closing);
  script.borrow(KlingError, inspectImage);
  return script;
}

// The error class of this package. It is JavaScript, because Rust cannot define a subclass of Error.

/** The same symbol in every copy of this package and in every realm: `instanceof` differs there. */
const brand = Symbol.for("kling-multi-image2video.KlingError");

const details = /** @type {const} */ ([
  "code",
  "retryable",
  "issues",
  "taskId",
  "externalTaskId",
  "status",
  "serviceCode",
  "requestId",
  "retryAfter",
  "url",
  "params",
]);

export class KlingError extends Error {
  /**
   * @param {string} message
   * @param {Record<string, unknown>} [known]
   * @param {ErrorOptions} [options]
   */
  constructor(message, known = {}, options) {
    super(message, options);
    /** @type {string} */
    this.code = "internal";
    this.retryable = false;
    for (const name of details) {
      if (known[name] !== undefined) Object.assign(this, { [name]: known[name] });
    }
  }

  toJSON() {
    const { name, message } = this;
    /** @type {Record<string, unknown>} */
    const json = { name, message };
    for (const detail of details) {
      const value = Reflect.get(this, detail);
      if (value !== undefined) json[detail] = value;
    }
    return json;
  }
}

// On the prototype and not enumerable, like the name of every built-in error.
Object.defineProperties(KlingError.prototype, {
  name: { value: "KlingError", configurable: true, writable: true },
  [brand]: { value: true },
});

/** The error of the option at that path. @param {string} path @param {string} message */
export const invalidOption = (path, message) =>
  new KlingError(`${path}: ${message}`, { code: "invalid_option", params: { path } });

/** @param {unknown} error */
export function isKlingError(error) {
  try {
    return typeof error === "object" && error !== null && Reflect.get(error, brand) === true;
  } catch {
    // A revoked proxy throws when it is read.
    return false;
  }
}

// What the script `prepare.js` borrows from the one that loads it: a second copy of the error class
// would not be the one that the package exports.

/** @type {typeof import("./error.js").KlingError} */
export let KlingError;

/** @type {typeof import("./index.js").inspectImage} */
export let inspectImage;

/** @param {typeof KlingError} error @param {typeof inspectImage} inspect */
export function borrow(error, inspect) {
  KlingError = error;
  inspectImage = inspect;
}

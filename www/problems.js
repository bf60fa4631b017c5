// Lists problems of the request beside the field or the picture that has them.

import { make } from "./dom.js";
import { sentence } from "./words.js";

/** @import { Issue } from "./pkg/index.js" */

/** @param {Issue} issue */
export const isError = ({ severity }) => severity === "error";

/** An error that the page itself finds. @param {Issue["code"]} code @param {string} path @param {string} message @returns {Issue} */
export const problem = (code, path, message) => ({ code, path, severity: "error", message });

/** @param {Element} place @param {Issue[]} issues */
export function showProblems(place, issues) {
  const lines = issues.map(({ message, severity }) =>
    make("li", { className: severity, textContent: sentence(message) }),
  );
  if (place.textContent !== lines.map(({ textContent }) => textContent).join(""))
    place.replaceChildren(...lines);
}

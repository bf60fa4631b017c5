// What is wrong with the request, beside what it is about.

import { make, sentence } from "./dom.js";

/** @import { Issue } from "./pkg/index.js" */

/** @param {Issue} issue */
export const isError = ({ severity }) => severity === "error";

/** @param {Issue["code"]} code @param {string} path @param {string} message @returns {Issue} */
export const problem = (code, path, message) => ({ code, path, severity: "error", message });

/** @param {Element} place @param {Issue[]} issues */
export function showProblems(place, issues) {
  const lines = issues.map(({ message, severity }) =>
    make("li", { className: severity, textContent: sentence(message) }),
  );
  if (place.textContent !== lines.map(({ textContent }) => textContent).join(""))
    place.replaceChildren(...lines);
}

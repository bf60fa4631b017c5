// The small tools of every part of the page.

/**
 * @template {Element} T
 * @param {string} selector
 * @param {new () => T} kind
 * @param {ParentNode} [within]
 * @returns {T}
 */
export function find(selector, kind, within = document) {
  const element = within.querySelector(selector);
  if (!(element instanceof kind)) throw new Error(`the page has no ${kind.name} at ${selector}`);
  return element;
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Partial<HTMLElementTagNameMap[K]>} [properties]
 * @param {...(Node | string)} content
 */
export function make(tag, properties = {}, ...content) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...content);
  return element;
}

/**
 * Touches the text only when it changes: a screen reader would say it again. @param {Element}
 * element @param {string} text
 */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Says what only a screen reader needs to be told. @param {string} text */
export const announce = (text) => say(find("#announcement", HTMLElement), text);

/** Hands an error to whoever shows errors. @param {unknown} error */
export const report = (error) =>
  void document.dispatchEvent(new CustomEvent("failure", { detail: error }));

/** @param {string} message in the package's style: lower case, no full stop */
export const sentence = (message) =>
  message.charAt(0).toUpperCase() + message.slice(1) + (/[.!?]$/.test(message) ? "" : ".");
/** @param {unknown} error */
export const said = (error) => sentence(error instanceof Error ? error.message : String(error));
/** @param {number} count */
export const bytes = (count) =>
  count < 1e3
    ? `${count} bytes`
    : count < 1e6
      ? `${Math.round(count / 1e3)} kB`
      : `${(count / 1e6).toFixed(1)} MB`;
/** @param {number} ms */
export const minutes = (ms) =>
  `${Math.floor(ms / 60_000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, "0")}`;

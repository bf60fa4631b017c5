// Finds, makes and changes elements; passes errors on to where they are shown.

/**
 * The first element that matches. Throws where there is none, or one of another class.
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
 * Sets the text only when it changes: a screen reader reads every change aloud. @param {Element}
 * element @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Has a screen reader say something that is not visible. @param {string} text */
export const announce = (text) => setText(find("#announcement", HTMLElement), text);

/** Shows an error that no task caused, under "Video". @param {unknown} error */
export const reportError = (error) =>
  void document.dispatchEvent(new CustomEvent("failure", { detail: error }));

// The place where the video plays, and the links to save it or to open its URL.

import { find, setText } from "./dom.js";

export const result = find("#result", HTMLElement);
const placeholder = find("#placeholder", HTMLElement);
const video = find("#video", HTMLVideoElement);
const saveLink = find("#save", HTMLAnchorElement);
const urlLink = find("#videoUrl", HTMLAnchorElement);
export const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

/** The object URL of the video, revoked when the stage is cleared. */
let objectUrl = "";

/**
 * Shows or hides an element. If it has the focus when it is hidden, the focus stays nearby.
 * @param {HTMLElement} element @param {boolean} isVisible
 */
export function setVisible(element, isVisible) {
  if (!isVisible && element === document.activeElement) result.focus({ preventScroll: true });
  element.hidden = !isVisible;
}

export function clearStage() {
  URL.revokeObjectURL(objectUrl);
  objectUrl = "";
  video.removeAttribute("src");
  video.load();
  for (const element of [video, saveLink, urlLink]) setVisible(element, false);
  placeholder.hidden = false;
}

/** @param {string} text shown while no video is */
export const setPlaceholder = (text) => setText(placeholder, text);

/** Offers the URL from which the service delivers the video. @param {string} url */
export function offerUrl(url) {
  urlLink.href = url;
  urlLink.hidden = false;
}

/** Plays a downloaded video, and offers to save it. @param {Blob} blob @param {string} taskId */
export function playBlob(blob, taskId) {
  objectUrl = saveLink.href = video.src = URL.createObjectURL(blob);
  saveLink.download = `kling-${taskId.replace(/[^\w-]+/g, "_")}.mp4`;
  saveLink.hidden = false;
  play();
}

/** Plays the video from its URL: its host lets the page show it, but not read it. */
export function playUrl() {
  video.src = urlLink.href;
  play();
}

function play() {
  placeholder.hidden = true;
  video.hidden = false;
  if (!reducedMotion.matches) video.play().catch(() => {});
}

/**
 * Calls back when the browser cannot play the video. @param {(isUrlOffered: boolean) => void}
 * listener
 */
export const onPlaybackError = (listener) =>
  video.addEventListener("error", () => {
    if (video.hasAttribute("src")) listener(!urlLink.hidden);
  });

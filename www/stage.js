// Where the video plays, and what can be done with it.

import { find, say } from "./dom.js";

export const result = find("#result", HTMLElement);
const placeholder = find("#placeholder", HTMLElement);
const status = find("#status", HTMLElement);
const video = find("#video", HTMLVideoElement);
const save = find("#save", HTMLAnchorElement);
const address = find("#address", HTMLAnchorElement);
export const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** What is let go of with the video. */
let saved = "";

/** Hides what may have the focus, which then stays nearby. @param {HTMLElement} element */
export function hide(element) {
  if (element === document.activeElement) result.focus({ preventScroll: true });
  element.hidden = true;
}

export function clearStage() {
  URL.revokeObjectURL(saved);
  saved = "";
  video.removeAttribute("src");
  video.load();
  for (const element of [video, save, address]) hide(element);
  placeholder.hidden = false;
  say(placeholder, "The video appears here");
}

/** Offers the address at which the service delivers the video. @param {string} url */
export function offerAddress(url) {
  address.href = url;
  address.hidden = false;
}

/** Plays a video that is here, and offers to save it. @param {Blob} blob @param {string} taskId */
export function playBlob(blob, taskId) {
  saved = save.href = video.src = URL.createObjectURL(blob);
  save.download = `kling-${taskId.replace(/[^\w-]+/g, "_")}.mp4`;
  save.hidden = false;
  play();
}

/**
 * Plays a video from where no page may read it, which keeps it from being saved here, not from
 * being seen.
 */
export function playAddress() {
  video.src = address.href;
  play();
}

function play() {
  placeholder.hidden = true;
  video.hidden = false;
  if (!calm.matches) video.play().catch(() => {});
}

video.addEventListener(
  "error",
  () =>
    video.hasAttribute("src") &&
    say(
      status,
      `This browser cannot play the video here. ${address.hidden ? "Save it" : "Open the delivery address"}.`,
    ),
);

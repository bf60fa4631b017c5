// No bundler, and what was paid for is never lost: after a reload, a crash or on another day the
// page goes on where it was.
import { createClient, isKlingError } from "kling-multi-image2video";

// The site's relay adds the key.
const client = createClient({ baseUrl: "/api/kling" });
const form = /** @type {HTMLFormElement} */ (document.querySelector("form"));
const button = /** @type {HTMLButtonElement} */ (document.querySelector("button"));
const status = /** @type {HTMLElement} */ (document.querySelector("[role=status]"));
const video = /** @type {HTMLVideoElement} */ (document.querySelector("video"));

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const data = new FormData(form);
  const images = /** @type {File[]} */ (data.getAll("images"));
  follow((options) => client.generate({ images, prompt: String(data.get("prompt")) }, options));
});

// The newest of this browser's tasks, if it still runs or has its video here.
const [newest] = await client.records();
if (newest?.kept) show(await client.keptVideo(newest.externalTaskId));
else if (newest?.taskId && newest.state !== "failed")
  follow((options) => client.wait(newest.externalTaskId, options));

/**
 * @param {(options: import("kling-multi-image2video").ProgressOptions) =>
 * Promise<import("kling-multi-image2video").Task>} task
 */
async function follow(task) {
  /** @type {import("kling-multi-image2video").ProgressOptions} */
  const options = { onProgress: ({ phase }) => (status.textContent = phase) };
  button.disabled = true;
  try {
    const { taskId } = await task(options);
    show(await client.keepVideo(taskId, options));
  } catch (error) {
    status.textContent = isKlingError(error) ? `${error.code}: ${error.message}` : String(error);
  }
  button.disabled = false;
}

/** @param {Blob | undefined} made */
function show(made) {
  if (!made) return;
  video.src = URL.createObjectURL(made);
  video.hidden = false;
  status.textContent = "done";
}

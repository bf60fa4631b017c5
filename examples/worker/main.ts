// The page only shows; pictures are read and encoded, and the video is fetched, in the worker.
import type { Job, News } from "./worker.ts";

const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
const [form, button, status, video] = (["form", "button", "[role=status]", "video"] as const).map(
  (at) => document.querySelector(at)!,
) as [HTMLFormElement, HTMLButtonElement, HTMLElement, HTMLVideoElement];

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const data = new FormData(form);
  button.disabled = true;
  worker.postMessage({
    images: data.getAll("images") as File[],
    prompt: String(data.get("prompt")),
  } satisfies Job);
});

worker.addEventListener(
  "message",
  ({ data: { phase, message, video: made } }: MessageEvent<News>) => {
    status.textContent = message ?? phase;
    if (made) {
      video.src = URL.createObjectURL(made);
      video.hidden = false;
    }
    if (phase === "done" || phase === "failed") button.disabled = false;
  },
);

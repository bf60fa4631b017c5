// A module worker: the same calls as in a page. Files and videos pass between the two without being
// copied.
import { createClient, isKlingError, type Progress } from "kling-multi-image2video";

export interface Job {
  images: File[];
  prompt: string;
}
export interface News {
  phase: Progress["phase"] | "done" | "failed";
  message?: string;
  video?: Blob;
}

// The site's relay adds the key. Relative to the site, not to the worker's script.
const client = createClient({ baseUrl: new URL("/api/kling", location.origin) });
const tell = (news: News) => postMessage(news);

addEventListener("message", async ({ data }: MessageEvent<Job>) => {
  const onProgress = ({ phase }: Progress) => tell({ phase });
  try {
    const { taskId } = await client.generate(data, { onProgress });
    const video = await client.keepVideo(taskId, { onProgress });
    tell({ phase: "done", video });
  } catch (error) {
    // Errors lose their code on the way between threads: it goes as text.
    tell({
      phase: "failed",
      message: isKlingError(error) ? `${error.code}: ${error.message}` : String(error),
    });
  }
});

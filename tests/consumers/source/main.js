// What every project does: three lines of the package, up to a submitted task. The test reads `outcome`.

import { createClient, inspectImage } from "kling-multi-image2video";

/** @returns {Promise<Blob>} */
const picture = () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 400, height: 300 });
  canvas.getContext("2d").fillRect(0, 0, 200, 300);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
};

async function consume() {
  const options = new URLSearchParams(location.search);
  const image = await picture();
  const { format, width } = await inspectImage(image);
  const client = createClient({ baseUrl: options.get("base"), apiKey: options.get("key") ?? undefined });
  const task = await client.submit({ images: [image], prompt: "a consumer" });
  return { format, width, status: task.status, taskId: task.taskId, storage: await client.storage() };
}

consume().then(
  (outcome) => (globalThis.outcome = outcome),
  (error) => (globalThis.outcome = { error: String(error), cause: String(error.cause) }),
);

// What every project does: three lines of the package, up to a submitted task. The test reads
// `outcome`.

import { createClient, inspectImage } from "kling-multi-image2video";
import { picture } from "./picture.js";

async function consume() {
  const options = new URLSearchParams(location.search);
  const image = await picture();
  const { format, width } = await inspectImage(image);
  const client = createClient({
    baseUrl: options.get("base") ?? undefined,
    apiKey: options.get("key") ?? undefined,
  });
  const task = await client.submit({ images: [image], prompt: "a consumer" }, { prepare: true });
  return {
    format,
    width,
    status: task.status,
    taskId: task.taskId,
    storage: await client.storage(),
  };
}

consume().then(
  (outcome) => Object.assign(globalThis, { outcome }),
  (error) =>
    Object.assign(globalThis, { outcome: { error: String(error), cause: String(error.cause) } }),
);

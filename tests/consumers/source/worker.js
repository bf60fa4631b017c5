// A module worker.

import { createClient, inspectImage } from "kling-multi-image2video";

onmessage = async ({ data: { image, baseUrl, apiKey } }) => {
  try {
    const { format, width } = await inspectImage(image);
    const client = createClient({ baseUrl, apiKey });
    const task = await client.submit({ images: [image], prompt: "a consumer" }, { prepare: true });
    postMessage({
      format,
      width,
      status: task.status,
      taskId: task.taskId,
      storage: await client.storage(),
    });
  } catch (error) {
    postMessage({ error: String(error), cause: String(error instanceof Error && error.cause) });
  }
};

// Wrong uses: the compiler must find each.

import init, {
  createClient,
  inspectImage,
  limits,
  validateRequest,
  type Task,
  type TaskRecord,
} from "kling-multi-image2video";
import { createRelay } from "kling-multi-image2video/relay";

const client = createClient();
const image = new Blob();
declare const task: Task;
declare const record: TaskRecord;

// @ts-expect-error: not a source
await init(null);
// @ts-expect-error: limits are the service's
limits.maxImages = 5;
// @ts-expect-error: no picture
await inspectImage("a.png");
// @ts-expect-error: pictures are needed
await validateRequest({ prompt: "x" });
// @ts-expect-error: a name misspelt
await validateRequest({ images: [image], negative_prompt: "x" });
// @ts-expect-error: no such mode
await client.submit({ images: [image], mode: "fast" });
// @ts-expect-error: no such duration
await client.submit({ images: [image], duration: 7 });
// @ts-expect-error: no such ratio
await client.submit({ images: [image], aspectRatio: "4:3" });
// @ts-expect-error: a number is no picture
await client.submit({ images: [1] });
// @ts-expect-error: the key is a text
createClient({ apiKey: 1 });
// @ts-expect-error: an option misspelt
createClient({ baseURL: "/api" });
// @ts-expect-error: no such store
createClient({ store: "localStorage" });
// @ts-expect-error: times are numbers
createClient({ polling: { interval: "5s" } });
// @ts-expect-error: a signal, and not its controller
await client.getTask("1", { signal: new AbortController() });
// @ts-expect-error: only waiting has a time limit
await client.submit({ images: [image] }, { timeout: 1000 });
// @ts-expect-error: an id is a text
await client.wait(1);
// @ts-expect-error: a task has videos, and no video
await client.download(task.video);
// @ts-expect-error: there may be no first video
task.videos[0].url.length;
// @ts-expect-error: not promised
client.watch("1").then(() => {});
// @ts-expect-error: a state of no record
void (record.state === "done");
// @ts-expect-error: a listener is a function
client.onRecordChange("listener");
// @ts-expect-error: the service's word is "succeed"
void (task.status === "succeeded");
// @ts-expect-error: a relay needs a key
createRelay({ authorize: () => true });
// @ts-expect-error: a relay is closed by default
createRelay({ apiKey: "key" });
// @ts-expect-error: no such action
createRelay({ apiKey: "key", authorize: (_, { action }) => action === "delete" });

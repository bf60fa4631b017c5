// Every export, used as the manual says.

import init, {
  KlingError,
  buildRequestBody,
  createClient,
  encodeImage,
  inspectImage,
  isKlingError,
  limits,
  validateRequest,
  type CallOptions,
  type Client,
  type ClientOptions,
  type ErrorCode,
  type ImageFormat,
  type ImageInfo,
  type ImageSource,
  type Issue,
  type IssueCode,
  type PollingOptions,
  type Progress,
  type ProgressOptions,
  type SubmitOptions,
  type Task,
  type TaskRecord,
  type TaskStatus,
  type Video,
  type VideoRequest,
  type WaitOptions,
  type WasmSource,
} from "kling-multi-image2video";
import initInside, * as inside from "kling-multi-image2video/inline";
import module from "kling-multi-image2video/kling_multi_image2video_bg.wasm";
import { createRelay, type RelayOptions, type RelayedCall } from "kling-multi-image2video/relay";

const source: WasmSource = new URL("https://example.com/kling.wasm");
await init();
await init(source);
await init(module);
await init(fetch("https://example.com/kling.wasm"));
await initInside(new Uint8Array(8));

const image: ImageSource = new File([], "a.png");
const info: ImageInfo = await inspectImage(image);
const format: ImageFormat = info.format;
const width: number | undefined = info.width;
const text: string = await encodeImage(image, { signal: AbortSignal.timeout(1000) });

const most: number = Math.min(limits.maxImages, limits.maxImageBytes, limits.maxPromptLength);
const least: number = Math.max(limits.minImages, limits.minImageEdge / limits.maxAspectRatio);

const request: VideoRequest = {
  images: [image, new URL("https://example.com/a.png"), text],
  prompt: "x",
  mode: "std",
  duration: 5,
  aspectRatio: "16:9",
};
const maybe: { prompt?: string | undefined } = {};
const issues: Issue[] = await validateRequest({
  images: document.querySelector("input")?.files ?? [],
  prompt: maybe.prompt,
});
const codes: IssueCode[] = issues.map(({ code }) => code);
const body: Blob = await buildRequestBody(request);

const polling: PollingOptions = { interval: 1000, outageBudget: 60_000 };
const options: ClientOptions = {
  apiKey: async () => "key",
  baseUrl: "/api/kling",
  polling,
  store: "memory",
  fetch,
};
const client: Client = createClient(options);

const onProgress = (progress: Progress): string => {
  switch (progress.phase) {
    case "preparing":
      return `picture ${progress.image + 1}`;
    case "encoding":
      return `${progress.loaded} of ${progress.total}`;
    case "uploading":
      return progress.externalTaskId;
    case "submitted":
    case "processing":
      return progress.task.taskId;
    case "waiting":
      return progress.error?.message ?? progress.reason;
    case "downloading":
      return String(progress.total ?? progress.loaded);
  }
};
const submitOptions: SubmitOptions = { onProgress };
const waitOptions: WaitOptions = { onProgress, timeout: 60_000 };
const progressOptions: ProgressOptions = { onProgress };
const callOptions: CallOptions = { signal: new AbortController().signal };

const task: Task = await client.submit(request, submitOptions);
const status: TaskStatus = (await client.getTask(task.taskId, callOptions)).status;
await client.wait(task.taskId, waitOptions);
for await (const seen of client.watch(task.taskId)) void seen.videos;
await client.generate(request, { ...submitOptions, ...waitOptions });
const found: Task | undefined = await client.reconcile("external");
await client.adopt("1");
const video: Video | undefined = task.videos[0];
const bytes: Blob = await client.download(video ?? task, progressOptions);
const kept: Blob | undefined =
  (await client.keepVideo(task.taskId)) && (await client.keptVideo(task.taskId));
const records: TaskRecord[] = await client.records();
const leave: () => void = client.onRecordChange(({ state, kept }) => void [state, kept]);
await client.forget(task.taskId);
const where: "indexeddb" | "memory" = await client.storage();
client.close();

try {
  await inside.createClient().records();
} catch (error) {
  if (!isKlingError(error)) throw error;
  const code: ErrorCode = error.code;
  const known = [
    code,
    error.retryable,
    error.issues?.[0]?.path,
    error.taskId,
    error.url,
    error.toJSON(),
  ];
  void [known, error instanceof KlingError];
}

const relayOptions: RelayOptions = {
  apiKey: () => "key",
  authorize: (asking: Request, { action, id }: RelayedCall) =>
    action !== "create" || (id === undefined && asking.url !== ""),
};
const answer: Response = await createRelay(relayOptions)(new Request("https://example.com"));

void [
  most,
  least,
  format,
  width,
  codes,
  body,
  status,
  found,
  bytes,
  kept,
  records,
  leave,
  where,
  answer,
];

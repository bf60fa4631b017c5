// What the code blocks of the README and of `docs` may use without declaring it.

type Task = import("kling-multi-image2video").Task;
type TaskRecord = import("kling-multi-image2video").TaskRecord;

// The package, after it was made or loaded.
declare const client: import("kling-multi-image2video").Client;
declare const task: Task;

// A page.
declare const file: File;
declare const input: HTMLInputElement;
declare const hint: HTMLElement;
declare const video: HTMLVideoElement;

// A reader's own functions and values.
declare const request: import("kling-multi-image2video").VideoRequest;
declare const failed: { externalTaskId: string };
declare const seenId: string | undefined;
declare function show(task: Task): void;
declare function draw(record: TaskRecord): void;
declare function play(video: Blob | undefined): void;
declare function report(error: unknown): void;
declare function mayPay(request: Request): Promise<boolean>;

// A server.
declare const process: { env: Record<string, string | undefined> };

// A decoder of HEIC.
declare module "heic-to" {
  export function heicTo(options: { blob: Blob; type: "bitmap" }): Promise<ImageBitmap>;
}

// The declarations of CommonJS, by which `require` is typed.

import init, { createClient, type Task, type VideoRequest } from "kling-multi-image2video";
import inside = require("kling-multi-image2video/inline");
import relay = require("kling-multi-image2video/relay");

const request: VideoRequest = { images: [new File([], "a.png")], prompt: "x" };
const loaded: Promise<void> = init();
const task: Promise<Task> = createClient().submit(request);
const other: Promise<Task> = inside.createClient().submit(request);
const route = relay.createRelay({ apiKey: "x", authorize: () => true });
void [loaded, task, other, route];

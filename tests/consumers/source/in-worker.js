// The same as `main.js` in a module worker, to which the page hands a picture.

import { picture } from "./picture.js";

const options = new URLSearchParams(location.search);
const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
worker.onmessage = ({ data: outcome }) => Object.assign(globalThis, { outcome });
worker.onerror = ({ message }) =>
  Object.assign(globalThis, { outcome: { error: `the worker failed: ${message}` } });
picture().then((image) =>
  worker.postMessage({
    image,
    baseUrl: options.get("base") ?? undefined,
    apiKey: options.get("key") ?? undefined,
  }),
);

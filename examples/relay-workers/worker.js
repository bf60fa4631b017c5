// The relay in Workers, for the pages of other origins: `PAGES` lists them, with commas.

import init, { inspectImage } from "kling-multi-image2video";
// None can be compiled at run time here.
import module from "kling-multi-image2video/kling_multi_image2video_bg.wasm";
import { createRelay } from "kling-multi-image2video/relay";

/** @type {ExportedHandler<{ COMETAPI_KEY: string, COMETAPI_BASE_URL?: string, PAGES?: string }>} */
export default {
  async fetch(request, { COMETAPI_KEY, COMETAPI_BASE_URL, PAGES }) {
    if (new URL(request.url).pathname === "/inspect") {
      await init(module);
      return Response.json(await inspectImage(await request.blob()));
    }
    return createRelay({
      apiKey: COMETAPI_KEY,
      baseUrl: COMETAPI_BASE_URL,
      authorize: () => true, // anyone may pay: a site of your own checks the session here
      allowOrigins: PAGES?.split(",") ?? [],
    })(request);
  },
};

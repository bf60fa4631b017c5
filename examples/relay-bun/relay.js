// The relay in Bun, for the pages of other origins: `PAGES` lists them, with commas.

import { createRelay } from "kling-multi-image2video/relay";

const relay = createRelay({
  apiKey: () => process.env.COMETAPI_KEY,
  baseUrl: process.env.COMETAPI_BASE_URL,
  authorize: () => true, // anyone may pay: a site of your own checks the session here
  allowOrigins: process.env.PAGES?.split(",") ?? [],
});

Bun.serve({ hostname: "127.0.0.1", port: Number(process.env.PORT ?? 8080), fetch: relay });

// The relay in Deno, for the pages of other origins: `PAGES` lists them, with commas.

import { createRelay } from "kling-multi-image2video/relay";

const relay = createRelay({
  apiKey: () => Deno.env.get("COMETAPI_KEY"),
  baseUrl: Deno.env.get("COMETAPI_BASE_URL"),
  authorize: () => true, // anyone may pay: a site of your own checks the session here
  allowOrigins: Deno.env.get("PAGES")?.split(",") ?? [],
});

Deno.serve({ hostname: "127.0.0.1", port: Number(Deno.env.get("PORT") ?? 8080) }, (request) =>
  relay(request),
);

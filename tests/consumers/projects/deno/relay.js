// The relay in Deno, for the pages of other origins: `PAGES` lists them, with commas.

import { createRelay } from "kling-multi-image2video/relay";

const relay = createRelay({
  apiKey: () => Deno.env.get("COMETAPI_KEY"),
  baseUrl: Deno.env.get("COMETAPI_BASE"),
  allowOrigins: Deno.env.get("PAGES")?.split(",") ?? [],
});

Deno.serve({ hostname: "127.0.0.1", port: Number(Deno.env.get("PORT") ?? 8080) }, (request) =>
  relay(request),
);

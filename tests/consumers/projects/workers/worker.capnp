# What Wrangler would write: the worker, its modules, its variables, and a network that reaches this machine.

using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "relay", worker = .relay),
    (name = "internet", network = (allow = ["local"])),
  ],
  sockets = [(name = "http", http = (), service = "relay")],
);

const relay :Workerd.Worker = (
  compatibilityDate = "2026-11-01",
  modules = [
    (name = "worker", esModule = embed "worker.js"),
    (name = "kling-multi-image2video", esModule = embed "node_modules/kling-multi-image2video/index.js"),
    (name = "kling-multi-image2video/relay", esModule = embed "node_modules/kling-multi-image2video/relay.js"),
    (
      name = "kling-multi-image2video/kling_multi_image2video_bg.wasm",
      wasm = embed "node_modules/kling-multi-image2video/kling_multi_image2video_bg.wasm"
    ),
  ],
  bindings = [
    (name = "COMETAPI_KEY", fromEnvironment = "COMETAPI_KEY"),
    (name = "COMETAPI_BASE_URL", fromEnvironment = "COMETAPI_BASE_URL"),
    (name = "PAGES", fromEnvironment = "PAGES"),
  ],
);

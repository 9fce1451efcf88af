import init from "./link-worker.js";

await init({ module_or_path: new URL("./link-worker_bg.wasm", import.meta.url) });

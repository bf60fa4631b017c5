import { svelte } from "@sveltejs/vite-plugin-svelte";
import react from "@vitejs/plugin-react";
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

// What the frameworks need; the package needs nothing.
const input = ["react", "vue", "svelte", "worker", "guide", "guide-relay"].map(
  (name) => `${name}/index.html`,
);

export default defineConfig({
  plugins: [react(), vue(), svelte()],
  build: { rollupOptions: { input } },
});

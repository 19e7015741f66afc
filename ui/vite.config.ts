import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The output is compressed and built into the binary (cmake/assets.cmake). Vite 6: the newest that runs on the
// Node.js 18 of Debian 12.
export default defineConfig({
  plugins: [react()],
  build: {
    outDir: process.env.SLIPWAY_UI_OUT ?? "dist",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    reportCompressedSize: false,
  },
  server: { proxy: { "/api": process.env.SLIPWAY_URL ?? "http://127.0.0.1:8080" } },
});

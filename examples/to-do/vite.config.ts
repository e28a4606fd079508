import { defineConfig } from 'vite';

export default defineConfig({
  // Relative addresses: the built page works wherever it is served from.
  base: './',
  build: { target: 'es2023' },
  // In this checkout the packages are their sources. An application that installs them needs neither line.
  resolve: { conditions: ['lightcone-source', 'module', 'browser', 'development|production'] },
  // It finds its WebAssembly file beside itself, which bundling it in advance would take it away from.
  optimizeDeps: { exclude: ['@sqlite.org/sqlite-wasm'] },
  worker: { format: 'es' },
});

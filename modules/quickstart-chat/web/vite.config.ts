import { defineConfig } from 'vite';

export default defineConfig({
  // Relative addresses: the built page works wherever it is served from.
  base: './',
  build: { target: 'es2023' },
});

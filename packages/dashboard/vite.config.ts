import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const collector = process.env.OBSERVATORY_URL ?? 'http://127.0.0.1:4318';

export default defineConfig({
  plugins: [react(), tailwindcss()],
  build: {
    // The collector serves these files and publishes them inside its own package.
    outDir: '../collector/dashboard',
    emptyOutDir: true,
    // The newest syntax used is light-dark() and container queries: evergreen browsers of 2024 on.
    target: ['chrome125', 'firefox128', 'safari17.5'],
    cssTarget: ['chrome125', 'firefox128', 'safari17.5'],
    // Everything is a file of its own: data: URLs would need a hole in the CSP.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': collector, '/v1': collector } },
});

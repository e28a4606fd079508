// Serves the page and builds it anew when its sources change: `npm run example:to-do` at the top.
import { createServer } from 'vite';

const server = await createServer({ root: import.meta.dirname, server: { host: '127.0.0.1' } });
await server.listen();
server.printUrls();

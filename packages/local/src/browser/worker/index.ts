export { serveDatabase } from './serve-database.ts';
export type { ServeOptions } from './serve-database.ts';

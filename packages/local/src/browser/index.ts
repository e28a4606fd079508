export { openDb } from './open-db.ts';
export type { BrowserCalls, BrowserDatabase, BrowserOptions } from './open-db.ts';

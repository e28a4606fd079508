export { ServerError } from './errors.ts';
export type { ServerErrorCode } from './errors.ts';
export { startServer } from './start-server.ts';
export type { RunningServer, ServerOptions } from './start-server.ts';
export { collectWhenIdle } from './threads/collect-when-idle.ts';

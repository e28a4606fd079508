export { FakeClock } from './fake-clock.ts';
export { openTestDatabase, testIdentity } from './test-database.ts';
export type { TestDatabase, TestDatabaseOptions } from './test-database.ts';
export { SimulatedLink } from './simulation/simulated-link.ts';
export type { LinkEnd } from './simulation/simulated-link.ts';
export { SimulatedServer } from './simulation/simulated-server.ts';
export type { SimulatedServerOptions } from './simulation/simulated-server.ts';

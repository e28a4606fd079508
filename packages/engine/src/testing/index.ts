export { FakeClock } from './fake-clock.ts';
export { openTestDatabase, testIdentity } from './test-database.ts';
export type { TestDatabase, TestDatabaseOptions } from './test-database.ts';

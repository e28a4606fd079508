import type { ModuleLimits } from '@lightcone/host';
import { ConnectionId, Identity } from '@lightcone/sats';
import type { Claims, EmbeddedDatabase } from '../embedded/embedded-database.ts';
import { openEmbedded } from '../embedded/open-embedded.ts';
import type { Session } from '../embedded/session.ts';
import type { DatabaseLogRecord } from '../log-record.ts';
import type { RateLimits } from '../limits/rate-limits.ts';
import type { OutgoingHttp } from '../procedures/outgoing-http.ts';
import { FakeClock } from './fake-clock.ts';

/** A module in a database of its own, made for one test. */
export interface TestDatabase extends AsyncDisposable {
  readonly database: EmbeddedDatabase;
  /** Reducers see its time and schedules go by it; it stands still until moved. */
  readonly clock: FakeClock;
  /** What the module logged so far. */
  readonly logs: readonly DatabaseLogRecord[];
  /** Connects a client whose identity belongs to the name: the same name is the same identity in every test. */
  connect(name: string, claims?: Claims): Promise<Session>;
}

/** What a test may set. */
export interface TestDatabaseOptions {
  readonly clock?: FakeClock;
  /** What answers the requests of procedures; without it they fail. */
  readonly outgoingHttp?: OutgoingHttp;
  /** What a call may use; little of it makes tests of endless loops short. */
  readonly limits?: ModuleLimits;
  /** How often clients may ask for something. */
  readonly rateLimits?: RateLimits;
}

/** The identity that `TestDatabase.connect` gives a name. */
export function testIdentity(name: string): Identity {
  return Identity.fromClaims('lightcone-testing', name);
}

/**
 * Publishes a module into a fresh database in memory, in milliseconds.
 *
 *     await using test = await openTestDatabase(await readFile('chat.wasm'));
 *     const alice = await test.connect('alice');
 *     await alice.call('send_message', 'hello');
 *     expect(await alice.query('SELECT * FROM message')).toHaveLength(1);
 *
 * Connection ids count from 1, so that a test gives the same result every time.
 */
export async function openTestDatabase(program: Uint8Array, options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const { clock = new FakeClock(), ...rest } = options;
  const logs: DatabaseLogRecord[] = [];
  let connections = 0n;
  const database = await openEmbedded({
    program,
    identity: testIdentity('database'),
    owner: testIdentity('owner'),
    log: undefined,
    clock,
    timers: clock,
    ...rest,
    defer: clock.defer,
    newConnectionId: () => ConnectionId.fromBigInt(++connections),
    moduleLog: (record) => logs.push(record),
  });
  return {
    database,
    clock,
    logs,
    connect: (name, claims = { iss: 'lightcone-testing', sub: name }) => database.connect(testIdentity(name), claims),
    [Symbol.asyncDispose]: () => database.close(),
  };
}

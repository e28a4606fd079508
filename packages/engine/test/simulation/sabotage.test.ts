// A simulation that finds nothing proves something only if it would have found it: here the database, its disk or its
// network is wrong on purpose, and it has to be found out.
import { afterEach, expect, test, vi } from 'vitest';
import { Store } from '@lightcone/store';
import { Outbox } from '../../src/outbox.ts';
import { Subscriptions } from '../../src/subscriptions/subscriptions.ts';
import type { LinkEnd } from '../../src/testing/index.ts';
import { Campaign, type Sabotage } from './campaign.ts';

/** Seeds that are tried before the simulation is called blind. */
const PATIENCE = 12;

afterEach(() => {
  vi.restoreAllMocks();
});

test.each<{ what: string; sabotage: Sabotage }>([
  { what: 'a disk that lies about syncs', sabotage: { liesAboutSyncs: true } },
  { what: 'a log that loses its end', sabotage: { losesTail: true } },
  { what: 'messages that never arrive', sabotage: { deliver: rarely(() => {}) } },
  {
    what: 'messages that arrive twice',
    sabotage: {
      deliver: rarely((payload, end) => {
        end.message(payload.slice());
        end.message(payload);
      }),
    },
  },
  { what: 'messages that change places', sabotage: { deliver: swapping() } },
])('finds $what', async ({ sabotage }) => {
  expect(await firstProblem(sabotage)).toMatch(/^seed \d+: /);
});

test('finds a database that answers before it is durable', async () => {
  vi.spyOn(Outbox.prototype, 'committed').mockImplementation(() => {});
  expect(await firstProblem({})).toMatch(/was confirmed in life \d+, and is lost|G1a/);
});

test('finds a database that forgets to tell subscribers', async () => {
  // oxlint-disable-next-line typescript/unbound-method -- it is called on its object below
  const evaluate = Subscriptions.prototype.evaluate;
  let transactions = 0;
  vi.spyOn(Subscriptions.prototype, 'evaluate').mockImplementation(function (this: Subscriptions, delta) {
    if (++transactions % 40 !== 0) evaluate.call(this, delta);
  });
  expect(await firstProblem({})).toMatch(/^seed \d+: /);
});

test('finds a database that goes on telling those who have unsubscribed', async () => {
  vi.spyOn(Subscriptions.prototype, 'drop').mockImplementation(() => {});
  expect(await firstProblem({})).toMatch(/^seed \d+: /);
});

test('finds a database that keeps what a failed reducer did', async () => {
  const transactions = Object.getPrototypeOf(new Store().begin()) as { rollback(): void; commit(): unknown };
  vi.spyOn(transactions, 'rollback').mockImplementation(function (this: typeof transactions) {
    this.commit();
  });
  expect(await firstProblem({})).toMatch(/^seed \d+: /);
});

/** What the first campaign says that finds something. */
async function firstProblem(sabotage: Sabotage): Promise<string | undefined> {
  for (let seed = 1; seed <= PATIENCE; seed++) {
    try {
      await Campaign.run({ seed, sabotage });
    } catch (error) {
      return (error as Error).message;
    }
  }
  return undefined;
}

function rarely(deed: (payload: Uint8Array, end: LinkEnd) => void): NonNullable<Sabotage['deliver']> {
  return (payload, end, random) => {
    if (random() < 0.02) deed(payload, end);
    else end.message(payload);
  };
}

/** Now and then a message waits until the next one of its connection has come. */
function swapping(): NonNullable<Sabotage['deliver']> {
  const held = new Map<LinkEnd, Uint8Array>();
  return (payload, end, random) => {
    const before = held.get(end);
    if (before === undefined && random() < 0.05) {
      held.set(end, payload);
      return;
    }
    end.message(payload);
    held.delete(end);
    if (before !== undefined) end.message(before);
  };
}

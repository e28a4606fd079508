import { expect, test } from 'vitest';
import { Store } from '../src/index.ts';

test('one transaction at a time, and none after its end', () => {
  const store = new Store();
  const transaction = store.begin();
  expect(() => store.begin()).toThrow(expect.objectContaining({ code: 'STORE_TRANSACTION_OPEN' }));
  expect(() => store.replay()).toThrow(expect.objectContaining({ code: 'STORE_TRANSACTION_OPEN' }));
  transaction.rollback();
  expect(() => transaction.commit()).toThrow(expect.objectContaining({ code: 'STORE_NO_TRANSACTION' }));
  const replay = store.replay();
  expect(() => store.begin()).toThrow(expect.objectContaining({ code: 'STORE_REPLAY_RUNNING' }));
  replay.finish();
  store.begin().commit();
});

import { type Call, type Step, valueOf } from './call.ts';

export interface RandomCallOptions {
  /** From 0 to below 1: repeatable calls if these are. */
  readonly random: () => number;
  readonly keys: readonly number[];
  /** Its own number; the next one, too, is the call's. */
  readonly transaction: number;
  /** The longest that a second transaction waits. */
  readonly maxLaterMicros: number;
}

/** A call with one to four steps, of any function of the module. */
export function randomCall({ random, keys, transaction, maxLaterMicros }: RandomCallOptions): Call {
  const upTo = (count: number): number => Math.floor(random() * count);
  const steps = randomSteps(random, keys, transaction);
  const twice = (name: Call['function']): Call => ({
    function: name,
    transaction,
    steps,
    later: { micros: upTo(maxLaterMicros + 1), steps: randomSteps(random, keys, transaction + 1) },
  });
  switch (upTo(10)) {
    case 0:
      return { function: 'transact_and_fail', transaction, steps };
    case 1:
      return { function: 'transact_in_procedure', transaction, steps };
    case 2:
      return twice('transact_wait_transact');
    case 3:
      return twice('transact_now_and_later');
    default:
      return { function: 'transact', transaction, steps };
  }
}

function randomSteps(random: () => number, keys: readonly number[], transaction: number): Step[] {
  const upTo = (count: number): number => Math.floor(random() * count);
  // The first one always leaves something, so that it can be seen whether a transaction is there.
  return Array.from({ length: 1 + upTo(4) }, (_, i): Step => {
    const key = keys[upTo(keys.length)] ?? 0;
    const value = valueOf(transaction, i);
    const choice = i === 0 ? 0 : upTo(4);
    if (choice === 0) return { kind: 'append', key, value };
    if (choice === 1) return { kind: 'write', key, value };
    return { kind: choice === 2 ? 'readList' : 'readRegister', key };
  });
}

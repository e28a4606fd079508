import {
  type AlgebraicType,
  type AlgebraicValue,
  ByteReader,
  ByteWriter,
  compileType,
  parseJson,
  readJson,
  types,
  writeJson,
} from '@lightcone/sats';
import type { Operation } from '@lightcone/serializability';

/** A step of a transaction, before it is known what it reads. */
export type Step =
  | { readonly kind: 'append' | 'write'; readonly key: number; readonly value: number }
  | { readonly kind: 'readList' | 'readRegister'; readonly key: number };

/** Values tell who wrote them: a transaction has room for this many. */
const VALUES_PER_TRANSACTION = 16;

export function valueOf(transaction: number, step: number): number {
  if (step >= VALUES_PER_TRANSACTION) throw new RangeError(`a transaction has at most ${VALUES_PER_TRANSACTION} steps`);
  return transaction * VALUES_PER_TRANSACTION + step;
}

export function transactionOf(value: number): number {
  return Math.floor(value / VALUES_PER_TRANSACTION);
}

/** One call of a function of the module: a transaction, or two, of which the second has the next number. */
export interface Call {
  readonly function:
    | 'transact'
    | 'transact_and_fail'
    | 'transact_now_and_later'
    | 'transact_in_procedure'
    | 'transact_wait_transact';
  readonly transaction: number;
  readonly steps: readonly Step[];
  /** Of the functions that do two transactions: the second, and how long after the first. */
  readonly later?: { readonly micros: number; readonly steps: readonly Step[] };
}

export function isProcedure(call: Call): boolean {
  return call.function === 'transact_in_procedure' || call.function === 'transact_wait_transact';
}

const KEY_VALUE = types.product([['key', types.u32], ['value', types.u64]]); // prettier-ignore
const STEPS = types.array(
  types.sum([
    ['Append', KEY_VALUE],
    ['ReadList', types.u32],
    ['Write', KEY_VALUE],
    ['ReadRegister', types.u32],
  ]),
);
const ONE = types.product([['transaction', types.u64], ['steps', STEPS]]); // prettier-ignore
const now = [['transaction', types.u64], ['steps', STEPS]] as const; // prettier-ignore
const LATER = types.product([...now, ['later_micros', types.i64], ['later_steps', STEPS]]);
const WAIT = types.product([...now, ['wait_micros', types.i64], ['later_steps', STEPS]]);
const OBSERVED = types.array(types.array(types.u64));
const observed = compileType(OBSERVED, []);

/** The arguments of a call in BSATN. */
export function callArgs(call: Call): Uint8Array {
  const writer = new ByteWriter();
  compileType(typeOf(call), []).encode(writer, valueOfArgs(call));
  return writer.finish();
}

/** The arguments of a call in JSON. */
export function callArgsJson(call: Call): string {
  return writeJson(typeOf(call), [], valueOfArgs(call), 'untyped');
}

/** The arguments of `observe` in JSON. */
export function stepsJson(steps: readonly Step[]): string {
  return writeJson(types.product([['steps', STEPS]]), [], { steps: steps.map(stepValue) }, 'untyped');
}

/** What a procedure returned. */
export function decodeObserved(returned: Uint8Array | string): number[][] {
  const value = typeof returned === 'string' ? readJson(OBSERVED, [], parseJson(returned)) : observed.decode(new ByteReader(returned)); // prettier-ignore
  return (value as bigint[][]).map((values) => values.map(Number));
}

/** What `transact_and_fail` says that it read. */
export function observedInFailure(message: string): number[][] | undefined {
  const found = /has read (\[.*\]), and fails/.exec(message)?.[1];
  return found === undefined ? undefined : (JSON.parse(found) as number[][]);
}

/** The steps of a transaction with what they read; without it, what they wrote alone. */
export function operations(steps: readonly Step[], read: readonly (readonly number[])[] | undefined): Operation[] {
  return steps.flatMap((step, i): Operation[] => {
    switch (step.kind) {
      case 'append':
        return [{ kind: 'append', key: listName(step.key), value: step.value }];
      case 'write':
        return [{ kind: 'write', key: registerName(step.key), value: step.value }];
      case 'readList':
        return read === undefined ? [] : [{ kind: 'readList', key: listName(step.key), values: read[i] ?? [] }];
      case 'readRegister':
        return read === undefined ? [] : [{ kind: 'readRegister', key: registerName(step.key), value: read[i]?.[0] }];
    }
  });
}

export function listName(key: number): string {
  return `list ${key}`;
}

export function registerName(key: number): string {
  return `register ${key}`;
}

function typeOf(call: Call): AlgebraicType {
  if (call.later === undefined) return ONE;
  return call.function === 'transact_wait_transact' ? WAIT : LATER;
}

function valueOfArgs({ function: name, transaction, steps, later }: Call): AlgebraicValue {
  const first = { transaction: BigInt(transaction), steps: steps.map(stepValue) };
  if (later === undefined) return first;
  const micros = name === 'transact_wait_transact' ? 'wait_micros' : 'later_micros';
  return { ...first, [micros]: BigInt(later.micros), later_steps: later.steps.map(stepValue) };
}

function stepValue(step: Step): AlgebraicValue {
  switch (step.kind) {
    case 'append':
      return { tag: 'Append', value: { key: step.key, value: BigInt(step.value) } };
    case 'write':
      return { tag: 'Write', value: { key: step.key, value: BigInt(step.value) } };
    case 'readList':
      return { tag: 'ReadList', value: step.key };
    case 'readRegister':
      return { tag: 'ReadRegister', value: step.key };
  }
}

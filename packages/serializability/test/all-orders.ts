import type { RecordedTransaction } from '../src/index.ts';

/**
 * The plain meaning of strict serializability: whether some order of the transactions, one after the other, gives
 * every read what it got, keeps sessions, and puts what was over before what began later. It tries all orders.
 */
export function hasSerialOrder(history: readonly RecordedTransaction[]): boolean {
  return search(history, new Set(), new Map(), new Map());
}

type Lists = ReadonlyMap<string, readonly number[]>;
type Registers = ReadonlyMap<string, number>;

function search(
  history: readonly RecordedTransaction[],
  done: Set<number>,
  lists: Lists,
  registers: Registers,
): boolean {
  if (done.size === history.length) return true;
  return history.some((next, position) => {
    if (done.has(position) || !mayBeNext(history, done, position)) return false;
    const after = run(next, lists, registers);
    return after !== undefined && search(history, new Set(done).add(position), after.lists, after.registers);
  });
}

function mayBeNext(history: readonly RecordedTransaction[], done: ReadonlySet<number>, position: number): boolean {
  const next = history[position]!; // an index of it
  return history.every((other, at) => {
    if (at === position || done.has(at)) return true;
    const isEarlierInSession = other.session !== undefined && other.session === next.session && at < position;
    const wasOver = (other.completedAt ?? Number.POSITIVE_INFINITY) < (next.invokedAt ?? Number.NEGATIVE_INFINITY);
    return !isEarlierInSession && !wasOver;
  });
}

function run(
  { operations }: RecordedTransaction,
  before: Lists,
  registersBefore: Registers,
): { lists: Lists; registers: Registers } | undefined {
  const lists = new Map(before);
  const registers = new Map(registersBefore);
  for (const operation of operations) {
    const { key } = operation;
    if (operation.kind === 'append') lists.set(key, [...(lists.get(key) ?? []), operation.value]);
    else if (operation.kind === 'write') registers.set(key, operation.value);
    else if (operation.kind === 'readRegister') {
      if (registers.get(key) !== operation.value) return undefined;
    } else if (String(lists.get(key) ?? []) !== String(operation.values)) return undefined;
  }
  return { lists, registers };
}

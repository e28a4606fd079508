// What AssemblyScript's own types lack. This file must come before them: of two types of `Symbol.iterator` TypeScript
// takes the first.

// `for … of`; the compiler turns such a loop over rows or an array into a plain one.
interface SymbolConstructor {
  readonly iterator: unique symbol;
}
interface IteratorYieldResult<T> {
  done?: false;
  value: T;
}
interface IteratorReturnResult<T> {
  done: true;
  value: T;
}
type IteratorResult<T, Return = any> = IteratorYieldResult<T> | IteratorReturnResult<Return>;
interface Iterator<T, Return = any, Next = any> {
  next(value?: Next): IteratorResult<T, Return>;
}
interface Iterable<T, Return = any, Next = any> {
  [Symbol.iterator](): Iterator<T, Return, Next>;
}
interface IterableIterator<T, Return = any, Next = any> extends Iterator<T, Return, Next> {
  [Symbol.iterator](): IterableIterator<T, Return, Next>;
}
interface Array<T> {
  [Symbol.iterator](): Iterator<T>;
}

interface Number {
  toString(radix?: i32): string;
}

// The database's log. File and line are put in by the compiler.
declare namespace console {
  function trace(message: string): void;
}

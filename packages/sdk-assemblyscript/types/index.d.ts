/// <reference path="./globals.d.ts" />
// What a module imports, as the editor sees it. The compiler reads `index.ts` instead, and generates what `Db` has.

/** For classes, fields and static methods; the compiler's transform reads them. */
type Decorator = (...args: any[]) => any;

interface TableOptions {
  /** As in `ctx.db.accessor`; the name of the class with a small first letter, if left out. */
  accessor?: string;
  /** The name that clients and SQL use, if it is not to follow from the accessor. */
  name?: string;
  /** Private tables are read by nobody but the owner. Private, if left out. */
  access?: 'public' | 'private';
  /** Rows reach subscribers and are then gone. */
  event?: boolean;
  /** The reducer or procedure to call when a row is due; it takes the row. */
  scheduled?: string;
  /** The column that says when; the one of type ScheduleAt, if left out. */
  scheduledAt?: string;
}

type Algorithm = 'btree' | 'hash' | 'direct';

/** A class whose objects are rows of a table. May stand several times for as many tables. */
export declare function table(options: TableOptions): Decorator;
export declare function table(target: any, ...rest: any[]): any;
/** A class whose objects are values in columns and arguments. */
export declare const product: Decorator;
/** A class whose objects are of one of the variants that extend it. */
export declare const sum: Decorator;
/** A class that extends one with `@sum` and carries at most one value. */
export declare function variant(name: string): Decorator;
export declare function variant(target: any, ...rest: any[]): any;
export declare const primaryKey: Decorator;
export declare const unique: Decorator;
/** The database puts the next number in the place of 0. */
export declare const autoInc: Decorator;
/** An index over a column, or, on a class, over several. */
export declare function index(options: {
  accessor?: string;
  name?: string;
  algorithm?: Algorithm;
  columns?: string[];
}): Decorator;
export declare function index(target: any, ...rest: any[]): any;
/** What rows get in this column that are older than the column. */
export declare function defaultValue(value: any): Decorator;
export declare function reducer(options: { name?: string }): Decorator;
export declare function reducer(target: any, ...rest: any[]): any;
/** The reducer that runs when the database is made. */
export declare const init: Decorator;
export declare const clientConnected: Decorator;
export declare const clientDisconnected: Decorator;
export declare function view(options: { name?: string; primaryKey?: string }): Decorator;
export declare function view(target: any, ...rest: any[]): any;
export declare function procedure(options: { name?: string }): Decorator;
export declare function procedure(target: any, ...rest: any[]): any;
export declare const httpHandler: Decorator;
/** `method` is `*` for all of them. */
export declare function route(method: string, path: string): Decorator;
/** On a static field with SQL: which rows a client may see, with `:sender` for the client's identity. */
export declare const clientVisibilityFilter: Decorator;
export declare function settings(options: { caseConversion: 'none' | 'snake_case' }): Decorator;

/** The rows of a scan, decoded one at a time: `for (const row of ctx.db.message.iter())`, which ends the scan. */
export interface Rows<Row> extends Iterable<Row> {
  /** Goes to the next row. False at the end. */
  next(): bool;
  /** The row that `next` went to. */
  readonly value: Row;
  /** The next row, or null. Ends the scan. */
  first(): Row | null;
  toArray(): Row[];
  /** How many rows are left. */
  count(): i32;
  /** Ends the scan, so that the database need not keep the rows that are left until the call is over. */
  close(): void;
}

export interface Table<Row> {
  /** Puts the row in. Columns that count up are set in `row`, which is returned. A taken unique value ends the call as failed. */
  insert(row: Row): Row;
  /** False if a unique column already has the value. */
  tryInsert(row: Row): bool;
  /** Deletes the row that equals this one. False if there is none. */
  delete(row: Row): bool;
  /** Deletes all rows and returns how many there were. */
  clear(): u64;
  count(): u64;
  iter(): Rows<Row>;
  /** The row as BSATN, for comparing rows. */
  bytesOf(row: Row): Uint8Array;
}

interface Ranges<Row, Column> {
  /** From `lower` to below `upper`. */
  range(lower: Column, upper: Column): Rows<Row>;
  /** From `lower` to `upper`. */
  rangeInclusive(lower: Column, upper: Column): Rows<Row>;
  rangeFrom(lower: Column): Rows<Row>;
  /** Below `upper`. */
  rangeTo(upper: Column): Rows<Row>;
  rangeToInclusive(upper: Column): Rows<Row>;
  deleteRange(lower: Column, upper: Column): u32;
  deleteRangeInclusive(lower: Column, upper: Column): u32;
  deleteRangeFrom(lower: Column): u32;
  deleteRangeTo(upper: Column): u32;
  deleteRangeToInclusive(upper: Column): u32;
}

/** The index of a unique column. */
export interface UniqueIndex<Row, Column> extends Ranges<Row, Column> {
  find(key: Column): Row | null;
  /** Puts the row in the place of the one with the same key, which must be there. */
  update(row: Row): Row;
  /** Inserts the row, or puts it in the place of the one with the same key. */
  insertOrUpdate(row: Row): Row;
  /** False if there was no such row. */
  delete(key: Column): bool;
}

interface Points<Row, Columns extends any[]> {
  filter(...key: Columns): Rows<Row>;
  /** Returns how many rows there were. */
  delete(...key: Columns): u32;
}

export type HashIndex<Row, Columns extends any[]> = Points<Row, Columns>;

/** A b-tree, or a direct index. */
export type OrderedIndex<Row, Columns extends any[]> = Points<Row, Columns> & Remaining<Row, Columns>;

type Remaining<Row, Columns extends any[]> = Columns extends [infer First, ...infer Rest]
  ? Ranges<Row, First> & (Rest extends [] ? {} : { at(value: First): Prefix<Row, Rest> })
  : {};

/** An index of which the first columns are given. */
type Prefix<Row, Rest extends any[]> = {
  iter(): Rows<Row>;
  deleteAll(): u32;
} & Remaining<Row, Rest> &
  (Rest extends [infer Last] ? Points<Row, [Last]> : {});

/** The module's tables; the compiler writes what they are into `generated.d.ts` beside the module's sources. */
export interface Db {}

/** The module's tables as the beginnings of queries, for views. */
export interface From {}

/** The module's reducers and procedures, to be called soon, each in a transaction of its own; results are dropped. */
export interface Soon {}

/** A query whose result are rows of one table: what a view may return instead of rows. The database keeps it up to date. */
export declare class Query<Row> {
  constructor(sql: string);
  readonly sql: string;
}

export declare class QueryTable<Row> extends Query<Row> {
  /** Only rows for which a condition in SQL holds: `ctx.from.item.where("score >= 10")`. */
  where(condition: string): QueryTable<Row>;
}

export declare class ReducerContext {
  private constructor();
  /** Who called: a client, or the database itself for schedules. */
  readonly sender: Identity;
  /** The caller's connection, which a call over HTTP has, too; null where `isInternal`. */
  readonly connectionId: ConnectionId | null;
  /** When the call began. The only clock of a reducer. */
  readonly timestamp: Timestamp;
  readonly db: Db;
  readonly soon: Soon;
  /** The identity of the database that the module runs in. */
  readonly identity: Identity;
  /** Numbers seeded with the call's timestamp. */
  readonly rng: Random;
  /** The claims in the caller's token, or null without a connection or a token. */
  readonly senderClaims: Claims | null;
  /** True without a connection: for a schedule, for `init`, and in a transaction of an HTTP handler. */
  readonly isInternal: bool;
  newUuidV4(): Uuid;
  newUuidV7(): Uuid;
}

/** The claims in a caller's token. */
export declare class Claims {
  private constructor();
  /** All of them, as JSON text. */
  readonly json: string;
  readonly issuer: string;
  readonly subject: string;
  /** The claim of a name, if it is a string, else empty. */
  text(name: string): string;
}

export declare class ViewContext {
  private constructor();
  readonly sender: Identity;
  /** Views read; the host refuses their writes. */
  readonly db: Db;
  readonly from: From;
}

export declare class AnonymousViewContext {
  private constructor();
  readonly db: Db;
  readonly from: From;
}

export declare class ProcedureContext {
  private constructor();
  readonly sender: Identity;
  readonly connectionId: ConnectionId | null;
  /** When the call began, or when it last slept. */
  readonly timestamp: Timestamp;
  readonly identity: Identity;
  readonly rng: Random;
  readonly http: HttpClient;
  /** Begins a transaction, which ends with `commit` or `abort`. Only one can be open. */
  beginTx(): Tx;
  sleepUntil(time: Timestamp): void;
  newUuidV4(): Uuid;
  newUuidV7(): Uuid;
}

export declare class HttpHandlerContext {
  private constructor();
  readonly timestamp: Timestamp;
  readonly identity: Identity;
  readonly rng: Random;
  readonly http: HttpClient;
  beginTx(): Tx;
  sleepUntil(time: Timestamp): void;
  newUuidV4(): Uuid;
  newUuidV7(): Uuid;
}

/** A transaction of a procedure. */
export declare class Tx {
  private constructor();
  /** What a reducer would have, for functions that both use. */
  readonly ctx: ReducerContext;
  readonly db: Db;
  readonly timestamp: Timestamp;
  commit(): void;
  abort(): void;
}

export declare class HttpClient {
  private constructor();
  get(uri: string): Result<HttpResponse, string>;
  /** Any status is a response; the error says why there is none. */
  send(request: HttpRequest): Result<HttpResponse, string>;
}

export declare class HttpHeader {
  constructor(name: string, value: string);
  name: string;
  value: string;
}

export declare class HttpRequest {
  constructor(method: string, uri: string);
  method: string;
  uri: string;
  headers: HttpHeader[];
  body: Uint8Array;
  timeout: TimeDuration | null;
  /** The first header of that name, in any case, or null. */
  header(name: string): string | null;
  text(): string;
}

export declare class HttpResponse {
  constructor(status?: u16);
  static ofText(text: string): HttpResponse;
  status: u16;
  headers: HttpHeader[];
  body: Uint8Array;
  header(name: string): string | null;
  text(): string;
}

/** An error that is the caller's mistake: `throw` it, all changes are undone and the caller hears its message. */
export declare class SenderError extends Error {
  constructor(message: string);
}

/** Numbers that look random and are the same when a call is run again. Not for secrets. */
export declare class Random {
  nextU64(): u64;
  nextU32(): u32;
  /** At least 0 and less than 1. */
  nextF64(): f64;
  /** At least 0 and less than `bound`; 0 if `bound` is 0. */
  below(bound: u64): u64;
}

/** How long something takes, for the log. */
export declare class LogStopwatch {
  constructor(name: string);
  end(): void;
}

/** Equal by value. As everywhere in TypeScript, `==` only tells whether two objects are the same one. */
interface Equatable<T> {
  equals(other: T): bool;
}

interface WideInteger<T> extends Equatable<T> {
  plus(other: T): T;
  minus(other: T): T;
  times(other: T): T;
  /** Negative, 0 or positive. */
  compare(other: T): i32;
  toString(): string;
}

/** 128 bits in 64-bit words, the lowest first. Arithmetic wraps around. */
export declare class u128 implements WideInteger<u128> {
  constructor(word0?: u64, word1?: u64);
  static from(value: u64): u128;
  word0: u64;
  word1: u64;
  plus(other: u128): u128;
  minus(other: u128): u128;
  times(other: u128): u128;
  compare(other: u128): i32;
  equals(other: u128): bool;
  toString(): string;
}

export declare class i128 implements WideInteger<i128> {
  constructor(word0?: u64, word1?: i64);
  static from(value: i64): i128;
  word0: u64;
  word1: i64;
  plus(other: i128): i128;
  minus(other: i128): i128;
  times(other: i128): i128;
  compare(other: i128): i32;
  equals(other: i128): bool;
  toString(): string;
}

export declare class u256 implements WideInteger<u256> {
  constructor(word0?: u64, word1?: u64, word2?: u64, word3?: u64);
  static from(value: u64): u256;
  word0: u64;
  word1: u64;
  word2: u64;
  word3: u64;
  plus(other: u256): u256;
  minus(other: u256): u256;
  times(other: u256): u256;
  compare(other: u256): i32;
  equals(other: u256): bool;
  toString(): string;
}

export declare class i256 implements WideInteger<i256> {
  constructor(word0?: u64, word1?: u64, word2?: u64, word3?: i64);
  static from(value: i64): i256;
  word0: u64;
  word1: u64;
  word2: u64;
  word3: i64;
  plus(other: i256): i256;
  minus(other: i256): i256;
  times(other: i256): i256;
  compare(other: i256): i32;
  equals(other: i256): bool;
  toString(): string;
}

/** Who calls: 256 bits in 64-bit words, the lowest first. */
export declare class Identity implements Equatable<Identity> {
  constructor(word0?: u64, word1?: u64, word2?: u64, word3?: u64);
  word0: u64;
  word1: u64;
  word2: u64;
  word3: u64;
  equals(other: Identity): bool;
  /** 64 digits in base 16. */
  toString(): string;
}

/** One connection of a client: 128 bits. */
export declare class ConnectionId implements Equatable<ConnectionId> {
  constructor(word0?: u64, word1?: u64);
  word0: u64;
  word1: u64;
  equals(other: ConnectionId): bool;
  /** 32 digits in base 16. */
  toString(): string;
}

export declare class Uuid implements Equatable<Uuid> {
  constructor(word0?: u64, word1?: u64);
  word0: u64;
  word1: u64;
  equals(other: Uuid): bool;
  toString(): string;
}

export declare class Timestamp implements Equatable<Timestamp> {
  constructor(microsSinceUnixEpoch?: i64);
  microsSinceUnixEpoch: i64;
  plus(duration: TimeDuration): Timestamp;
  minus(duration: TimeDuration): Timestamp;
  /** The time from `earlier` to this. */
  since(earlier: Timestamp): TimeDuration;
  equals(other: Timestamp): bool;
  /** RFC 3339 in UTC. */
  toString(): string;
}

export declare class TimeDuration implements Equatable<TimeDuration> {
  constructor(micros?: i64);
  static fromMillis(millis: i64): TimeDuration;
  static fromSeconds(seconds: i64): TimeDuration;
  micros: i64;
  equals(other: TimeDuration): bool;
  toString(): string;
}

/** When a scheduled row is due: once at a time, or again and again after an interval. */
export declare class ScheduleAt implements Equatable<ScheduleAt> {
  private constructor();
  static interval(every: TimeDuration): ScheduleAt;
  static time(at: Timestamp): ScheduleAt;
  readonly isInterval: bool;
  /** The interval, or null if this is a point in time. */
  readonly every: TimeDuration | null;
  /** The point in time, or null if this is an interval. */
  readonly when: Timestamp | null;
  equals(other: ScheduleAt): bool;
}

/** A value or none, for types that cannot be `null`: numbers, booleans, enums. */
export declare class Option<T> {
  private constructor();
  static some<T>(value: T): Option<T>;
  static none<T>(): Option<T>;
  readonly isSome: bool;
  readonly isNone: bool;
  /** The value; without one the call ends as failed. */
  readonly value: T;
  valueOr(otherwise: T): T;
}

/** A value, or the error for which there is none. */
export declare class Result<T, E> {
  private constructor();
  static ok<T, E>(value: T): Result<T, E>;
  static err<T, E>(error: E): Result<T, E>;
  readonly isOk: bool;
  readonly isErr: bool;
  readonly value: T;
  readonly error: E;
}

/** The value that says nothing. */
export declare class Unit {
  private constructor();
  static readonly value: Unit;
}

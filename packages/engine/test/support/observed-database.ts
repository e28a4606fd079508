import {
  type RowList,
  type Subprotocol,
  readServerMessage,
  rowCount,
  rowStart,
  writeClientMessage,
} from '@lightcone/protocol';
import {
  type AlgebraicType,
  type AlgebraicValue,
  ByteReader,
  ByteWriter,
  ConnectionId,
  writeJson,
} from '@lightcone/sats';
import type { Caller } from '../../src/client.ts';
import { Database } from '../../src/database.ts';
import { readOutboundBatch } from '../../src/outbound-batch.ts';
import { FakeClock, testIdentity } from '../../src/testing/index.ts';
import { ProtocolClient, type Style } from './protocol-client.ts';
import { memoryOptions } from './memory-options.ts';

/** Numbers of connections: the clients count from 1. */
const OBSERVER = 1_000_000;

/** A row of a table: its value, and the text that `ProtocolClient.rows` has for it. */
export interface ObservedRow {
  readonly value: Record<string, AlgebraicValue>;
  readonly text: string;
}

/** What is done to an observed database in one step; `by` is the place of a client. */
export type ObservedStep =
  | { readonly kind: 'sql'; readonly sql: string }
  | { readonly kind: 'call'; readonly by: number; readonly what: ObservedCall; readonly wantsAnswer: boolean }
  | { readonly kind: 'subscribe'; readonly by: number; readonly how: Style; readonly queries: readonly string[] }
  | { readonly kind: 'unsubscribe'; readonly by: number };

export interface ObservedCall {
  readonly reducer: string;
  readonly params: AlgebraicType;
  readonly args: object;
}

/** A client of each protocol. */
export const EVERY_PROTOCOL = [
  { protocol: 'v1.json.spacetimedb', isLight: false },
  { protocol: 'v1.bsatn.spacetimedb', isLight: true },
  { protocol: 'v2.bsatn.spacetimedb', isLight: false },
  { protocol: 'v3.bsatn.spacetimedb', isLight: false },
] as const;

/** A database in memory with clients of any protocols, and its owner, who sees everything. */
export class ObservedDatabase {
  readonly database: Database;
  readonly owner: Caller;
  readonly clients: ProtocolClient[];
  readonly #byNumber: Map<number, ProtocolClient>;
  readonly #clock: FakeClock;
  readonly #failures: string[];
  /** The answers to the observer's queries, in the order of asking. */
  readonly #answers: RowList[];

  private constructor(
    database: Database,
    owner: Caller,
    byNumber: Map<number, ProtocolClient>,
    clock: FakeClock,
    failures: string[],
    answers: RowList[],
  ) {
    this.database = database;
    this.owner = owner;
    this.clients = [...byNumber.values()];
    this.#byNumber = byNumber;
    this.#clock = clock;
    this.#failures = failures;
    this.#answers = answers;
  }

  static async open(
    program: Uint8Array,
    kinds: readonly { readonly protocol: Subprotocol; readonly isLight: boolean }[],
    clock: FakeClock = new FakeClock(),
  ): Promise<ObservedDatabase> {
    const clients = new Map<number, ProtocolClient>();
    const answers: RowList[] = [];
    const failures: string[] = [];
    const deliver = (batch: Uint8Array): void =>
      readOutboundBatch(batch, {
        message: (numbers, payload) => {
          for (const number of numbers) {
            try {
              if (number === OBSERVER) observe(payload, answers);
              else clients.get(number)?.receive(payload);
            } catch (error) {
              failures.push(String(error));
            }
          }
        },
        close: (number, _code, reason) => failures.push(`connection ${number} was closed: ${reason}`),
      });
    const database = await Database.create(memoryOptions(clock, deliver), program, testIdentity('owner'));
    const jwtPayload = JSON.stringify({ iss: 'lightcone-testing', sub: 'owner' });
    const owner = { identity: testIdentity('owner'), connectionId: ConnectionId.fromBigInt(1000n), jwtPayload };
    for (const [i, { protocol, isLight }] of kinds.entries()) {
      clients.set(i + 1, ProtocolClient.of(database, i + 1, protocol, isLight));
    }
    const observer = { ...owner, connectionId: ConnectionId.fromBigInt(1001n), number: OBSERVER, token: '' } as const;
    database.connect({ ...observer, protocol: 'v3.bsatn.spacetimedb', isConfirmed: false });
    return new ObservedDatabase(database, owner, clients, clock, failures, answers);
  }

  /** Begins a step. @throws Error for an SQL statement that fails otherwise than by a unique constraint */
  take(step: ObservedStep): void {
    switch (step.kind) {
      case 'sql': {
        const result = this.database.sql(this.owner, step.sql);
        if (result.kind !== 'ok' && !(result.kind === 'error' && result.message.includes('Unique constraint'))) {
          throw new Error(`${step.sql}: ${JSON.stringify(result)}`);
        }
        return;
      }
      case 'call': {
        const { reducer, params, args } = step.what;
        this.clients[step.by]!.callReducer(reducer, params, args, step.wantsAnswer);
        return;
      }
      case 'subscribe':
        this.clients[step.by]!.subscribe(step.how, step.queries);
        return;
      case 'unsubscribe':
        this.clients[step.by]!.unsubscribe();
    }
  }

  /** A client goes, whatever of it is under way, and one of the same kind comes in its place. */
  replace(place: number): void {
    const { number, protocol, isLight } = this.clients[place]!;
    this.database.disconnect(number);
    const next = number + this.clients.length;
    this.clients[place] = ProtocolClient.of(this.database, next, protocol, isLight);
    this.#byNumber.set(next, this.clients[place]);
  }

  /** Deals with everything that was asked for, then asks each query once, as the owner. @throws what went wrong meanwhile */
  async ask<Query extends string>(queries: readonly Query[]): Promise<ReadonlyMap<Query, readonly ObservedRow[]>> {
    await this.#clock.advance(0);
    this.#answers.length = 0;
    for (const query of queries) {
      const writer = new ByteWriter();
      writeClientMessage(writer, { tag: 'OneOffQuery', requestId: 0, query });
      this.database.receive(OBSERVER, writer.bytes, 0, writer.length);
    }
    await this.#clock.advance(0);
    if (this.#failures.length > 0) throw new Error(this.#failures.join('; '));
    return new Map(queries.map((query, i) => [query, this.#rows(query, this.#answers[i])]));
  }

  #rows(query: string, list: RowList | undefined): ObservedRow[] {
    if (list === undefined) throw new Error(`${query} was not answered`);
    const table = /^SELECT (?:\* FROM )?(\w+)/.exec(query)![1]!; // every query begins so
    const type = this.database.rowType(table);
    return Array.from({ length: rowCount(list) }, (_, i) => {
      const reader = new ByteReader(list.data, rowStart(list, i), rowStart(list, i + 1));
      const value = type.decode(reader) as Record<string, AlgebraicValue>; // a row is a product
      return { value, text: `${table} ${writeJson(type.type, [], value, 'untyped')}` };
    });
  }
}

function observe(payload: Uint8Array, answers: RowList[]): void {
  const message = readServerMessage(new ByteReader(payload.slice()));
  if (message.tag !== 'OneOffQueryResult') return;
  if (message.result.tag === 'err') throw new Error(message.result.error);
  answers.push(message.result.tables[0]!.rows); // there is one
}

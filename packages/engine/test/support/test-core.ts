import {
  type ClientMessage,
  type RowList,
  type ServerMessage,
  readServerMessage,
  rowCount,
  rowStart,
  writeClientMessage,
} from '@lightcone/protocol';
import { type AlgebraicValue, ByteReader, ByteWriter, ConnectionId, bytesToHex, types } from '@lightcone/sats';
import type { AlgebraicType } from '@lightcone/sats';
import { type ModuleDef, validateModuleDef } from '@lightcone/schema';
import type { RawModuleDefV10, RawTableDefV10 } from '../../../schema/src/raw/raw-v10.ts';
import { rawModule, rawTable } from '../../../schema/test/raw-modules.ts';
import { Client } from '../../src/client.ts';
import { InboundFrame } from '../../src/connection/inbound-frame.ts';
import { Wires } from '../../src/connection/wires.ts';
import { Core } from '../../src/core.ts';
import { readOutboundBatch } from '../../src/outbound-batch.ts';
import { replaceRowRules } from '../../src/publishing/row-rules.ts';
import { type RecoveredStore, recoverStore } from '../../src/snapshots/recover-store.ts';
import { createTable } from '../../src/schema-objects.ts';
import { FakeClock, testIdentity } from '../../src/testing/index.ts';
import { memoryOptions } from './memory-options.ts';

/** A table of a test. */
export interface TableParts extends Partial<Omit<RawTableDefV10, 'name' | 'productTypeRef'>> {
  readonly columns: readonly (readonly [name: string, type: AlgebraicType])[];
}

export function moduleDef(
  tables: Readonly<Record<string, TableParts>>,
  rest: Partial<RawModuleDefV10> = {},
): ModuleDef {
  const parts = Object.entries(tables);
  return validateModuleDef(
    rawModule({
      typespace: parts.map(([, { columns }]) => types.product(columns)),
      types: parts.map(([name], ref) => ({ scope: [], name: `Row_${name}`, ref, customOrdering: true })),
      tables: parts.map(([name, table], productTypeRef) => rawTable({ ...table, name, productTypeRef })),
      ...rest,
    }),
  );
}

/** What one transaction of a test does: rows by table, as values of their row type. */
export type Changes = readonly {
  readonly table: string;
  readonly insert?: readonly AlgebraicValue[];
  readonly delete?: readonly AlgebraicValue[];
}[];

/** The parts of a database without a module: transactions and clients are made by hand. */
export class TestCore {
  readonly core: Core;
  readonly #clients = new Map<number, TestClient>();

  private constructor(recovered: RecoveredStore) {
    const options = memoryOptions(new FakeClock(), (batch) => this.#deliver(batch));
    this.core = new Core({ ...options, defer: queueMicrotask }, recovered);
  }

  /** @param rules of row-level security; the owner's name is `owner` */
  static async open(tables: Readonly<Record<string, TableParts>>, rules: readonly string[] = []): Promise<TestCore> {
    const recovered = await recoverStore(testIdentity('database'), undefined);
    const { store } = recovered;
    const test = new TestCore(recovered);
    const def = moduleDef(tables);
    const transaction = test.core.transactions.begin();
    for (const table of def.tables) createTable(store, transaction, table, def.typespace);
    replaceRowRules(test.core, transaction, rules);
    test.core.transactions.commit(transaction, undefined);
    test.core.transactions.publish(undefined);
    return test;
  }

  connect(name: string): TestClient {
    const number = this.#clients.size + 1;
    const client = new TestClient(this.core, number, name);
    this.#clients.set(number, client);
    return client;
  }

  /** Commits a transaction and delivers what it means to the clients. */
  commit(changes: Changes): void {
    const { core } = this;
    const transaction = core.transactions.begin();
    const writer = new ByteWriter();
    for (const { table: name, insert = [], delete: deleted = [] } of changes) {
      const table = core.store.table(core.catalog.findTableId(name) ?? -1);
      for (const [rows, isInsert] of [
        [deleted, false],
        [insert, true],
      ] as const) {
        for (const row of rows) {
          writer.reset();
          table.definition.row.encode(writer, row);
          if (isInsert) transaction.insert(table, writer.bytes, 0, writer.length);
          else transaction.deleteByValue(table, writer.bytes, 0, writer.length);
        }
      }
    }
    core.transactions.commit(transaction, undefined);
    core.transactions.publish(undefined);
    core.outbox.flush();
  }

  #deliver(batch: Uint8Array): void {
    readOutboundBatch(batch, {
      message: (numbers, payload) => {
        for (const number of numbers) this.#clients.get(number)?.received(readServerMessage(new ByteReader(payload)));
      },
      close: () => {
        throw new Error('nothing closes these connections');
      },
    });
  }
}

/** A client that keeps what it was sent: how often each row counts, by query set and table. */
export class TestClient {
  readonly client: Client;
  /** Every message so far. */
  readonly messages: ServerMessage[] = [];
  readonly #core: Core;
  readonly #counts = new Map<string, number>();
  #nextId = 1;

  constructor(core: Core, number: number, name: string) {
    this.#core = core;
    this.client = new Client(
      {
        number,
        identity: testIdentity(name),
        connectionId: ConnectionId.fromBigInt(BigInt(number)),
        jwtPayload: '{}',
        token: '',
        protocol: 'v3.bsatn.spacetimedb',
        isConfirmed: false,
      },
      new Wires(core).of('v3.bsatn.spacetimedb'),
      name === 'owner',
      undefined,
    );
  }

  /** @returns the id of the query set, or the error */
  subscribe(...queries: readonly string[]): number | string {
    const id = this.#nextId++;
    this.#send({ tag: 'Subscribe', requestId: id, querySetId: id, queries });
    const answer = this.messages.at(-1);
    return answer?.tag === 'SubscriptionError' ? answer.error : id;
  }

  unsubscribe(querySetId: number): void {
    this.#send({ tag: 'Unsubscribe', requestId: this.#nextId++, querySetId, sendDroppedRows: false });
  }

  #send(message: ClientMessage): void {
    const writer = new ByteWriter();
    writeClientMessage(writer, message);
    const frame = new InboundFrame(writer.bytes, 0, writer.length, false);
    while (!frame.isDone) frame.takeStep(this.client);
    this.#core.outbox.flush();
  }

  /** The rows that a query set has by now, as hex, each as often as it counts; sorted. */
  rows(querySetId: number): string[] {
    const prefix = `${querySetId}:`;
    const rows = [...this.#counts].filter(([key]) => key.startsWith(prefix));
    if (rows.some(([, count]) => count < 0)) throw new Error(`a row was deleted that was not there: ${String(rows)}`);
    return rows.flatMap(([key, count]) => Array.from({ length: count }, () => key.slice(prefix.length))).toSorted();
  }

  received(message: ServerMessage): void {
    this.messages.push(message);
    if (message.tag === 'SubscribeApplied') {
      for (const { rows } of message.tables) this.#add(message.querySetId, rows, 1);
    } else if (message.tag === 'TransactionUpdate') {
      for (const { querySetId, tables } of message.querySets) {
        for (const change of tables.flatMap(({ changes }) => changes)) {
          if (change.tag === 'EventTable') this.#add(querySetId, change.events, 1);
          else {
            this.#add(querySetId, change.inserts, 1);
            this.#add(querySetId, change.deletes, -1);
          }
        }
      }
    }
  }

  #add(querySetId: number, list: RowList, weight: 1 | -1): void {
    for (let i = 0; i < rowCount(list); i++) {
      const key = `${querySetId}:${bytesToHex(list.data.subarray(rowStart(list, i), rowStart(list, i + 1)))}`;
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + weight);
    }
  }
}

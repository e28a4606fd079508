import {
  type DbConnectionConfig,
  DbConnectionBuilder,
  DbConnectionImpl,
  type Identity,
  setGlobalLogLevel,
  type SubscriptionHandleImpl,
} from 'spacetimedb';
import type { ServerProcess } from './server-process.ts';

const patienceMs = 30_000;

// Tests make the client complain on purpose, which would fill the report.
setGlobalLogLevel('error');

/** The parts of hand-written bindings: what `schema`, `reducers` and `procedures` of the official package give. */
export type RemoteModule =
  ConstructorParameters<typeof DbConnectionImpl>[0] extends DbConnectionConfig<infer Module> ? Module : never;

/** A change of a subscribed row, as the client reported it. */
export interface RowChange {
  readonly table: string;
  readonly kind: 'insert' | 'update' | 'delete';
  readonly row: Readonly<Record<string, unknown>>;
}

interface ObservableTable {
  onInsert(callback: (context: unknown, row: RowChange['row']) => void): void;
  onDelete(callback: (context: unknown, row: RowChange['row']) => void): void;
  onUpdate?(callback: (context: unknown, from: RowChange['row'], to: RowChange['row']) => void): void;
}

/** Somebody who uses a module through the official client: one connection, for as long as that lasts. */
export class ModuleClient<Module extends RemoteModule> implements Disposable {
  readonly connection: DbConnectionImpl<Module>;
  readonly identity: Identity;
  readonly token: string;
  /** Every change of a subscribed row so far, in the order in which they were reported. */
  readonly changes: RowChange[] = [];
  /** Resolves when the connection has ended, whoever ended it. */
  readonly ended: Promise<Error | undefined>;
  #lookers: (() => void)[] = [];

  private constructor(
    connection: DbConnectionImpl<Module>,
    identity: Identity,
    token: string,
    ended: Promise<Error | undefined>,
  ) {
    this.connection = connection;
    this.identity = identity;
    this.token = token;
    this.ended = ended;
    for (const [table, handle] of Object.entries(connection.db)) this.#follow(table, handle as ObservableTable);
  }

  /** @param token makes the client the same person as another one */
  static connect<Module extends RemoteModule>(
    server: ServerProcess,
    database: string,
    module: Module,
    token?: string,
  ): Promise<ModuleClient<Module>> {
    return new Promise((resolve, reject) => {
      const { promise: ended, resolve: end } = Promise.withResolvers<Error | undefined>();
      const connection = new DbConnectionBuilder<DbConnectionImpl<Module>>(
        module,
        (config: DbConnectionConfig<Module>) => new DbConnectionImpl<Module>(config),
      )
        .withUri(server.webSocketUrl)
        .withDatabaseName(database)
        .withToken(token)
        .onConnect((_connection, identity, received) => {
          resolve(new ModuleClient(connection, identity, token ?? received, ended));
        })
        .onConnectError((_context, error) => reject(error))
        .onDisconnect((_context, error) => {
          end(error);
          // Nothing happens if the connection stood already.
          reject(error ?? new Error('the connection was closed before it stood'));
        })
        .build();
    });
  }

  /** The subscribed rows, a table by its name in the bindings. */
  get db(): DbConnectionImpl<Module>['db'] {
    return this.connection.db;
  }

  get reducers(): DbConnectionImpl<Module>['reducers'] {
    return this.connection.reducers;
  }

  get procedures(): DbConnectionImpl<Module>['procedures'] {
    return this.connection.procedures;
  }

  /** Resolves when the first rows are there. @throws what the server has against one of the queries */
  subscribe(...queries: string[]): Promise<SubscriptionHandleImpl<Module>> {
    return new Promise((resolve, reject) => {
      const handle = this.connection
        .subscriptionBuilder()
        .onApplied(() => resolve(handle))
        .onError((context) => reject(context.event ?? new Error('the subscription ended without a reason')))
        .subscribe(queries);
    });
  }

  /**
   * Waits until `look` finds something; it looks again after every change.
   * @param what it waits for, for the message when that does not come
   */
  until<T>(what: string, look: () => T | undefined | false): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const seen = this.changes.map(({ table, kind, row }) => `${table} ${kind} ${describe(row)}`);
        reject(new Error(`waited ${patienceMs} ms in vain for ${what}; these changes came:\n${seen.join('\n')}`));
      }, patienceMs);
      const looker = (): void => {
        const found = look();
        if (found === undefined || found === false) return;
        clearTimeout(timer);
        this.#lookers = this.#lookers.filter((other) => other !== looker);
        resolve(found);
      };
      this.#lookers.push(looker);
      looker();
    });
  }

  /** The changes of one table since the last call for it. */
  takeChanges(table: string): RowChange[] {
    const taken = this.changes.filter((change) => change.table === table);
    this.changes.splice(0, this.changes.length, ...this.changes.filter((change) => change.table !== table));
    return taken;
  }

  [Symbol.dispose](): void {
    this.connection.disconnect();
  }

  #follow(table: string, handle: ObservableTable): void {
    const note = (kind: RowChange['kind'], row: RowChange['row']): void => {
      this.changes.push({ table, kind, row });
      // The client reports a transaction's changes one by one; whoever looks is to see all of them.
      queueMicrotask(() => {
        for (const look of this.#lookers) look();
      });
    };
    handle.onInsert((_context, row) => note('insert', row));
    handle.onDelete((_context, row) => note('delete', row));
    handle.onUpdate?.((_context, _from, to) => note('update', to));
  }
}

function describe(row: RowChange['row']): string {
  return JSON.stringify(row, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}

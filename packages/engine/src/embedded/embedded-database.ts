import type { HttpRequest } from '@lightcone/host';
import { readServerMessage } from '@lightcone/protocol';
import {
  type AlgebraicValue,
  ByteReader,
  ByteWriter,
  type ConnectionId,
  type Identity,
  type RowType,
  compileType,
} from '@lightcone/sats';
import type { ConnectRequest } from '../client.ts';
import type { Database } from '../database.ts';
import { EngineError } from '../errors.ts';
import { readOutboundBatch } from '../outbound-batch.ts';
import type { HttpHandlerResult } from '../procedures/procedure-result.ts';
import { decodeSqlRows } from '../sql.ts';
import type { Row } from './row.ts';
import { Session } from './session.ts';

/**
 * A database inside the program that uses it: no server, no socket.
 *
 * Sessions see only what is durable, as confirmed clients of a server do.
 */
export class EmbeddedDatabase implements AsyncDisposable {
  /** The database itself, with everything that a server uses of it. */
  readonly database: Database;
  readonly #newConnectionId: () => ConnectionId;
  readonly #sessions = new Map<number, Session>();
  #nextConnectionNumber = 1;

  /**
   * @param database whose `deliver` goes to `deliver` of this object
   * @param newConnectionId makes a random connection id
   */
  constructor(database: Database, newConnectionId: () => ConnectionId) {
    this.database = database;
    this.#newConnectionId = newConnectionId;
  }

  /** Whose database this is: may read private tables and write with SQL. */
  get owner(): Identity {
    return this.database.owner;
  }

  /**
   * Connects a client; the module's `client_connected` runs.
   * @param claims what the module sees in the client's token, beside or instead of the usual claims
   * @throws EngineError `ENGINE_CLOSED` with the module's reason, if it refuses the client
   */
  async connect(identity: Identity, claims: Claims = {}): Promise<Session> {
    const number = this.#nextConnectionNumber++;
    const connectionId = this.#newConnectionId();
    const session = new Session(this, number, identity, connectionId);
    const request: ConnectRequest = {
      number,
      identity,
      connectionId,
      token: '',
      jwtPayload: jwtPayload(identity, claims),
      protocol: 'v3.bsatn.spacetimedb',
      isConfirmed: true,
    };
    this.#sessions.set(number, session);
    try {
      this.database.connect(request);
    } catch (error) {
      this.#sessions.delete(number);
      throw error;
    }
    await session.connected();
    return session;
  }

  /**
   * Runs one SQL statement as the owner and resolves when it is durable.
   * @returns the rows of a query, by column name; none for a statement that changes rows
   * @throws EngineError `ENGINE_QUERY_FAILED`
   */
  async sql(text: string): Promise<Row[]> {
    const result = this.database.sql(
      { identity: this.owner, connectionId: this.#newConnectionId(), jwtPayload: jwtPayload(this.owner, {}) },
      text,
    );
    if (result.kind !== 'ok') throw new EngineError('ENGINE_QUERY_FAILED', result.message);
    await this.database.whenDurable(result.txOffset);
    return decodeSqlRows(result.outcome);
  }

  /**
   * Answers an HTTP request with the handler that the module's router has for it, and resolves when what
   * it changed is durable.
   * @param path as routes name it: what follows `/route` in the URLs of a server
   */
  async handleHttp(path: string, request: HttpRequest, body: Uint8Array = NO_BODY): Promise<HttpHandlerResult> {
    const result = await this.database.handleHttp(path, request, body);
    if (result.kind === 'responded' && result.txOffset !== undefined) await this.database.whenDurable(result.txOffset);
    return result;
  }

  /** Brings everything to the disk and closes. May be called twice. */
  async close(): Promise<void> {
    await this.database.close();
    for (const session of this.#sessions.values()) session.closed('the database was closed');
    this.#sessions.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Takes a batch of the database and hands each session its messages. */
  deliver(batch: Uint8Array): void {
    readOutboundBatch(batch, {
      message: (numbers, payload) => {
        for (const number of numbers) this.#sessions.get(number)?.received(readServerMessage(new ByteReader(payload)));
      },
      close: (number, _code, reason) => {
        this.#sessions.get(number)?.closed(reason, this.database.refusal);
        this.#sessions.delete(number);
      },
    });
  }

  /** @internal */
  send(connectionNumber: number, bytes: Uint8Array, length: number): void {
    this.database.receive(connectionNumber, bytes, 0, length);
  }

  /** @internal */
  disconnect(connectionNumber: number): void {
    this.#sessions.delete(connectionNumber);
    this.database.disconnect(connectionNumber);
  }

  /** @internal */
  encodeArguments(functionName: string, args: readonly AlgebraicValue[]): Uint8Array {
    const { reducers, procedures, typespace } = this.database.module;
    const params = [...reducers, ...procedures].find(({ name }) => name === functionName)?.params;
    // An unknown function gets its error from the database, as from every other client.
    if (params === undefined) return new Uint8Array(0);
    if (args.length !== params.elements.length) {
      const names = params.elements.map(({ name }) => name).join(', ');
      const count = `${params.elements.length} arguments, given ${args.length}`;
      throw new EngineError('ENGINE_CALL_FAILED', `${functionName}(${names}) takes ${count}`);
    }
    const writer = new ByteWriter();
    params.elements.forEach(({ type }, i) => compileType(type, typespace).encode(writer, args[i]!)); // the lengths are equal
    return writer.finish();
  }

  /** @internal */
  decodeReturned(procedureName: string, value: Uint8Array): AlgebraicValue {
    const { procedures, typespace } = this.database.module;
    const procedure = procedures.find(({ name }) => name === procedureName);
    if (procedure === undefined)
      throw new EngineError('ENGINE_CALL_FAILED', `${procedureName} is no procedure any more`);
    return compileType(procedure.returnType, typespace).decode(new ByteReader(value));
  }

  /** @internal */
  rowTypeOf(table: string): RowType {
    return this.database.rowType(table);
  }
}

const NO_BODY = new Uint8Array(0);

/** Claims of a token: what a program says of a client that has none. */
export type Claims = Readonly<Record<string, unknown>>;

/** Modules may read the claims that every token has. */
function jwtPayload(identity: Identity, claims: Claims): string {
  return JSON.stringify({ iss: 'lightcone', sub: identity.toHex(), aud: [], iat: 0, ...claims });
}

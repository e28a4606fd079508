import {
  type ClientMessage,
  type OneOffQuery,
  type TransactionUpdate,
  readClientMessage,
  readJsonClientMessage,
} from '@lightcone/protocol/v1';
import { QueryError } from '@lightcone/query';
import type { ByteWriter } from '@lightcone/sats';
import type { Client } from '../client.ts';
import type { Core } from '../core.ts';
import type { ProcedureFailure, ProcedureReturned } from '../procedures/procedure-result.ts';
import { checkAnswers } from './check-answers.ts';
import type { InboundFrame } from './inbound-frame.ts';
import { NO_REDUCER, V1Calls } from './v1-calls.ts';
import { changedQueries } from './v1-changes.ts';
import type { V1Encoding } from './v1-encoding.ts';
import { V1Sender } from './v1-sender.ts';
import { V1Subscribing } from './v1-subscribing.ts';
import type { CalledProcedure, Steps, TransactionOrigin, Wire } from './wire.ts';

const NO_CONNECTION = new Uint8Array(16);
const decoder = new TextDecoder();

/** `v1.bsatn` and `v1.json`: the same messages in two encodings. A frame may come in either, whatever was agreed on. */
export class V1Wire<Value> implements Wire {
  readonly #core: Core;
  readonly #sender: V1Sender<Value>;
  readonly #calls: V1Calls<Value>;
  readonly #subscribing: V1Subscribing<Value>;

  constructor(core: Core, encoding: V1Encoding<Value>) {
    this.#core = core;
    this.#sender = new V1Sender(core, encoding);
    this.#calls = new V1Calls(this.#sender);
    this.#subscribing = new V1Subscribing(this.#sender);
  }

  sendFirstMessage(client: Client, token: string): void {
    const connectionId = client.caller.connectionId.bytes;
    this.#sender.send(client, { tag: 'IdentityToken', identity: client.identity.bytes, connectionId, token });
  }

  receive(client: Client, { reader, isText }: InboundFrame): Steps | undefined {
    checkAnswers(this.#core.outbox, client);
    const message = isText ? readJsonClientMessage(reader.raw(reader.remaining)) : readClientMessage(reader);
    // What follows the one message of a frame means nothing.
    reader.take(reader.remaining);
    return this.#handle(client, message);
  }

  sendProcedureReturn(client: Client, requestId: number, called: CalledProcedure, result: ProcedureReturned): void {
    const value = this.#sender.encoding.encodeReturned(called, result.value);
    this.#sender.send(client, {
      tag: 'ProcedureResult',
      requestId,
      status: { tag: 'Returned', value },
      timestampMicros: result.timestampMicros,
      durationMicros: BigInt(result.durationMicros),
    });
  }

  sendProcedureFailure(client: Client, requestId: number, { kind, message }: ProcedureFailure): void {
    this.#sender.send(client, {
      tag: 'ProcedureResult',
      requestId,
      status: kind === 'outOfEnergy' ? { tag: 'OutOfEnergy' } : { tag: 'InternalError', error: message },
      timestampMicros: 0n,
      durationMicros: 0n,
    });
  }

  updateShape(client: Client): string {
    let shape = `${this.#sender.encoding.name} ${this.#isLight(client) ? 'light' : 'full'}`;
    for (const query of changedQueries(client)) shape += ` ${query.number}`;
    return shape;
  }

  writeUpdate(writer: ByteWriter, client: Client, origin: TransactionOrigin): void {
    const tables = this.#sender.tableUpdates(client);
    this.#sender.encoding.write(
      writer,
      this.#isLight(client)
        ? { tag: 'TransactionUpdateLight', requestId: origin.requestId, tables }
        : { ...this.#describe(origin), status: { tag: 'Committed', tables } },
    );
  }

  /** All of the client's subscriptions end with one: the message that says so has no id. */
  querySetEnded(client: Client, _querySetId: number, error: string): void {
    this.#core.subscriptions.dropAll(client);
    const ids = { requestId: undefined, queryId: undefined, tableId: undefined };
    this.#sender.send(client, { tag: 'SubscriptionError', ...ids, error, durationMicros: 0n });
  }

  #handle(client: Client, message: ClientMessage): Steps | undefined {
    switch (message.tag) {
      case 'CallReducer':
        this.#calls.callReducer(client, message);
        return undefined;
      case 'Subscribe':
        return this.#subscribing.subscribe(client, message);
      case 'SubscribeSingle':
        return this.#subscribing.subscribeSingle(client, message);
      case 'SubscribeMulti':
        return this.#subscribing.subscribeMulti(client, message);
      case 'Unsubscribe':
      case 'UnsubscribeMulti':
        this.#subscribing.unsubscribe(client, message);
        return undefined;
      case 'OneOffQuery':
        this.#query(client, message);
        return undefined;
      case 'CallProcedure':
        this.#calls.callProcedure(client, message);
        return undefined;
    }
  }

  #query(client: Client, { messageId, query }: OneOffQuery): void {
    const startNanos = this.#sender.now();
    const answer = { tag: 'OneOffQueryResponse', messageId } as const;
    const overload = this.#core.door.refuseRequest(client.quota);
    if (overload !== undefined) {
      this.#sender.send(client, { ...answer, error: overload.message, tables: [], durationMicros: 0n });
      return;
    }
    try {
      const plan = this.#core.queries.planQuery(query, client);
      const { list } = this.#sender.encoding.encodeRows(plan, this.#core.rows, client.identity.bytes);
      const tables = [{ table: plan.table.name, rows: list }];
      const durationMicros = this.#sender.microsSince(startNanos);
      this.#sender.send(client, { ...answer, error: undefined, tables, durationMicros });
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      const durationMicros = this.#sender.microsSince(startNanos);
      this.#sender.send(client, { ...answer, error: error.message, tables: [], durationMicros });
    }
  }

  /** Only modules of before V10 let clients see who else called what, and then only those who do not mind the bytes. */
  #isLight(client: Client): boolean {
    return client.isLight || this.#core.module.def.version === 'v10';
  }

  /** What others are told of the transaction being published, besides what it changed. */
  #describe({ inputs, requestId }: TransactionOrigin): Omit<TransactionUpdate<never, Value>, 'status'> {
    const { encoding } = this.#sender;
    const { module, options } = this.#core;
    const reducerName = inputs === undefined ? '' : decoder.decode(inputs.reducer.encodedName);
    const reducer = module.reducersByName.get(reducerName);
    const args =
      inputs === undefined || reducer === undefined
        ? encoding.noArgs
        : encoding.encodeArgs(module, reducer, inputs.args);
    const timestampMicros = inputs?.timestampMicros ?? options.clock.nowMicros();
    return {
      tag: 'TransactionUpdate',
      timestampMicros,
      // What nobody called, the database did.
      callerIdentity: (inputs?.caller.identity ?? options.identity).bytes,
      callerConnectionId: inputs?.caller.connectionId.bytes ?? NO_CONNECTION,
      reducerCall: { reducerName, reducerId: reducer?.id ?? NO_REDUCER, args, requestId },
      energyUsed: BigInt(reducer === undefined ? 0 : module.lastEnergyUsed),
      durationMicros: this.#sender.microsSinceTime(timestampMicros),
    };
  }
}

import {
  type CallReducer,
  type ClientMessage,
  type OneOffQuery,
  ProtocolError,
  type Subscribe,
  type Unsubscribe,
  beginOneOffQueryResult,
  beginReducerResultOk,
  beginSubscribeApplied,
  beginTransactionUpdate,
  beginUnsubscribeApplied,
  readClientMessage,
  writeInitialConnection,
  writeOneOffQueryError,
  writeProcedureInternalError,
  writeProcedureReturned,
  writeReducerResultErrText,
  writeReducerResultInternalError,
  writeSubscriptionError,
  writeUnsubscribeApplied,
} from '@lightcone/protocol';
import { QueryError } from '@lightcone/query';
import type { ByteWriter } from '@lightcone/sats';
import { admitCall, admitProcedureCall, isRefusal } from '../admission.ts';
import type { Client } from '../client.ts';
import type { Core } from '../core.ts';
import { startProcedureCall } from '../procedures/start-procedure-call.ts';
import type { ProcedureFailure, ProcedureReturned } from '../procedures/procedure-result.ts';
import { callReducer, failureText } from '../reducer-calls.ts';
import { writeQuerySetRows, writeQuerySetUpdates, writeTableRows } from './v2-rows.ts';
import { checkAnswers } from './check-answers.ts';
import type { InboundFrame } from './inbound-frame.ts';
import type { CalledProcedure, Steps, Wire } from './wire.ts';

const UNIT = new Uint8Array(0);
/** As many as may wait of one connection (file 20 §2 of the specification). */
const MAX_MESSAGES_PER_FRAME = 16_384;

/** `v2.bsatn` and `v3.bsatn`: the same messages; a frame of v3 holds several, one of v2 one. */
export class V2Wire implements Wire {
  readonly #core: Core;
  readonly #messagesPerFrame: 'one' | 'many';

  constructor(core: Core, messagesPerFrame: 'one' | 'many') {
    this.#core = core;
    this.#messagesPerFrame = messagesPerFrame;
  }

  sendFirstMessage(client: Client, token: string): void {
    const lane = this.#core.outbox.lane(client.isConfirmed);
    lane.begin(client.number);
    writeInitialConnection(lane.writer, client.identity.bytes, client.caller.connectionId.bytes, token);
    lane.end();
  }

  receive(client: Client, frame: InboundFrame): Steps | undefined {
    if (frame.isText) {
      throw new ProtocolError('PROTOCOL_UNSUPPORTED_FRAME', 'text messages are not supported by this protocol');
    }
    if (frame.messages > MAX_MESSAGES_PER_FRAME) {
      throw new ProtocolError('PROTOCOL_TOO_MANY_MESSAGES', 'too many requests');
    }
    checkAnswers(this.#core.outbox, client);
    const { reader } = frame;
    const message = readClientMessage(reader);
    // What follows the one message of a frame means nothing.
    if (this.#messagesPerFrame === 'one') reader.take(reader.remaining);
    return this.#handle(client, message);
  }

  sendProcedureReturn(client: Client, requestId: number, _: CalledProcedure, result: ProcedureReturned): void {
    const { timestampMicros, durationMicros, value } = result;
    const lane = this.#core.outbox.lane(client.isConfirmed);
    lane.begin(client.number);
    writeProcedureReturned(lane.writer, requestId, timestampMicros, BigInt(durationMicros), value);
    lane.end();
  }

  sendProcedureFailure(client: Client, requestId: number, { message }: ProcedureFailure): void {
    const lane = this.#core.outbox.lane(client.isConfirmed);
    lane.begin(client.number);
    writeProcedureInternalError(lane.writer, requestId, 0n, 0n, message);
    lane.end();
  }

  updateShape(client: Client): string {
    let shape = 'v2';
    for (const querySet of client.changedQuerySets) shape += ` ${querySet.shape}`;
    return shape;
  }

  writeUpdate(writer: ByteWriter, client: Client): void {
    this.#writeUpdates(writer, beginTransactionUpdate(writer), client);
  }

  querySetEnded(client: Client, querySetId: number, error: string): void {
    this.#sendSubscriptionError(client, undefined, querySetId, error);
  }

  #handle(client: Client, message: ClientMessage): Steps | undefined {
    switch (message.tag) {
      case 'CallReducer':
        this.#call(client, message);
        return undefined;
      case 'Subscribe':
        return this.#subscribe(client, message);
      case 'Unsubscribe':
        this.#unsubscribe(client, message);
        return undefined;
      case 'OneOffQuery':
        this.#query(client, message);
        return undefined;
      case 'CallProcedure': {
        const { requestId, procedure: name, args } = message;
        const procedure =
          this.#core.door.refuseCall(client.quota, name) ??
          admitProcedureCall(this.#core.module, name, args, client.isOwner);
        const admitted = isRefusal(procedure) ? procedure : { procedure, args };
        startProcedureCall(this.#core, client, requestId, name, admitted);
        return undefined;
      }
    }
  }

  #call(client: Client, message: CallReducer): void {
    const core = this.#core;
    const { requestId, args } = message;
    const timestampMicros = core.options.clock.nowMicros();
    const lane = core.outbox.lane(client.isConfirmed);
    const reducer =
      core.door.refuseCall(client.quota, message.reducer) ??
      admitCall(core.module, message.reducer, args, client.isOwner);
    if (isRefusal(reducer)) {
      core.logRefusal(reducer, message.reducer);
      lane.begin(client.number);
      writeReducerResultInternalError(lane.writer, requestId, timestampMicros, reducer.message);
      lane.end();
      return;
    }
    const outcome = callReducer(core, { reducer, args, caller: client.caller, timestampMicros });
    lane.begin(client.number);
    switch (outcome.kind) {
      case 'ok':
        this.#writeUpdates(lane.writer, beginReducerResultOk(lane.writer, requestId, timestampMicros, UNIT), client);
        break;
      case 'error':
        writeReducerResultErrText(lane.writer, requestId, timestampMicros, outcome.message);
        break;
      case 'trapped':
      case 'outOfEnergy':
      case 'viewFailed':
      case 'overloaded':
        writeReducerResultInternalError(lane.writer, requestId, timestampMicros, failureText(outcome));
        break;
    }
    lane.end();
    if (outcome.kind === 'ok') core.transactions.publish(client, requestId);
  }

  /** Registers a query set and answers with its rows, or with an error that leaves nothing registered. */
  *#subscribe(client: Client, { requestId, querySetId, queries }: Subscribe): Generator<void, void> {
    const { subscriptions, outbox, rows, door } = this.#core;
    const lane = outbox.lane(client.isConfirmed);
    const error =
      door.refuseRequest(client.quota)?.message ??
      refuseQuerySetId(client, querySetId) ??
      (yield* subscriptions.subscribe(client, querySetId, queries, (querySet) => {
        lane.begin(client.number);
        writeQuerySetRows(lane.writer, beginSubscribeApplied(lane.writer, requestId, querySetId), querySet, rows);
        lane.end();
      }));
    if (error === undefined) return;
    lane.cancel();
    this.#sendSubscriptionError(client, requestId, querySetId, error);
  }

  /** Ends a query set, unless the rows that the client wants with the answer are too many: then it goes on. */
  #unsubscribe(client: Client, { requestId, querySetId, sendDroppedRows }: Unsubscribe): void {
    const { subscriptions, outbox, rows } = this.#core;
    const querySet = client.querySets.get(querySetId);
    if (querySet === undefined) {
      const error = `Subscription not found: QuerySetId { id: ${querySetId} }`;
      this.#sendSubscriptionError(client, requestId, querySetId, error);
      return;
    }
    const lane = outbox.lane(client.isConfirmed);
    lane.begin(client.number);
    try {
      if (sendDroppedRows) {
        writeQuerySetRows(lane.writer, beginUnsubscribeApplied(lane.writer, requestId, querySetId), querySet, rows);
      } else {
        writeUnsubscribeApplied(lane.writer, requestId, querySetId);
      }
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      lane.cancel();
      const advice = 'the subscription goes on; unsubscribe without its rows';
      this.#sendSubscriptionError(client, requestId, querySetId, `${error.message}: ${advice}`);
      return;
    }
    lane.end();
    subscriptions.drop(querySet);
  }

  #query(client: Client, { requestId, query }: OneOffQuery): void {
    const { queries, outbox, rows, door } = this.#core;
    const lane = outbox.lane(client.isConfirmed);
    const overload = door.refuseRequest(client.quota);
    if (overload !== undefined) {
      lane.begin(client.number);
      writeOneOffQueryError(lane.writer, requestId, overload.message);
      lane.end();
      return;
    }
    try {
      // Before the answer is begun: planning may commit what views the query reads.
      const plan = queries.planQuery(query, client);
      lane.begin(client.number);
      lane.writer.setU32(beginOneOffQueryResult(lane.writer, requestId), 1);
      writeTableRows(lane.writer, plan, rows, client.identity.bytes);
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      lane.cancel();
      lane.begin(client.number);
      writeOneOffQueryError(lane.writer, requestId, error.message);
    }
    lane.end();
  }

  /** Writes the query set updates of one client behind a count at `countAt`. */
  #writeUpdates(writer: ByteWriter, countAt: number, { changedQuerySets }: Client): void {
    writeQuerySetUpdates(writer, countAt, changedQuerySets, this.#core.subscriptions.changes);
  }

  #sendSubscriptionError(client: Client, requestId: number | undefined, querySetId: number, error: string): void {
    const lane = this.#core.outbox.lane(client.isConfirmed);
    lane.begin(client.number);
    writeSubscriptionError(lane.writer, requestId, querySetId, error);
    lane.end();
  }
}

function refuseQuerySetId({ querySets, identity, caller }: Client, id: number): string | undefined {
  if (!querySets.has(id)) return undefined;
  const ids = `(${identity.toHex()}, ${caller.connectionId.toHex()})`;
  return `Subscription with id QuerySetId { id: ${id} } already exists for client: ${ids}`;
}

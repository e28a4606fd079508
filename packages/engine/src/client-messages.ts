import {
  type CallReducer,
  type ClientMessage,
  type OneOffQuery,
  RowListWriter,
  beginOneOffQueryResult,
  beginReducerResultOk,
  writeOneOffQueryError,
  writeReducerResultErrText,
  writeReducerResultInternalError,
  writeTableName,
} from '@lightcone/protocol';
import { QueryError, type RowsPlan, visitRows } from '@lightcone/query';
import { admitCall, isRefusal } from './admission.ts';
import type { Client } from './client.ts';
import type { Core } from './core.ts';
import type { LoadedModule } from './loaded-module.ts';
import { answerProcedureCall } from './procedures/answer-procedure-call.ts';
import { callReducer, failureText } from './reducer-calls.ts';

const UNIT = new Uint8Array(0);
const rowList = new RowListWriter();

/** Does what a client's message asks for and writes the answer to the client's lane. */
export function handleClientMessage(core: Core, module: LoadedModule, client: Client, message: ClientMessage): void {
  switch (message.tag) {
    case 'CallReducer':
      answerCall(core, module, client, message);
      break;
    case 'Subscribe': {
      const { requestId, querySetId, queries } = message;
      core.subscriptions.subscribe(client, requestId, querySetId, queries);
      break;
    }
    case 'Unsubscribe':
      core.subscriptions.unsubscribe(client, message.requestId, message.querySetId, message.sendDroppedRows);
      break;
    case 'OneOffQuery':
      answerQuery(core, client, message);
      break;
    case 'CallProcedure': {
      const answering = core.procedures.track(answerProcedureCall(core, module, client, message));
      answering.catch((error: Error) => core.options.onFailure(error));
      break;
    }
  }
}

function answerCall(core: Core, module: LoadedModule, client: Client, message: CallReducer): void {
  const { requestId, args } = message;
  const timestampMicros = core.options.clock.nowMicros();
  const lane = core.outbox.lane(client.isConfirmed);
  const reducer = admitCall(module, message.reducer, args, client.isOwner);
  if (isRefusal(reducer)) {
    core.logLine('Error', reducer.message, message.reducer);
    lane.begin(client.number);
    writeReducerResultInternalError(lane.writer, requestId, timestampMicros, reducer.message);
    lane.end();
    return;
  }
  const outcome = callReducer(core, module, reducer, client.caller, timestampMicros, args, 0, args.length);
  lane.begin(client.number);
  switch (outcome.kind) {
    case 'ok':
      core.subscriptions.writeUpdates(
        lane.writer,
        beginReducerResultOk(lane.writer, requestId, timestampMicros, UNIT),
        client,
      );
      break;
    case 'error':
      writeReducerResultErrText(lane.writer, requestId, timestampMicros, outcome.message);
      break;
    case 'trapped':
    case 'outOfEnergy':
    case 'viewFailed':
      writeReducerResultInternalError(lane.writer, requestId, timestampMicros, failureText(outcome));
      break;
  }
  lane.end();
  if (outcome.kind === 'ok') core.transactions.publish(client);
}

function answerQuery(core: Core, client: Client, { requestId, query }: OneOffQuery): void {
  const lane = core.outbox.lane(client.isConfirmed);
  let plan: RowsPlan;
  try {
    // Before the answer is begun: planning may commit what views the query reads.
    plan = core.queries.planQuery(query, client);
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    lane.begin(client.number);
    writeOneOffQueryError(lane.writer, requestId, error.message);
    lane.end();
    return;
  }
  lane.begin(client.number);
  lane.writer.setU32(beginOneOffQueryResult(lane.writer, requestId), 1);
  writeTableName(lane.writer, plan.table.name);
  rowList.begin(lane.writer);
  visitRows(plan, core.rows, client.identity.bytes, {
    row(bytes, start, end) {
      rowList.row(bytes, start, end);
      return true;
    },
  });
  rowList.end();
  lane.end();
}

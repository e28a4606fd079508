import { ByteReader, ByteWriter, SatsError } from '@lightcone/sats';
import { ERRNO } from '../errno.ts';
import type { Guest } from '../guest/guest.ts';
import { GuestTrap } from '../guest/guest-trap.ts';
import type { GuestTurns } from '../guest/guest-turns.ts';
import { stackProbe } from '../guest/stack-probe.ts';
import { readHttpRequest, writeHttpResponse } from '../http/http-message-codec.ts';
import type { HttpRequest } from '../http/http-message.ts';
import type { HttpExchange, HttpFailure, ProcedureCalls } from '../procedure-calls.ts';
import { COST } from './import-costs.ts';
import type { ImportFunctions } from './import-functions.ts';

/** The imports that may answer a promise. */
export const WAITING_IMPORTS: ReadonlySet<string> = new Set(['procedure_sleep_until', 'procedure_http_request']);

// Headers become objects of the host, some twenty bytes for each byte. No server takes a head of this size.
const MAX_HEAD_BYTES = 1 << 20;
const HTTP_DISABLED = 'module outbound HTTP requests are disabled';

/**
 * What only procedures and HTTP handlers may do.
 *
 * @param turns undefined in an instance for reducers and views, where most of this traps
 */
export function procedureImports(guest: Guest, turns: GuestTurns | undefined): ImportFunctions {
  const { memory, calls, sources, environment } = guest;
  const checkStack = stackProbe();

  function mustBeInProcedure(name: string): GuestTurns {
    if (turns === undefined || guest.isInitializing) {
      throw new GuestTrap(`${name} is only available in async instances`);
    }
    return turns;
  }

  /** The transaction of the procedure that is running; undefined when there is none. */
  function openTransaction(): ProcedureCalls | undefined {
    return turns !== undefined && calls.isInTransaction() ? turns.procedures : undefined;
  }

  function addSource(bytes: Uint8Array): number {
    guest.charge(bytes.length * COST.perKeptByte);
    return sources.add(bytes, 0, bytes.length);
  }

  function finishHttp(result: HttpExchange | HttpFailure, out: number): number {
    const writer = new ByteWriter();
    if ('error' in result) {
      writer.string(result.error);
      memory.writeU32(out, addSource(writer.finish()));
      return ERRNO.httpError;
    }
    writeHttpResponse(writer, result.response);
    memory.check(out, 8);
    memory.writeU32(out, addSource(writer.finish()));
    memory.writeU32(out + 4, result.body.length === 0 ? 0 : addSource(result.body));
    return 0;
  }

  return {
    procedure_sleep_until(wakeAtMicros: bigint): bigint | Promise<number | bigint> {
      const running = mustBeInProcedure('procedure_sleep_until');
      if (calls.isInTransaction()) {
        throw new GuestTrap('procedure_sleep_until was called with a transaction open: commit or abort it first');
      }
      guest.charge(COST.suspension);
      const now = BigInt(environment.nowMicros());
      if (wakeAtMicros <= now) return now;
      return running.suspend(running.procedures.sleepUntil(wakeAtMicros), (wokenAt) => wokenAt);
    },

    procedure_start_mut_tx(out: number): number {
      if (calls.isInTransaction()) return ERRNO.wouldBlockTransaction;
      const { procedures } = mustBeInProcedure('procedure_start_mut_tx');
      checkStack();
      guest.charge(COST.transaction);
      memory.writeI64(out >>> 0, procedures.beginTransaction());
      return 0;
    },

    procedure_commit_mut_tx(): number {
      const procedures = openTransaction();
      if (procedures === undefined) return ERRNO.transactionNotAnonymous;
      checkStack();
      const failure = procedures.commitTransaction();
      if (failure !== undefined) throw new GuestTrap(failure);
      return 0;
    },

    procedure_abort_mut_tx(): number {
      const procedures = openTransaction();
      if (procedures === undefined) return ERRNO.transactionNotAnonymous;
      checkStack();
      procedures.abortTransaction();
      return 0;
    },

    procedure_http_request(
      requestPointer: number,
      requestLength: number,
      bodyPointer: number,
      bodyLength: number,
      out: number,
    ): number | Promise<number | bigint> {
      const running = mustBeInProcedure('procedure_http_request');
      const start = requestPointer >>> 0;
      const length = requestLength >>> 0;
      memory.check(start, length);
      guest.charge(COST.suspension);
      if (length > MAX_HEAD_BYTES) {
        const error = `the request without its body has ${length} bytes; the most is ${MAX_HEAD_BYTES}`;
        return finishHttp({ error }, out >>> 0);
      }
      const request = decode(memory.bytes.slice(start, start + length));
      if (request === undefined) return ERRNO.bsatnDecodeError;
      const body = bodyPointer >>> 0;
      memory.check(body, bodyLength >>> 0);
      if (!running.procedures.isHttpEnabled) return finishHttp({ error: HTTP_DISABLED }, out >>> 0);
      if (calls.isInTransaction()) return ERRNO.wouldBlockTransaction;
      guest.charge((bodyLength >>> 0) * COST.perKeptByte);
      const bytes = memory.bytes.slice(body, body + (bodyLength >>> 0));
      return running.suspend(running.procedures.httpRequest(request, bytes), (result) => finishHttp(result, out >>> 0));
    },
  };
}

function decode(bytes: Uint8Array): HttpRequest | undefined {
  try {
    return readHttpRequest(new ByteReader(bytes));
  } catch (error) {
    if (error instanceof SatsError) return undefined;
    throw error;
  }
}

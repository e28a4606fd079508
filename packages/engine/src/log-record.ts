import type { LogRecord } from '@lightcone/host';
import type { Clock } from './clock.ts';

/** One line of a database's log: what the module wrote, or the engine about it. */
export interface DatabaseLogRecord extends LogRecord {
  /** The reducer that was running, or the last that was; undefined before the first. */
  readonly functionName: string | undefined;
}

/** A line of the engine's own. */
export function engineLogRecord(
  clock: Clock,
  level: DatabaseLogRecord['level'],
  message: string,
  functionName: string = HOST_LOG_NAME,
): DatabaseLogRecord {
  return {
    level,
    timestampMicros: Number(clock.nowMicros()),
    target: HOST_LOG_NAME,
    fileName: HOST_LOG_NAME,
    lineNumber: undefined,
    functionName,
    message,
    trace: undefined,
  };
}

/** What tools that read database logs expect in the lines of the host. */
const HOST_LOG_NAME = '__spacetimedb__';

/** A record as the JSON object that log files hold and `GET …/logs` answers with, without a line end. */
export function formatLogRecord(record: DatabaseLogRecord): string {
  return JSON.stringify({
    level: record.level,
    ts: record.timestampMicros,
    target: record.target,
    filename: record.fileName,
    line_number: record.lineNumber,
    function: record.functionName,
    message: record.message,
    trace: record.trace?.map(({ moduleName, functionName }) => ({ module_name: moduleName, func_name: functionName })),
  });
}

import type { LogRecord } from '@lightcone/host';

/** One line of a database's log: what the module wrote, or the engine about it. */
export interface DatabaseLogRecord extends LogRecord {
  /** The reducer that was running, or the last that was; undefined before the first. */
  readonly functionName: string | undefined;
}

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

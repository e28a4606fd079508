/** The numbers of `console_log`; any other number means Debug. */
export type LogLevel = 'Error' | 'Warn' | 'Info' | 'Debug' | 'Trace' | 'Panic';

/**
 * One line that the module wrote to its log. The function that was running is the engine's to add: it knows names.
 */
export interface LogRecord {
  readonly level: LogLevel;
  /** Wall clock, microseconds since the Unix epoch. */
  readonly timestampMicros: number;
  readonly target: string | undefined;
  readonly fileName: string | undefined;
  readonly lineNumber: number | undefined;
  readonly message: string;
  /** The guest's stack, innermost first; on level Panic only. */
  readonly trace: readonly TraceFrame[] | undefined;
}

export interface TraceFrame {
  readonly moduleName: string | undefined;
  /** Absent when the module carries no names. */
  readonly functionName: string | undefined;
}

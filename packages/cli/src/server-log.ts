import { pino } from 'pino';
import type { Logger } from 'pino';
import type { Terminal } from './terminal.ts';

/** The server's log, on the terminal: a line of words where a person watches, JSON for programs. */
export function serverLog(terminal: Terminal): Logger {
  const level = terminal.environment['LIGHTCONE_LOG'] ?? 'warn';
  const destination = { write: (line: string) => terminal.note(terminal.isWatched ? words(line) : line.trimEnd()) };
  return pino({ level, base: null }, destination);
}

/** `WARN the message key=value` */
function words(line: string): string {
  const { level, msg, time: _time, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const name = pino.levels.labels[Number(level)] ?? 'info';
  const details = Object.entries(fields).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return [name.toUpperCase().padStart(5), String(msg), ...details].join(' ');
}

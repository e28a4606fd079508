/** A line that the server itself adds to a module's log. */
export function hostLogLine(level: 'Error' | 'Warn' | 'Info', message: string, now: Date): string {
  const host = '__spacetimedb__';
  const ts = now.getTime() * 1000;
  return `${JSON.stringify({ level, ts, target: host, filename: host, function: host, message })}\n`;
}

import { console_log, console_timer_end, console_timer_start } from '../abi/spacetime_10.0';
import { mustSucceed } from '../abi/errno';

/** Writes a line into the database's log; `console.log` and its siblings become calls of this. */
export function log(level: u32, file: string, line: u32, message: string): void {
  const text = String.UTF8.encode(message);
  const name = String.UTF8.encode(file);
  console_log(level, 0, 0, changetype<usize>(name), name.byteLength, line, changetype<usize>(text), text.byteLength);
}

/** How long something takes, for the log: `const timer = new LogStopwatch("import"); …; timer.end();` */
export class LogStopwatch {
  private timer: u32;

  constructor(name: string) {
    const text = String.UTF8.encode(name);
    // Empty text has an address too.
    this.timer = console_timer_start(changetype<usize>(text), text.byteLength);
  }

  end(): void {
    mustSucceed(console_timer_end(this.timer), 'the stopwatch');
  }
}

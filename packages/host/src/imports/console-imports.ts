import { ERRNO } from '../errno.ts';
import type { Guest } from '../guest/guest.ts';
import type { LogLevel } from '../log-record.ts';
import { guestTrace } from './guest-trace.ts';
import { COST } from './import-costs.ts';
import type { ImportFunctions } from './import-functions.ts';
import { debugDuration, debugString } from './rust-debug.ts';

const PANIC_LEVEL = 101;
const LEVELS: readonly LogLevel[] = ['Error', 'Warn', 'Info', 'Debug', 'Trace'];
const NO_LINE = 0xffff_ffff;

/** The module's log and its timing spans. */
export function consoleImports(guest: Guest): ImportFunctions {
  const { memory, environment, timers } = guest;

  /** An optional text: undefined when the pointer is null. */
  function optionalText(pointer: number, length: number): string | undefined {
    return pointer === 0 ? undefined : memory.readLossyText(pointer, length);
  }

  return {
    // Bad pointers drop the record in silence: a log line must never end a call.
    console_log(
      levelNumber: number,
      targetPointer: number,
      targetLength: number,
      filePointer: number,
      fileLength: number,
      line: number,
      messagePointer: number,
      messageLength: number,
    ): void {
      const target = targetPointer >>> 0;
      const file = filePointer >>> 0;
      const message = messagePointer >>> 0;
      if (target !== 0 && !memory.contains(target, targetLength >>> 0)) return;
      if (file !== 0 && !memory.contains(file, fileLength >>> 0)) return;
      if (!memory.contains(message, messageLength >>> 0)) return;
      guest.charge(COST.logRecord + (messageLength >>> 0) * COST.perKeptByte);
      const number = levelNumber & 0xff;
      const isPanic = number === PANIC_LEVEL;
      environment.log({
        level: isPanic ? 'Panic' : (LEVELS[number] ?? 'Debug'),
        timestampMicros: environment.nowMicros(),
        target: optionalText(target, targetLength >>> 0),
        fileName: optionalText(file, fileLength >>> 0),
        lineNumber: line >>> 0 === NO_LINE ? undefined : line >>> 0,
        message: memory.readLossyText(message, messageLength >>> 0),
        trace: isPanic ? guestTrace() : undefined,
      });
    },

    console_timer_start(namePointer: number, nameLength: number): number {
      memory.check(namePointer >>> 0, nameLength >>> 0);
      guest.charge(COST.logRecord + (nameLength >>> 0) * COST.perKeptByte);
      return timers.start(memory.readLossyText(namePointer >>> 0, nameLength >>> 0), environment.nowMicros());
    },

    console_timer_end(handle: number): number {
      const timer = timers.end(handle >>> 0);
      if (timer === undefined) return ERRNO.noSuchConsoleTimer;
      guest.charge(COST.logRecord);
      const now = environment.nowMicros();
      const elapsed = debugDuration(now - timer.startedAtMicros);
      environment.log({
        level: 'Info',
        timestampMicros: now,
        target: undefined,
        fileName: undefined,
        lineNumber: undefined,
        message: `Timing span ${debugString(timer.name)}: ${elapsed}`,
        trace: undefined,
      });
      return 0;
    },
  };
}

import { ERRNO } from '../errno.ts';
import type { Guest } from '../guest/guest.ts';
import type { LogLevel, LogRecord } from '../log-record.ts';
import { guestTrace } from './guest-trace.ts';
import { COST } from './import-costs.ts';
import type { ImportFunctions } from './import-functions.ts';
import { debugDuration, debugString } from './rust-debug.ts';

const PANIC_LEVEL = 101;
const LEVELS: readonly LogLevel[] = ['Error', 'Warn', 'Info', 'Debug', 'Trace'];
const NO_LINE = 0xffff_ffff;

// The reference has no limits; a line of the log that nobody can read helps nobody.
const MAX_MESSAGE_BYTES = 2 ** 20;
// Of a target, a file's name, or the name of a timer.
const MAX_NAME_BYTES = 1024;
/** What a record takes in the log beside its texts, about. */
const RECORD_BYTES = 128;
/** What is left of the allowance for log records when all but panics are dropped. */
const RESERVED_FOR_PANICS = 2 ** 20;
const LOG_IS_FULL = 'this call has logged 15 MiB: what else it logs is dropped';

/** The module's log and its timing spans. */
export function consoleImports(guest: Guest): ImportFunctions {
  const { memory, environment, timers } = guest;

  /** A text that has been checked; what is too long is cut off. */
  function text(pointer: number, length: number, most: number): string {
    if (length <= most) return memory.readLossyText(pointer, length);
    return `${memory.readLossyText(pointer, most)} [cut off: ${length} bytes]`;
  }

  /** An optional name: undefined when the pointer is null. */
  function optionalName(pointer: number, length: number): string | undefined {
    return pointer === 0 ? undefined : text(pointer, length, MAX_NAME_BYTES);
  }

  /** Whether there is room in the log of this call; the first record for which there is none leaves a note. */
  function reserve(bytes: number, isPanic: boolean): boolean {
    const { log } = guest;
    const reserved = isPanic ? 0 : RESERVED_FOR_PANICS;
    if (log.left < reserved) return false;
    log.take(bytes);
    if (log.left >= reserved) return true;
    environment.log(hostRecord('Warn', environment.nowMicros(), LOG_IS_FULL));
    return false;
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
      const nameBytes = Math.min(targetLength >>> 0, MAX_NAME_BYTES) + Math.min(fileLength >>> 0, MAX_NAME_BYTES);
      const bytes = RECORD_BYTES + nameBytes + Math.min(messageLength >>> 0, MAX_MESSAGE_BYTES);
      guest.charge(COST.logRecord + bytes * COST.perKeptByte);
      const number = levelNumber & 0xff;
      const isPanic = number === PANIC_LEVEL;
      if (!reserve(bytes, isPanic)) return;
      if (isPanic) guest.charge(COST.trace);
      const words = text(message, messageLength >>> 0, MAX_MESSAGE_BYTES);
      if (isPanic && guest.isInitializing) guest.lastWords = words;
      environment.log({
        level: isPanic ? 'Panic' : (LEVELS[number] ?? 'Debug'),
        timestampMicros: environment.nowMicros(),
        target: optionalName(target, targetLength >>> 0),
        fileName: optionalName(file, fileLength >>> 0),
        lineNumber: line >>> 0 === NO_LINE ? undefined : line >>> 0,
        message: words,
        trace: isPanic ? guestTrace() : undefined,
      });
    },

    console_timer_start(namePointer: number, nameLength: number): number {
      memory.check(namePointer >>> 0, nameLength >>> 0);
      guest.charge(COST.logRecord);
      return timers.start(text(namePointer >>> 0, nameLength >>> 0, MAX_NAME_BYTES), environment.nowMicros());
    },

    console_timer_end(handle: number): number {
      const timer = timers.end(handle >>> 0);
      if (timer === undefined) return ERRNO.noSuchConsoleTimer;
      const bytes = RECORD_BYTES + timer.name.length;
      guest.charge(COST.logRecord + bytes * COST.perKeptByte);
      const now = environment.nowMicros();
      const elapsed = debugDuration(now - timer.startedAtMicros);
      if (reserve(bytes, false)) {
        environment.log(hostRecord('Info', now, `Timing span ${debugString(timer.name)}: ${elapsed}`));
      }
      return 0;
    },
  };
}

/** A record of the host's own words: it names no place in the module. */
function hostRecord(level: LogLevel, timestampMicros: number, message: string): LogRecord {
  return {
    level,
    timestampMicros,
    target: undefined,
    fileName: undefined,
    lineNumber: undefined,
    message,
    trace: undefined,
  };
}

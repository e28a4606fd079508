import { ERRNO } from '../errno.ts';
import { GuestTrap } from '../guest/guest-trap.ts';
import { stackProbe } from '../guest/stack-probe.ts';
import type { Guest } from '../guest/guest.ts';
import { COST } from './import-costs.ts';
import type { ImportFunctions } from './import-functions.ts';

// The reference has no limit. A message or a result beyond this would not fit a frame either.
const MAX_SINK_BYTES = 256 * 1024 * 1024;
// What a scheduled call takes in memory beside its arguments, about.
const SCHEDULED_CALL_BYTES = 256;
const CONNECTION_ID_BYTES = 16;
const IDENTITY_BYTES = 32;
const encoder = new TextEncoder();

/** Bytes that go in and out of the guest: arguments, results, claims, the database's identity. */
export function bytesImports(guest: Guest): ImportFunctions {
  const { memory, calls, sources, sinks } = guest;
  const checkStack = stackProbe();
  return {
    bytes_source_read(handle: number, buffer: number, lengthPointer: number): number {
      const source = sources.find(handle >>> 0);
      if (source === undefined) return ERRNO.noSuchBytes;
      const lengthAt = lengthPointer >>> 0;
      const capacity = memory.readU32(lengthAt);
      memory.check(buffer >>> 0, capacity);
      const count = Math.min(capacity, source.end - source.at);
      guest.charge(COST.call + count * COST.perByte);
      memory.write(buffer >>> 0, source.bytes, source.at, source.at + count);
      memory.writeU32(lengthAt, count);
      source.at += count;
      if (source.at < source.end) return 0;
      sources.close(source);
      return -1;
    },

    bytes_source_remaining_length(handle: number, out: number): number {
      const source = sources.find(handle >>> 0);
      if (source === undefined) return ERRNO.noSuchBytes;
      memory.writeU32(out >>> 0, source.end - source.at);
      return 0;
    },

    bytes_sink_write(handle: number, buffer: number, lengthPointer: number): number {
      const sink = sinks.find(handle >>> 0);
      if (sink === undefined) return ERRNO.noSuchBytes;
      const length = memory.readU32(lengthPointer >>> 0);
      const start = buffer >>> 0;
      memory.check(start, length);
      if (sink.length + length > MAX_SINK_BYTES) return ERRNO.noSpace;
      guest.charge(COST.call + length * COST.perByte);
      sink.slice(memory.bytes, start, start + length);
      return 0;
    },

    get_jwt(connectionIdPointer: number, out: number): number {
      const at = connectionIdPointer >>> 0;
      memory.check(at, CONNECTION_ID_BYTES);
      if (!calls.isInTransaction()) return ERRNO.notInTransaction;
      const payload = calls.jwtPayload(memory.bytes.slice(at, at + CONNECTION_ID_BYTES));
      guest.charge(COST.call + (payload?.length ?? 0) * COST.perByte);
      let source = 0;
      if (payload !== undefined) {
        const bytes = encoder.encode(payload);
        source = sources.add(bytes, 0, bytes.length);
      }
      memory.writeU32(out >>> 0, source);
      return 0;
    },

    identity(out: number): void {
      memory.check(out >>> 0, IDENTITY_BYTES);
      memory.write(out >>> 0, guest.environment.databaseIdentity, 0, IDENTITY_BYTES);
    },

    volatile_nonatomic_schedule_immediate(
      namePointer: number,
      nameLength: number,
      argsPointer: number,
      argsLength: number,
    ): void {
      const name = memory.readText(namePointer >>> 0, nameLength >>> 0);
      const start = argsPointer >>> 0;
      memory.check(start, argsLength >>> 0);
      checkStack();
      guest.charge(COST.rowWritten + (argsLength >>> 0) * COST.perKeptByte);
      const kept = SCHEDULED_CALL_BYTES + (nameLength >>> 0) + (argsLength >>> 0);
      if (kept > guest.scheduled.left) throw new GuestTrap('one call has scheduled more calls than 64 MiB can hold');
      guest.scheduled.take(kept);
      calls.scheduleImmediate(name, memory.bytes.slice(start, start + (argsLength >>> 0)));
    },
  };
}

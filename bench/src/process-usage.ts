import { readFileSync } from 'node:fs';

/** What a process has used so far, from Linux's /proc. */
export interface ProcessUsage {
  readonly userMicros: number;
  readonly systemMicros: number;
  readonly peakMemoryBytes: number;
  readonly residentBytes: number;
}

/** USER_HZ, the unit of /proc/<pid>/stat: 100 on every Linux that Node runs on. */
const MICROS_PER_TICK = 10_000;

export function processUsage(pid: number): ProcessUsage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The command's name may hold blanks; fields are counted from its closing parenthesis, which ends field 2.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kilobytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0);
  return {
    userMicros: Number(fields[11]) * MICROS_PER_TICK,
    systemMicros: Number(fields[12]) * MICROS_PER_TICK,
    peakMemoryBytes: kilobytes('VmHWM') * 1024,
    residentBytes: kilobytes('VmRSS') * 1024,
  };
}

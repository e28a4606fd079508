import type { TraceFrame } from '../log-record.ts';

const MAX_FRAMES = 64;

interface StackLimit {
  stackTraceLimit: number;
}

/**
 * The guest's functions that are on the stack, innermost first, read from V8's own trace:
 * `    at name (wasm://wasm/module-0123abcd:wasm-function[7]:0x1f3)`, with no name when the module carries none.
 */
export function guestTrace(): TraceFrame[] {
  const limits = Error as unknown as StackLimit; // V8's; undefined and harmless to set elsewhere
  const before = limits.stackTraceLimit;
  limits.stackTraceLimit = MAX_FRAMES;
  const { stack } = new Error('trace');
  limits.stackTraceLimit = before;
  return (stack ?? '').split('\n').flatMap(parseFrame);
}

function parseFrame(line: string): TraceFrame[] {
  const at = line.lastIndexOf('wasm://wasm/');
  if (at < 0) return [];
  const location = /^wasm:\/\/wasm\/(?:(.+)-)?[0-9a-f]+:wasm-function\[\d+\]/.exec(line.slice(at));
  if (location === null) return [];
  const name = /^\s+at (.+) \($/.exec(line.slice(0, at))?.[1];
  return [{ moduleName: location[1], functionName: name === undefined ? undefined : functionName(name, location[1]) }];
}

/** V8 puts the module's name before the function's; Rust's compiler appends a hash to it. */
function functionName(name: string, moduleName: string | undefined): string {
  const own = moduleName !== undefined && name.startsWith(`${moduleName}.`) ? name.slice(moduleName.length + 1) : name;
  return own.replace(/::h[0-9a-f]{16}$/, '');
}

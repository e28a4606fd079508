import { console_log } from '../abi/spacetime_10.0';

const PANIC: u32 = 101;

/**
 * Ends the call as failed: the message goes to the module's log, the transaction is rolled back and the caller hears
 * that the module broke. For mistakes of the module; a caller's mistake is a `SenderError`.
 */
export function panic(message: string): void {
  abort(changetype<usize>(message), 0, 0, 0);
}

/**
 * What the compiler calls for `throw`, `assert`, an index out of bounds and the like, with addresses of strings or 0.
 *
 * A recursion that is too deep comes here, too, with no room left on the collector's stack: so this has no frame there
 * itself, and begins that stack anew, as nobody returns to what is on it.
 */
export function abort(message: usize, file: usize, line: u32, column: u32): void {
  if (ASC_RUNTIME == 2) __stack_pointer = __heap_base;
  // The compiler's own text for that lies where the heap is by now.
  const isStackOverflow = message > __heap_base && line == 1 && column == 1;
  if (isStackOverflow) logPanic(0, 0, 0);
  else logPanic(message, file, line);
  unreachable();
}

function logPanic(message: usize, file: usize, line: u32): void {
  const text = String.UTF8.encode(
    message == 0 ? 'the module called itself too often, or aborted without a message' : changetype<string>(message),
  );
  const at = changetype<usize>(text);
  if (file == 0) {
    console_log(PANIC, 0, 0, 0, 0, u32.MAX_VALUE, at, text.byteLength);
  } else {
    const name = String.UTF8.encode(changetype<string>(file));
    console_log(PANIC, 0, 0, changetype<usize>(name), name.byteLength, line, at, text.byteLength);
  }
}

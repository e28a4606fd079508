import { volatile_nonatomic_schedule_immediate } from '../abi/spacetime_10.0';
import { written, writtenLength } from '../bsatn/writer';

/** Asks for a call, with the arguments that were written, that happens even if this one fails. */
export function callSoon(name: string): void {
  const text = String.UTF8.encode(name);
  volatile_nonatomic_schedule_immediate(changetype<usize>(text), text.byteLength, written(), writtenLength());
}

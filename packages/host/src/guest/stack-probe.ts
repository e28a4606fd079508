import { ByteWriter } from '@lightcone/sats';
import { OP } from '../wasm/instructions.ts';
import { patchSize, reserveSize, writeUnsigned } from '../wasm/leb.ts';
import { SECTION } from '../wasm/module-shape.ts';
import { EMPTY_BLOCK } from '../wasm/value-types.ts';
import { MODULE_HEADER, writeSection } from '../wasm/write-section.ts';

/** How much stack a host call is promised. */
const PROBED_BYTES = 32 * 1024;

let probe: (() => void) | undefined;

/**
 * A function that throws V8's RangeError when less than 32 KiB of stack is left.
 *
 * A guest that recurses for ever would otherwise run out of stack at any point inside the store, between two changes
 * that belong together. JavaScript cannot ask how much stack there is, but V8 checks a WebAssembly function's whole
 * frame on entry, and this one's has room for thousands of values that are pending over a call. They belong to a
 * path that is never taken, so the check costs some nanoseconds.
 */
export function stackProbe(): () => void {
  probe ??= compileProbe();
  return probe;
}

const VALUE_BYTES = 16;
const VALUES = PROBED_BYTES / VALUE_BYTES;

/** Compiles, with the first function doing nothing:
 *
 *     (func (export "probe") (local v128)
 *       (call_indirect (i32.const 0))     ;; a call on the usual path too, or V8 makes no frame there
 *       (if (i32.load (i32.const 0)) (then
 *         (v128.load offset=0 (i32.const 0)) … (v128.load offset=32752 (i32.const 0))
 *         (call_indirect (i32.const 0))
 *         (i8x16.add) …
 *         (local.set 0)
 *         (v128.store (i32.const 0) (local.get 0)))))
 */
function compileProbe(): () => void {
  const out = new ByteWriter(VALUES * 12);
  out.raw(MODULE_HEADER);
  writeSection(out, SECTION.type, [1, 0x60, 0, 0]);
  writeSection(out, SECTION.function, [2, 0, 0]);
  writeSection(out, SECTION.table, [1, 0x70, 0, 1]);
  writeSection(out, SECTION.memory, [1, 0, 1]);
  writeSection(out, SECTION.export, [1, 5, ...new TextEncoder().encode('probe'), 0, 1]);
  writeSection(out, SECTION.element, [1, 0, OP.i32Const, 0, OP.end, 1, 0]);
  out.u8(SECTION.code);
  const codeSize = reserveSize(out);
  out.raw(Uint8Array.of(2, 2, 0, OP.end));
  const bodySize = reserveSize(out);
  const callNothing = Uint8Array.of(OP.i32Const, 0, OP.callIndirect, 0, 0);
  const load = Uint8Array.of(OP.i32Const, 0, OP.simdPrefix, 0x00, 4);
  const add = Uint8Array.of(OP.simdPrefix, 0x6e);
  out.raw(Uint8Array.of(1, 1, 0x7b));
  out.raw(callNothing);
  out.raw(Uint8Array.of(OP.i32Const, 0, 0x28, 2, 0, OP.if, EMPTY_BLOCK));
  for (let i = 0; i < VALUES; i++) {
    out.raw(load);
    writeUnsigned(out, i * VALUE_BYTES);
  }
  out.raw(callNothing);
  for (let i = 1; i < VALUES; i++) out.raw(add);
  out.raw(Uint8Array.of(OP.localSet, 0, OP.i32Const, 0, OP.localGet, 0, OP.simdPrefix, 0x0b, 4, 0, OP.end, OP.end));
  patchSize(out, bodySize);
  patchSize(out, codeSize);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(out.finish() as BufferSource));
  return instance.exports['probe'] as () => void;
}

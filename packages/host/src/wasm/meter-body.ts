import type { ByteWriter } from '@lightcone/sats';
import { UPFRONT_COST } from './function-prices.ts';
import { OP } from './instructions.ts';
import { writeSigned, writeUnsigned } from './leb.ts';
import type { FunctionBody } from './module-shape.ts';
import { EDIT } from './scan-body.ts';
import type { BodyEdits } from './scan-body.ts';
import { EMPTY_BLOCK } from './value-types.ts';

export interface MeterContext {
  readonly bytes: Uint8Array;
  readonly out: ByteWriter;
  /** The index of the global that holds the fuel. */
  readonly fuel: number;
  /** Whether exceptions can unwind functions of this module: no debt may then be pending over a call. */
  readonly hasExceptions: boolean;
}

const I64 = 0x7e;
const I32 = 0x7f;
// Bytes, or elements, that a bulk instruction handles in the time of one ordinary one: 2^3.
const BULK_SHIFT = 3;

/**
 * Writes one function's code with its metering, as the scanner planned it.
 *
 *     locals                            locals, debt: i64, rest: i64
 *                                       rest = fuel
 *                                       block results
 *     A                                   debt += cost(A); A
 *     loop                                loop
 *       B                                   debt += cost(B); if debt > rest { trap }; B
 *       call f                              rest = fuel -= debt; debt = 0; call f
 *       br_if 0                             br_if 0
 *     end                                 end
 *     C                                   debt += cost(C); C
 *     return                              br to the end
 *     end                               end
 *                                       fuel -= debt; if fuel < 0 { trap }
 *
 * The debt is a local, which V8 keeps in a register: counting in the global itself cost up to seven times as much.
 * It is paid where the function is left, and before calls if the function has loops; without loops what can be
 * pending is bounded by the size of the code. Every way to go on for ever passes a check: a loop its head, a
 * recursion its returns, tail calls their leaving.
 */
export function writeMeteredBody(
  context: MeterContext,
  body: FunctionBody,
  edits: BodyEdits,
  blockType: Uint8Array,
): void {
  new BodyWriter(context, edits).write(body, blockType);
}

/**
 * Writes the code of a function whose callers pay for it: it pays for what it calls, in the same way, at once.
 *
 *     locals                            locals, debt: i64
 *     A                                 A
 *     if                                if
 *       B; call f; call g                 fuel -= price(f) + price(g); if fuel < 0 { trap }; B; call f; call g
 *     end                               end
 */
export function writePrepaidBody(context: MeterContext, body: FunctionBody, edits: BodyEdits): void {
  new BodyWriter(context, edits).writePrepaid(body);
}

/** How many locals the meter adds at most. */
export const ADDED_LOCALS = 3;

class BodyWriter {
  readonly #context: MeterContext;
  readonly #out: ByteWriter;
  readonly #edits: BodyEdits;
  /** The added locals. */
  readonly #debt: number;
  readonly #rest: number;
  readonly #length: number;

  constructor(context: MeterContext, edits: BodyEdits) {
    this.#context = context;
    this.#out = context.out;
    this.#edits = edits;
    this.#debt = edits.localCount;
    this.#rest = this.#debt + 1;
    this.#length = edits.hasLoop ? this.#debt + 2 : this.#debt + 1;
  }

  write(body: FunctionBody, blockType: Uint8Array): void {
    const edits = this.#edits;
    this.#writeLocals();
    if (!edits.hasLoop && !edits.hasBulk && edits.totalCost <= UPFRONT_COST) {
      this.#constantDebt(edits.totalCost);
      this.#pay(edits.hasCall);
      this.#copy(edits.codeStart, body.end);
      return;
    }
    if (edits.hasLoop) {
      this.#global(OP.globalGet);
      this.#local(OP.localSet, this.#rest);
    }
    this.#out.u8(OP.block);
    this.#out.raw(blockType);
    this.#writeCode(body);
    this.#pay(edits.hasCall);
    this.#out.u8(OP.end);
  }

  writePrepaid(body: FunctionBody): void {
    const { count, at, cost, codeStart } = this.#edits;
    this.#writeLocals();
    let copied = codeStart;
    for (let i = 0; i < count; i++) {
      if (cost[i]! === 0 || this.#edits.kind[i] !== EDIT.charge) continue; // the lists are valid up to the count
      this.#copy(copied, at[i]!);
      copied = at[i]!;
      this.#constantDebt(cost[i]!);
      this.#pay(true);
    }
    this.#copy(copied, body.end);
  }

  #writeLocals(): void {
    const out = this.#out;
    const { localGroups, localsStart, codeStart, hasLoop, hasBulk } = this.#edits;
    writeUnsigned(out, localGroups + (hasBulk ? 2 : 1));
    this.#copy(localsStart, codeStart);
    writeUnsigned(out, hasLoop ? 2 : 1);
    out.u8(I64);
    if (hasBulk) {
      writeUnsigned(out, 1);
      out.u8(I32);
    }
  }

  #writeCode(body: FunctionBody): void {
    const { count, at, kind, cost, codeStart, hasLoop } = this.#edits;
    const paysBeforeCalls = hasLoop || this.#context.hasExceptions;
    let copied = codeStart;
    for (let i = 0; i < count; i++) {
      const place = at[i]!; // the lists are valid up to the count
      this.#copy(copied, place);
      copied = place;
      switch (kind[i]!) {
        case EDIT.charge:
          this.#addDebt(cost[i]!);
          break;
        case EDIT.loop:
          this.#addDebt(cost[i]!);
          this.#trapWhenBroke();
          break;
        case EDIT.call:
          if (paysBeforeCalls) this.#payBeforeCall();
          break;
        case EDIT.leave:
          this.#pay(true);
          this.#constantDebt(0); // this function itself may catch what it throws
          break;
        case EDIT.return:
          this.#out.u8(OP.br);
          writeUnsigned(this.#out, cost[i]!);
          copied = place + 1;
          break;
        case EDIT.bulk:
          this.#addLengthToDebt();
          break;
      }
    }
    this.#copy(copied, body.end);
  }

  /** debt = cost */
  #constantDebt(cost: number): void {
    this.#constant(cost);
    this.#local(OP.localSet, this.#debt);
  }

  /** debt += cost */
  #addDebt(cost: number): void {
    if (cost === 0) return;
    this.#local(OP.localGet, this.#debt);
    this.#constant(cost);
    this.#out.u8(OP.i64Add);
    this.#local(OP.localSet, this.#debt);
  }

  /** if (debt > rest) { fuel -= debt; unreachable } */
  #trapWhenBroke(): void {
    const out = this.#out;
    this.#local(OP.localGet, this.#debt);
    this.#local(OP.localGet, this.#rest);
    out.u8(OP.i64GreaterThanSigned);
    out.u8(OP.if);
    out.u8(EMPTY_BLOCK);
    this.#pay(false);
    out.u8(OP.unreachable);
    out.u8(OP.end);
  }

  /** rest = fuel -= debt; debt = 0. A rest below zero traps at the next head of a loop. */
  #payBeforeCall(): void {
    this.#global(OP.globalGet);
    this.#local(OP.localGet, this.#debt);
    this.#out.u8(OP.i64Sub);
    if (this.#edits.hasLoop) this.#local(OP.localTee, this.#rest);
    this.#global(OP.globalSet);
    this.#constantDebt(0);
  }

  /** fuel -= debt, and perhaps: if (fuel < 0) unreachable. The debt is no longer one then. */
  #pay(isChecked: boolean): void {
    const out = this.#out;
    this.#global(OP.globalGet);
    this.#local(OP.localGet, this.#debt);
    out.u8(OP.i64Sub);
    if (isChecked) this.#local(OP.localTee, this.#debt);
    this.#global(OP.globalSet);
    if (!isChecked) return;
    this.#local(OP.localGet, this.#debt);
    this.#constant(0);
    out.u8(OP.i64LessThanSigned);
    out.u8(OP.if);
    out.u8(EMPTY_BLOCK);
    out.u8(OP.unreachable);
    out.u8(OP.end);
  }

  /** debt += length >> BULK_SHIFT, leaving the length on the stack */
  #addLengthToDebt(): void {
    const out = this.#out;
    this.#local(OP.localTee, this.#length);
    this.#local(OP.localGet, this.#length);
    out.u8(OP.i64ExtendI32Unsigned);
    this.#constant(BULK_SHIFT);
    out.u8(OP.i64ShiftRightUnsigned);
    this.#local(OP.localGet, this.#debt);
    out.u8(OP.i64Add);
    this.#local(OP.localSet, this.#debt);
  }

  #copy(start: number, end: number): void {
    this.#out.slice(this.#context.bytes, start, end);
  }

  #local(opcode: number, index: number): void {
    this.#out.u8(opcode);
    writeUnsigned(this.#out, index);
  }

  #global(opcode: number): void {
    this.#out.u8(opcode);
    writeUnsigned(this.#out, this.#context.fuel);
  }

  #constant(value: number): void {
    this.#out.u8(OP.i64Const);
    writeSigned(this.#out, value);
  }
}

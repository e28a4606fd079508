import { OP, MISC, readIndex, skipImmediates } from './instructions.ts';
import type { IndexBounds } from './instructions.ts';
import type { FunctionBody } from './module-shape.ts';
import { readValueType, skipBlockType } from './value-types.ts';
import { WasmReader } from './wasm-reader.ts';

/** What the meter puts into a function's code. */
export const EDIT = {
  /** A basic region begins: its cost is due. */
  charge: 0,
  /** The same at the head of a loop. */
  loop: 1,
  /** A call follows. */
  call: 2,
  /** A tail call or a throw follows, which leaves the function other than through its end. */
  leave: 3,
  /** A `return` is here; the cost is the depth of the label that stands for the function's end. */
  return: 4,
  /** The next instruction works on as many bytes or elements as the number on top of the operand stack says. */
  bulk: 5,
} as const;
export type EditKind = (typeof EDIT)[keyof typeof EDIT];

/**
 * The edits of one function, in order of their place. Parallel lists, reused for every function and therefore only
 * valid up to `count`: there are tens of thousands of edits in a module.
 */
export class BodyEdits {
  count = 0;
  /** Offsets in the module of the instruction before which each edit goes. */
  readonly at: number[] = [];
  readonly kind: EditKind[] = [];
  readonly cost: number[] = [];
  /** Where the declarations of locals start, behind their count, and how many groups there are. */
  localsStart = 0;
  localGroups = 0;
  /** Parameters and declared locals. */
  localCount = 0;
  /** Where the instructions start. */
  codeStart = 0;
  /** The cost of all regions together. */
  totalCost = 0;
  /** Functions that `call` instructions name, valid up to the count. */
  readonly callees: number[] = [];
  calleeCount = 0;
  /** Whether there are calls of another kind. */
  hasOtherCall = false;
  hasLoop = false;
  /** Whether anything may touch the fuel while this function is running. */
  hasCall = false;
  hasBulk = false;

  add(kind: EditKind, at: number, cost: number): void {
    this.at[this.count] = at;
    this.kind[this.count] = kind;
    this.cost[this.count] = cost;
    this.count++;
  }

  clear(): void {
    this.count = 0;
    this.totalCost = 0;
    this.calleeCount = 0;
    this.hasOtherCall = false;
    this.hasLoop = false;
    this.hasCall = false;
    this.hasBulk = false;
  }
}

export interface ScanOptions {
  readonly typeCount: number;
  readonly globalCount: number;
  readonly paramCount: number;
  /** A call costs what it calls, too, as far as that is paid for by its callers. */
  readonly prices: CallPrices;
  /** Whether the function's own instructions have been paid for, so that only prices count. */
  readonly isPrepaid: boolean;
}

/** What the scanner needs to know of `FunctionPrices`. */
export interface CallPrices {
  readonly prices: Float64Array;
  isFree(functionIndex: number): boolean;
}

// What takes several instructions of the processor costs several units: a turn of a loop has V8's check for
// interrupts and ours, a call its frame.
const LOOP_COST = 3;
const CALL_COST = 3;
// Growing a memory maps pages and makes the host's views anew.
const GROW_COST = 5000;
// V8 unwinds the stack in its runtime.
const THROW_COST = 2000;
// V8's first compiler sets every local to zero; its second one, only what is used.
const CHEAP_LOCALS = 256;
const LOCALS_PER_UNIT = 4;
const NO_REGION = -1;

/** What a label stands for. */
const LABEL = { block: 0, loop: 1, if: 2, try: 3 } as const;

/**
 * Finds the basic regions of a function: runs of instructions that are executed all or none. A region begins where
 * control can arrive from elsewhere or may have gone elsewhere, and its cost is charged there at once.
 */
export class BodyScanner {
  readonly edits: BodyEdits = new BodyEdits();
  /** Whether any body scanned so far can catch exceptions. */
  hasSeenTry = false;
  readonly #labels: number[] = [];
  readonly #isTarget: boolean[] = [];
  /** The edit that carries the cost of the region being read, or `NO_REGION` where nothing can be executed. */
  #region = NO_REGION;
  #regionCost = 0;
  #isPrepaid = false;

  /** Scans one body; `edits` holds the result until the next scan. */
  scan(bytes: Uint8Array, body: FunctionBody, options: ScanOptions): void {
    const reader = new WasmReader(bytes, body.start, body.end);
    const { edits } = this;
    edits.clear();
    this.#isPrepaid = options.isPrepaid;
    this.#labels.length = 0;
    this.#isTarget.length = 0;
    this.#readLocals(reader, options);
    this.#instructions(reader, { ...options, localCount: edits.localCount }, options.prices);
    if (reader.at !== body.end) throw reader.malformed('code after the end of a function');
  }

  #readLocals(reader: WasmReader, { paramCount, typeCount }: ScanOptions): void {
    const { edits } = this;
    edits.localGroups = reader.count();
    edits.localsStart = reader.at;
    edits.localCount = paramCount;
    for (let i = 0; i < edits.localGroups; i++) {
      edits.localCount += reader.u32();
      readValueType(reader, typeCount);
    }
    edits.codeStart = reader.at;
  }

  #instructions(reader: WasmReader, bounds: IndexBounds, prices: CallPrices): void {
    const labels = this.#labels;
    this.#open(EDIT.charge, reader.at);
    this.#count(Math.ceil(Math.max(bounds.localCount - CHEAP_LOCALS, 0) / LOCALS_PER_UNIT));
    for (;;) {
      const { at } = reader;
      const opcode = reader.u8();
      switch (opcode) {
        case OP.block:
          skipBlockType(reader, bounds.typeCount);
          this.#push(LABEL.block);
          break;
        case OP.try:
          skipBlockType(reader, bounds.typeCount);
          this.#push(LABEL.try);
          this.hasSeenTry = true;
          break;
        case OP.tryTable:
          skipBlockType(reader, bounds.typeCount);
          this.#readCatches(reader);
          this.#push(LABEL.try);
          this.hasSeenTry = true;
          break;
        case OP.loop:
          skipBlockType(reader, bounds.typeCount);
          this.#push(LABEL.loop);
          this.edits.hasLoop = true;
          this.#open(EDIT.loop, reader.at);
          this.#count(LOOP_COST);
          break;
        case OP.if:
          this.#count(1);
          skipBlockType(reader, bounds.typeCount);
          this.#push(LABEL.if);
          this.#open(EDIT.charge, reader.at);
          break;
        case OP.catch:
          reader.u32();
          this.#open(EDIT.charge, reader.at);
          break;
        case OP.else:
        case OP.catchAll:
          this.#open(EDIT.charge, reader.at);
          break;
        case OP.end: {
          const label = labels.pop();
          if (label === undefined) {
            this.#close();
            return;
          }
          const isTarget = this.#isTarget.pop() === true;
          if (label === LABEL.if || label === LABEL.try || (label === LABEL.block && isTarget)) {
            this.#open(EDIT.charge, reader.at);
          }
          break;
        }
        case OP.delegate:
          reader.u32();
          if (labels.pop() === undefined) throw reader.malformed('delegate outside of try', at);
          this.#isTarget.pop();
          this.#open(EDIT.charge, reader.at);
          break;
        case OP.br:
          this.#count(1);
          this.#readTarget(reader);
          this.#close();
          break;
        case OP.brIf:
        case OP.brOnNull:
        case OP.brOnNonNull:
          this.#count(1);
          this.#readTarget(reader);
          this.#open(EDIT.charge, reader.at);
          break;
        case OP.brTable: {
          this.#count(1);
          const targets = reader.count();
          for (let i = 0; i <= targets; i++) this.#readTarget(reader);
          this.#close();
          break;
        }
        case OP.return:
          this.#count(1);
          this.edits.add(EDIT.return, at, labels.length);
          this.#close();
          break;
        case OP.unreachable:
          this.#count(1);
          this.#close();
          break;
        case OP.throw:
        case OP.rethrow:
          reader.u32();
          this.#count(THROW_COST);
          this.#leave(at);
          break;
        case OP.throwRef:
          this.#count(THROW_COST);
          this.#leave(at);
          break;
        case OP.call:
          this.#directCall(at, reader.u32(), prices);
          break;
        case OP.callRef:
          this.#call(at);
          readIndex(reader, bounds.typeCount, 'type');
          break;
        case OP.callIndirect:
          this.#call(at);
          readIndex(reader, bounds.typeCount, 'type');
          reader.u32();
          break;
        case OP.returnCall:
          this.#countPrice(reader.u32(), prices);
          this.#leave(at);
          break;
        case OP.returnCallRef:
          this.#leave(at);
          readIndex(reader, bounds.typeCount, 'type');
          break;
        case OP.returnCallIndirect:
          this.#leave(at);
          readIndex(reader, bounds.typeCount, 'type');
          reader.u32();
          break;
        case OP.nop:
          break;
        case OP.memoryGrow:
          this.#count(GROW_COST);
          skipImmediates(reader, opcode, bounds);
          break;
        case OP.miscPrefix:
          this.#count(1);
          this.#misc(at, skipImmediates(reader, opcode, bounds));
          break;
        default:
          this.#count(1);
          skipImmediates(reader, opcode, bounds);
      }
    }
  }

  #misc(at: number, sub: number): void {
    switch (sub) {
      case MISC.tableGrow:
        this.#count(GROW_COST);
        this.#bulk(at);
        break;
      case MISC.memoryInit:
      case MISC.memoryCopy:
      case MISC.memoryFill:
      case MISC.tableInit:
      case MISC.tableCopy:
      case MISC.tableFill:
        this.#bulk(at);
        break;
      default:
    }
  }

  #bulk(at: number): void {
    this.edits.hasBulk = true;
    this.edits.add(EDIT.bulk, at, 0);
  }

  #directCall(at: number, callee: number, prices: CallPrices): void {
    const { edits } = this;
    edits.callees[edits.calleeCount++] = callee;
    this.#count(CALL_COST);
    this.#countPrice(callee, prices);
    if (prices.isFree(callee)) return; // it leaves the fuel alone
    edits.hasCall = true;
    edits.add(EDIT.call, at, 0);
  }

  #call(at: number): void {
    this.#count(CALL_COST);
    this.edits.hasOtherCall = true;
    this.edits.hasCall = true;
    this.edits.add(EDIT.call, at, 0);
  }

  /** An instruction that leaves the function other than through its end. */
  #leave(at: number): void {
    this.#count(CALL_COST);
    this.edits.hasOtherCall = true;
    this.edits.hasCall = true;
    this.edits.add(EDIT.leave, at, 0);
    this.#close();
  }

  #push(label: number): void {
    this.#labels.push(label);
    this.#isTarget.push(false);
  }

  #readTarget(reader: WasmReader): void {
    const depth = this.#labels.length;
    const { at } = reader;
    const target = reader.u32();
    if (target > depth) throw reader.malformed(`branch to label ${target} out of ${depth + 1}`, at);
    if (target < depth) this.#isTarget[depth - 1 - target] = true;
  }

  /** Reads the clauses of `try_table`, whose labels are counted from outside of it. */
  #readCatches(reader: WasmReader): void {
    const count = reader.count();
    for (let i = 0; i < count; i++) {
      const { at } = reader;
      const kind = reader.u8();
      if (kind > 3) throw reader.malformed(`unknown catch clause ${kind}`, at);
      if (kind < 2) reader.u32();
      this.#readTarget(reader);
    }
  }

  #count(cost: number): void {
    if (!this.#isPrepaid) this.#regionCost += cost;
  }

  #countPrice(callee: number, { prices }: CallPrices): void {
    this.#regionCost += prices[callee] ?? 0; // V8 refuses an index that is out of range
  }

  /** Ends the region before and begins one here, with an edit that will carry its cost. */
  #open(kind: EditKind, at: number): void {
    this.#close();
    this.#region = this.edits.count;
    this.edits.add(kind, at, 0);
  }

  /** Ends the region; what follows cannot be executed unless another one begins. */
  #close(): void {
    if (this.#region !== NO_REGION) {
      this.edits.cost[this.#region] = this.#regionCost;
      this.edits.totalCost += this.#regionCost;
      this.#region = NO_REGION;
    }
    this.#regionCost = 0;
  }
}

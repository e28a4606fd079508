/** Numbers that follow from a seed. */
export class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed | 0;
  }
  /** A whole number from 0 to `bound` - 1. */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  }
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!; // below the length
  }
}

/** A label that code may branch to, and how many values the branch takes. Heads of loops are no such labels. */
type Label = 0 | 1 | 'loop';

const FUNCTIONS = 5;
const PLAIN_LOCALS = 3;
const LOOP_LOCALS = 12;

/** A leaf, what calls leaves, what ends in a call, and recursions, alone and in turns. */
const SMALL_FUNCTIONS = `
  (func $idle (type $fn) local.get 0)
  (func $leaf (type $fn) local.get 0 i32.const 3 i32.mul)
  (func $caller (type $fn) local.get 0 i32.const 1 i32.and if (result i32) local.get 0 call $leaf call $leaf
    else local.get 0 call $leaf return end)
  (func $tail (type $fn) local.get 0 i32.const 2 i32.and if local.get 0 return_call $caller end local.get 0 return_call $down)
  (func $tree (type $fn) local.get 0 i32.const 7 i32.and local.tee 0 i32.const 2 i32.lt_u
    if (result i32) i32.const 1
    else local.get 0 i32.const 1 i32.sub call $tree local.get 0 i32.const 2 i32.sub call $tree i32.add end)
  (func $down (type $fn) local.get 0 i32.const 15 i32.and local.tee 0 i32.eqz if i32.const 4 return end
    local.get 0 i32.const 1 i32.sub call $and_up call $leaf)
  (func $and_up (type $fn) local.get 0 i32.const 15 i32.and local.tee 0 i32.eqz if i32.const 9 return end
    local.get 0 i32.const 1 i32.sub call $down local.get 0 i32.xor)`;
const SMALL_NAMES = ['leaf', 'caller', 'tail', 'tree', 'down', 'and_up'];

/**
 * A valid program that ends, in the text format: `run(i32) -> i32` and the functions that it calls, with every
 * shape of control flow. It may trap by dividing.
 */
export function randomProgram(seed: number): string {
  const random = new Random(seed);
  const functions = Array.from({ length: FUNCTIONS }, (_, index) => new FunctionWriter(random, index).write());
  // Only functions that no table holds can be paid for by their callers.
  const elements = functions.map((_, index) => (random.below(2) === 0 ? `$f${index}` : '$idle'));
  return `(module
  (type $fn (func (param i32) (result i32)))
  (type $pair (func (param i32) (result i32 i32)))
  (memory 1) (table funcref (elem ${elements.join(' ')}))
  (global $g (mut i32) (i32.const 7))
  (tag $oops (param i32))
  (func $two (type $pair) local.get 0 i32.const 3 i32.add local.get 0 i32.const 1 i32.and
    if (param i32) (result i32) i32.const 9 i32.xor else local.get 0 i32.const 11 return end local.get 0)
  ${SMALL_FUNCTIONS}
  ${functions.join('\n')}
  (export "run" (func $f${FUNCTIONS - 1})))`;
}

class FunctionWriter {
  readonly #random: Random;
  readonly #index: number;
  readonly #lines: string[] = [];
  readonly #labels: Label[] = [];
  #loops = 0;

  constructor(random: Random, index: number) {
    this.#random = random;
    this.#index = index;
  }

  write(): string {
    const size = this.#random.below(4);
    for (let i = 0; i < size; i++) this.#statement(4);
    this.#expression(3);
    const locals = 'i32 '.repeat(PLAIN_LOCALS + LOOP_LOCALS);
    return `(func $f${this.#index} (type $fn) (local ${locals})\n${this.#lines.join('\n')})`;
  }

  #emit(...lines: string[]): void {
    this.#lines.push(...lines);
  }

  #local(): number {
    return this.#random.below(PLAIN_LOCALS + 1);
  }

  #inLabel(label: Label, write: () => void): void {
    this.#labels.push(label);
    write();
    this.#labels.pop();
  }

  /** The depth of some label that takes so many values, if there is one. */
  #target(values: 0 | 1): number | undefined {
    const depths = this.#labels.flatMap((label, i) => (label === values ? [this.#labels.length - 1 - i] : []));
    if (values === 1) depths.push(this.#labels.length); // the function itself
    return depths.length === 0 ? undefined : this.#random.pick(depths);
  }

  #statements(depth: number): void {
    const count = 1 + this.#random.below(3);
    for (let i = 0; i < count; i++) this.#statement(depth - 1);
  }

  #statement(depth: number): void {
    const random = this.#random;
    switch (depth <= 0 ? random.below(3) : random.below(14)) {
      case 0:
        this.#expression(depth - 1);
        this.#emit(`local.set ${this.#local()}`);
        break;
      case 1:
        this.#expression(depth - 1);
        this.#emit('global.set $g', 'nop');
        break;
      case 2:
        this.#expression(depth - 1);
        this.#emit('i32.const 1023', 'i32.and');
        this.#expression(depth - 1);
        this.#emit('i32.store8');
        break;
      case 3:
      case 4:
        this.#expression(depth - 1);
        this.#emit('if');
        this.#inLabel(0, () => this.#statements(depth));
        if (random.below(2) === 0) {
          this.#emit('else');
          this.#inLabel(0, () => this.#statements(depth));
        }
        this.#emit('end');
        break;
      case 5:
      case 6:
        this.#emit('block');
        this.#inLabel(0, () => this.#statements(depth));
        this.#emit('end');
        break;
      case 7:
      case 8:
        this.#loop(depth);
        break;
      case 9: {
        const target = this.#target(0);
        if (target === undefined) break;
        this.#expression(depth - 1);
        this.#emit(`br_if ${target}`);
        break;
      }
      case 10:
        this.#leave(depth);
        break;
      case 11:
        this.#table(depth);
        break;
      case 12:
        this.#try(depth);
        break;
      case 13:
        this.#expression(depth - 1);
        this.#emit('call $two', 'i32.add', `local.set ${this.#local()}`);
        break;
      default:
    }
  }

  /** Goes round as often as its own counter says; every loop of a function has another counter. */
  #loop(depth: number): void {
    if (this.#loops === LOOP_LOCALS) return;
    const counter = 1 + PLAIN_LOCALS + this.#loops++;
    this.#emit(`i32.const ${1 + this.#random.below(6)}`, `local.set ${counter}`, 'loop');
    this.#inLabel('loop', () => {
      this.#statements(depth);
      this.#emit(`local.get ${counter}`, 'i32.const 1', 'i32.sub', `local.tee ${counter}`, 'i32.const 0', 'i32.gt_s');
      if (this.#random.below(2) === 0) this.#emit('br_if 0');
      else this.#emit('if', 'br 1', 'end');
    });
    this.#emit('end');
  }

  /** Unconditional ways out; what follows them is dead. */
  #leave(depth: number): void {
    const random = this.#random;
    this.#expression(depth - 1);
    this.#emit('if');
    this.#inLabel(0, () => {
      const target = this.#target(0);
      switch (random.below(5)) {
        case 0:
          this.#expression(depth - 1);
          this.#emit('return', 'i32.const 5', 'drop');
          break;
        case 1:
          this.#expression(depth - 1);
          this.#emit(`br ${this.#target(1) ?? 0}`);
          break;
        case 2:
          if (this.#index === 0) break;
          this.#expression(depth - 1);
          this.#emit(`return_call $f${random.below(this.#index)}`);
          break;
        case 3:
          if (this.#index === 0) break;
          this.#expression(depth - 1);
          this.#emit(`i32.const ${random.below(this.#index)}`, 'return_call_indirect (type $fn)');
          break;
        default:
          this.#emit(`br ${target ?? 0}`, 'block', 'i32.const 1', 'drop', 'end');
      }
    });
    this.#emit('end');
  }

  #table(depth: number): void {
    this.#emit('block', 'block', 'block');
    this.#expression(depth - 1);
    this.#emit('i32.const 3', 'i32.and', 'br_table 0 1 2', 'end');
    this.#labels.push(0, 0);
    this.#statements(depth);
    this.#labels.pop();
    this.#emit('end');
    this.#statements(depth);
    this.#labels.pop();
    this.#emit('end');
  }

  #try(depth: number): void {
    const random = this.#random;
    this.#emit('try');
    this.#inLabel(0, () => {
      this.#statements(depth);
      this.#expression(depth - 1);
      this.#emit('if');
      this.#expression(depth - 1);
      this.#emit('throw $oops', 'end');
    });
    if (random.below(2) === 0) {
      this.#emit('catch $oops');
      this.#emit(`local.set ${this.#local()}`);
    } else {
      this.#emit('catch_all');
    }
    this.#inLabel(0, () => this.#statements(depth));
    this.#emit('end');
  }

  #expression(depth: number): void {
    const random = this.#random;
    switch (depth <= 0 ? random.below(3) : random.below(14)) {
      case 0:
        this.#emit(`i32.const ${random.below(1000) - 200}`);
        break;
      case 1:
        this.#emit(`local.get ${this.#local()}`);
        break;
      case 2:
        this.#emit('global.get $g');
        break;
      case 3:
      case 4:
        this.#expression(depth - 1);
        this.#expression(depth - 1);
        this.#emit(random.pick(['i32.add', 'i32.sub', 'i32.mul', 'i32.xor', 'i32.lt_s', 'i32.div_u', 'i32.rotl']));
        break;
      case 5:
        this.#expression(depth - 1);
        this.#emit('i32.const 1023', 'i32.and', 'i32.load8_u');
        break;
      case 6:
        this.#expression(depth - 1);
        this.#emit('if (result i32)');
        this.#inLabel(1, () => this.#expression(depth - 1));
        this.#emit('else');
        this.#inLabel(1, () => this.#expression(depth - 1));
        this.#emit('end');
        break;
      case 7:
        this.#emit('block (result i32)');
        this.#inLabel(1, () => {
          this.#expression(depth - 1);
          this.#expression(depth - 1);
          this.#emit('br_if 0', 'drop');
          this.#expression(depth - 1);
        });
        this.#emit('end');
        break;
      case 8:
        if (this.#index === 0) {
          this.#emit('i32.const 4');
          break;
        }
        this.#expression(depth - 1);
        this.#emit(`call $f${random.below(this.#index)}`);
        break;
      case 9:
        if (this.#index === 0) {
          this.#emit('i32.const 8');
          break;
        }
        this.#expression(depth - 1);
        this.#emit(`i32.const ${random.below(this.#index)}`, 'call_indirect (type $fn)');
        break;
      case 10:
        this.#expression(depth - 1);
        this.#emit(`local.tee ${this.#local()}`);
        break;
      case 11:
        this.#expression(depth - 1);
        this.#expression(depth - 1);
        this.#expression(depth - 1);
        this.#emit('select');
        break;
      case 12:
      case 13:
        this.#expression(depth - 1);
        this.#emit(`call $${random.pick(SMALL_NAMES)}`);
        break;
      default:
    }
  }
}

/** The part of binaryen's interface that works on references to expressions, by names such as `_BinaryenIfGetBody`. */
export type Binaryen = Readonly<Record<string, (...args: readonly number[]) => number>> &
  Readonly<Record<`${string}Id`, number>>;

/** Where the children of an expression are, by its kind. Kinds that are absent here have none, or are never made. */
const children: Readonly<Record<string, readonly string[]>> = {
  If: ['Condition', 'IfTrue', 'IfFalse'],
  Loop: ['Body'],
  Break: ['Condition', 'Value'],
  Switch: ['Condition', 'Value'],
  LocalSet: ['Value'],
  GlobalSet: ['Value'],
  Load: ['Ptr'],
  Store: ['Ptr', 'Value'],
  Unary: ['Value'],
  Binary: ['Left', 'Right'],
  Select: ['IfTrue', 'IfFalse', 'Condition'],
  Drop: ['Value'],
  Return: ['Value'],
  MemoryGrow: ['Delta'],
  MemoryCopy: ['Dest', 'Source', 'Size'],
  MemoryFill: ['Dest', 'Value', 'Size'],
  CallIndirect: ['Target'],
  SIMDExtract: ['Vec'],
  SIMDReplace: ['Vec', 'Value'],
  SIMDShuffle: ['Left', 'Right'],
  SIMDTernary: ['A', 'B', 'C'],
  SIMDShift: ['Vec', 'Shift'],
  SIMDLoad: ['Ptr'],
  SIMDLoadStoreLane: ['Ptr', 'Vec'],
};

/** Kinds with any number of children. */
const lists: Readonly<Record<string, readonly [string, string]>> = {
  Block: ['Children', 'Child'],
  Call: ['Operands', 'Operand'],
  CallIndirect: ['Operands', 'Operand'],
};

const leaves = [
  'LocalGet',
  'GlobalGet',
  'Const',
  'Nop',
  'Unreachable',
  'MemorySize',
  'DataDrop',
  'AtomicFence',
  'RefNull',
  'RefFunc',
];

type Visit = (child: number, replace: (by: number) => void) => void;

/** Finds the children of expressions and puts others in their place. */
export class ExpressionChildren {
  readonly #binaryen: Binaryen;
  readonly #kinds = new Map<number, string>();

  constructor(binaryen: Binaryen) {
    this.#binaryen = binaryen;
    for (const kind of [...Object.keys(children), ...Object.keys(lists), ...leaves]) {
      const id = binaryen[`${kind}Id`];
      if (id !== undefined) this.#kinds.set(id, kind);
    }
  }

  kind(expression: number): string {
    const id = this.#call('ExpressionGetId', expression);
    const kind = this.#kinds.get(id);
    if (kind === undefined)
      throw new Error(`the module uses an instruction of a kind that cannot be looked into (${id})`);
    return kind;
  }

  visit(expression: number, visit: Visit): void {
    const kind = this.kind(expression);
    for (const name of children[kind] ?? []) {
      const child = this.#call(`${kind}Get${name}`, expression);
      if (child !== 0) visit(child, (by) => this.#call(`${kind}Set${name}`, expression, by));
    }
    const list = lists[kind];
    if (list === undefined) return;
    const [plural, singular] = list;
    const count = this.#call(`${kind}GetNum${plural}`, expression);
    for (let at = 0; at < count; at++) {
      const child = this.#call(`${kind}Get${singular}At`, expression, at);
      visit(child, (by) => this.#call(`${kind}Set${singular}At`, expression, at, by));
    }
  }

  #call(name: string, ...args: readonly number[]): number {
    const call = this.#binaryen[`_Binaryen${name}`];
    if (call === undefined) throw new Error(`this version of binaryen has no ${name}`);
    return call(...args);
  }
}

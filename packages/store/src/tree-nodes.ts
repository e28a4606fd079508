import { PointerList } from './pointer-list.ts';
import type { RowPointer } from './row-pointer.ts';

/** Entries of a leaf, children of an inner node. */
export const NODE_SIZE = 64;
/** No node. */
export const NONE = -1;

/**
 * The leaves of a tree in typed arrays: entry `slot` of leaf `n` lies at `n * NODE_SIZE + slot`.
 * Freed leaves are used again; the arrays never shrink.
 */
export class LeafNodes {
  heads: Float64Array;
  rows: Int32Array;
  /** Entries of each leaf; 0 for freed ones. */
  counts: Int32Array;
  /** The leaf with the next larger entries, or NONE. */
  next: Int32Array;
  #previous: Int32Array;
  #limit = 0;
  readonly #free = new PointerList();

  /** @param expectedEntries room for them in full leaves is made at once */
  constructor(expectedEntries: number) {
    const capacity = Math.max(1, Math.ceil(expectedEntries / NODE_SIZE));
    this.heads = new Float64Array(capacity * NODE_SIZE);
    this.rows = new Int32Array(capacity * NODE_SIZE);
    this.counts = new Int32Array(capacity);
    this.next = new Int32Array(capacity);
    this.#previous = new Int32Array(capacity);
  }

  get byteSize(): number {
    return this.heads.byteLength + this.rows.byteLength + this.counts.byteLength * 3;
  }

  /** Makes an empty leaf, in the list behind `before` (or NONE, for the first of all). */
  allocate(before: number): number {
    const leaf = this.#free.length > 0 ? this.#free.pop() : this.#limit++;
    if (leaf === this.counts.length) this.#grow();
    const after = before === NONE ? NONE : this.next[before]!;
    this.counts[leaf] = 0;
    this.#previous[leaf] = before;
    this.next[leaf] = after;
    if (before !== NONE) this.next[before] = leaf;
    if (after !== NONE) this.#previous[after] = leaf;
    return leaf;
  }

  free(leaf: number): void {
    const before = this.#previous[leaf]!;
    const after = this.next[leaf]!;
    if (before !== NONE) this.next[before] = after;
    if (after !== NONE) this.#previous[after] = before;
    this.counts[leaf] = 0;
    this.#free.push(leaf);
  }

  /** Inserts an entry into a leaf that is not full. */
  insert(leaf: number, slot: number, head: number, row: RowPointer): void {
    const { heads, rows } = this;
    const at = leaf * NODE_SIZE + slot;
    for (let i = leaf * NODE_SIZE + this.counts[leaf]!; i > at; i--) {
      heads[i] = heads[i - 1]!;
      rows[i] = rows[i - 1]!;
    }
    heads[at] = head;
    rows[at] = row;
    this.counts[leaf]!++;
  }

  remove(leaf: number, slot: number): void {
    const { heads, rows } = this;
    const last = leaf * NODE_SIZE + --this.counts[leaf]!;
    for (let i = leaf * NODE_SIZE + slot; i < last; i++) {
      heads[i] = heads[i + 1]!;
      rows[i] = rows[i + 1]!;
    }
  }

  /** Moves the entries of `from` at `slot` and behind to the end of `to`, which has room for them. */
  move(from: number, slot: number, to: number): void {
    const { heads, rows } = this;
    const source = from * NODE_SIZE + slot;
    const target = to * NODE_SIZE + this.counts[to]!;
    const count = this.counts[from]! - slot;
    for (let i = 0; i < count; i++) {
      heads[target + i] = heads[source + i]!;
      rows[target + i] = rows[source + i]!;
    }
    this.counts[from]! -= count;
    this.counts[to]! += count;
  }

  #grow(): void {
    const capacity = grownCapacity(this.counts.length);
    this.heads = copyOf(this.heads, new Float64Array(capacity * NODE_SIZE));
    this.rows = copyOf(this.rows, new Int32Array(capacity * NODE_SIZE));
    this.counts = copyOf(this.counts, new Int32Array(capacity));
    this.next = copyOf(this.next, new Int32Array(capacity));
    this.#previous = copyOf(this.#previous, new Int32Array(capacity));
  }
}

/** The inner nodes of a tree, laid out as its leaves: of each child, the least entry and the child. */
export class InnerNodes {
  heads: Float64Array = new Float64Array(0);
  rows: Int32Array = new Int32Array(0);
  children: Int32Array = new Int32Array(0);
  counts: Int32Array = new Int32Array(0);
  #limit = 0;
  readonly #free = new PointerList();

  get byteSize(): number {
    return this.heads.byteLength + this.rows.byteLength + this.children.byteLength + this.counts.byteLength;
  }

  /** Makes an empty node. */
  allocate(): number {
    const node = this.#free.length > 0 ? this.#free.pop() : this.#limit++;
    if (node === this.counts.length) this.#grow();
    this.counts[node] = 0;
    return node;
  }

  free(node: number): void {
    this.#free.push(node);
  }

  /** Inserts a child into a node that is not full. */
  insert(node: number, slot: number, head: number, row: RowPointer, child: number): void {
    const at = node * NODE_SIZE + slot;
    for (let i = node * NODE_SIZE + this.counts[node]!; i > at; i--) this.#copy(i - 1, i);
    this.heads[at] = head;
    this.rows[at] = row;
    this.children[at] = child;
    this.counts[node]!++;
  }

  remove(node: number, slot: number): void {
    const last = node * NODE_SIZE + --this.counts[node]!;
    for (let i = node * NODE_SIZE + slot; i < last; i++) this.#copy(i + 1, i);
  }

  /** Moves the children of `from` at `slot` and behind to `to`, which is empty. */
  move(from: number, slot: number, to: number): void {
    const count = this.counts[from]! - slot;
    for (let i = 0; i < count; i++) this.#copy(from * NODE_SIZE + slot + i, to * NODE_SIZE + i);
    this.counts[from] = slot;
    this.counts[to] = count;
  }

  #copy(from: number, to: number): void {
    this.heads[to] = this.heads[from]!;
    this.rows[to] = this.rows[from]!;
    this.children[to] = this.children[from]!;
  }

  #grow(): void {
    const capacity = grownCapacity(this.counts.length);
    this.heads = copyOf(this.heads, new Float64Array(capacity * NODE_SIZE));
    this.rows = copyOf(this.rows, new Int32Array(capacity * NODE_SIZE));
    this.children = copyOf(this.children, new Int32Array(capacity * NODE_SIZE));
    this.counts = copyOf(this.counts, new Int32Array(capacity));
  }
}

function grownCapacity(capacity: number): number {
  return capacity < 4096 ? Math.max(capacity * 2, 1) : Math.ceil(capacity * 1.5);
}

function copyOf<T extends Float64Array | Int32Array>(old: T, grown: T): T {
  grown.set(old);
  return grown;
}

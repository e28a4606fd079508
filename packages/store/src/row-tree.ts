import type { KeyType } from '@lightcone/sats';
import { StoreError } from './errors.ts';
import type { KeyHeads } from './key-head.ts';
import type { PointerList } from './pointer-list.ts';
import { RowGuess } from './row-guess.ts';
import type { RowPages } from './row-pages.ts';
import { NO_ROW, type RowPointer } from './row-pointer.ts';
import { InnerNodes, LeafNodes, NODE_SIZE, NONE } from './tree-nodes.ts';

/**
 * Row pointers in the order of a key: a B+tree whose nodes are slices of typed arrays.
 *
 *     inner   least entry of each child: head, row; child      (entry 0 included)
 *     leaf    entries: head, row                                previous and next leaf
 *
 * An entry is a row and the head of its key; keys themselves are read from the row, and only when
 * heads do not decide. Rows with equal keys are ordered by pointer, so that one of a million
 * duplicates is found as fast as a unique key. Every look-up descends to the place *behind* the
 * entries it is about, so what it wants is the entry before that place, always in the same leaf.
 *
 * Leaves are merged when they get sparse; inner nodes, a 64th of the size, only vanish when empty.
 * Keys that come in ascending order leave full nodes behind.
 */
export class RowTree {
  readonly #rows: RowPages;
  readonly #key: KeyType;
  readonly #heads: KeyHeads;
  readonly #isUnique: boolean;
  readonly #guess = new RowGuess();
  #size = 0;
  #root = 0;
  /** Inner levels above the leaves. */
  #height = 0;

  #leaves = new LeafNodes(0);
  #inner = new InnerNodes();

  // What is being looked for.
  #targetBytes: Uint8Array = new Uint8Array(0);
  #targetStart = 0;
  #targetHead = 0;
  /** Whether equal heads mean equal keys. */
  #isExact = false;
  /** Compares a target that is a key; a target that is a row has none. */
  #targetKey: KeyType | undefined;
  /** Entries with an equal key are before the target if their pointer is less than this. */
  #tie = 0;

  // Where the last descent ended. Level 1 of the path is the parent of the leaf.
  #leaf = 0;
  #slot = 0;
  readonly #pathNodes = new Int32Array(MAX_HEIGHT);
  readonly #pathSlots = new Int32Array(MAX_HEIGHT);

  constructor(rows: RowPages, key: KeyType, heads: KeyHeads, isUnique: boolean) {
    this.#rows = rows;
    this.#key = key;
    this.#heads = heads;
    this.#isUnique = isUnique;
    this.clear();
  }

  get size(): number {
    return this.#size;
  }

  get byteSize(): number {
    return this.#leaves.byteSize + this.#inner.byteSize;
  }

  /** @param expectedRows room for so many in full leaves is made at once: arrays that grow leave holes in the memory */
  clear(expectedRows: number = 0): void {
    this.#size = 0;
    this.#height = 0;
    this.#leaves = new LeafNodes(expectedRows);
    this.#inner = new InnerNodes();
    this.#root = this.#leaves.allocate(NONE);
  }

  /**
   * Adds a row.
   * @returns NO_ROW, or the row that has the same key already; then nothing was added
   */
  insert(row: RowPointer): RowPointer {
    this.#aimAtRow(this.#rows.bytes(row), this.#rows.start(row), this.#isUnique ? AFTER_ALL : row);
    this.#descend();
    if (this.#isUnique) {
      const equal = this.#equalBeforeSlot();
      if (equal >= 0) return equal;
    }
    this.#insertEntry(row);
    this.#size++;
    return NO_ROW;
  }

  /** Removes a row that is in the tree, while its bytes are still there. */
  remove(row: RowPointer): void {
    this.#locate(row);
    this.#removeEntry(this.#slot - 1);
    this.#size--;
  }

  /** Puts `row` in the place of `old`, whose key is equal. */
  replace(old: RowPointer, row: RowPointer): void {
    if (!this.#isUnique) {
      // Equal keys are ordered by pointer.
      this.remove(old);
      this.insert(row);
      return;
    }
    // An update has just looked the old row up, so the last descent mostly ended here.
    const at = this.#slot - 1;
    const isHere =
      at > 0 && at < this.#leaves.counts[this.#leaf]! && this.#leaves.rows[this.#leaf * NODE_SIZE + at] === old;
    if (!isHere) this.#locate(old);
    this.#leaves.rows[this.#leaf * NODE_SIZE + this.#slot - 1] = row;
    if (this.#slot === 1) this.#updateLeast();
  }

  /** The row of a unique tree whose key equals the key of the row at `rowStart`. */
  findRow(row: Uint8Array, rowStart: number): RowPointer {
    this.#aimAtRow(row, rowStart, AFTER_ALL);
    return this.#findTarget();
  }

  /** The row of a unique tree with this key. */
  findKey(key: Uint8Array, keyStart: number): RowPointer {
    this.#aimAtKey(this.#key, key, keyStart, AFTER_ALL);
    return this.#findTarget();
  }

  /**
   * Appends the rows between two keys, in order.
   *
   * A bound is a key of the leading columns of this tree's key, compared by `lowerKey`, `upperKey`;
   * undefined means no bound. Rows equal to it are in the range if it is included.
   */
  collect(
    lowerKey: KeyType | undefined,
    lower: Uint8Array,
    lowerStart: number,
    isLowerIncluded: boolean,
    upperKey: KeyType | undefined,
    upper: Uint8Array,
    upperStart: number,
    isUpperIncluded: boolean,
    out: PointerList,
  ): void {
    let leaf: number;
    let slot: number;
    if (lowerKey === undefined) {
      leaf = this.#firstLeaf();
      slot = 0;
    } else {
      this.#aimAtKey(lowerKey, lower, lowerStart, isLowerIncluded ? BEFORE_ALL : AFTER_ALL);
      this.#descend();
      leaf = this.#leaf;
      slot = this.#slot;
      if (slot === this.#leaves.counts[leaf]) {
        leaf = this.#leaves.next[leaf]!;
        slot = 0;
      }
    }
    if (leaf === NONE || slot >= this.#leaves.counts[leaf]!) return;

    let endLeaf = NONE;
    let endSlot = 0;
    if (upperKey !== undefined) {
      this.#aimAtKey(upperKey, upper, upperStart, isUpperIncluded ? AFTER_ALL : BEFORE_ALL);
      // Where the bounds are the wrong way round the first entry lies behind the last.
      if (
        !this.#isBeforeTarget(this.#leaves.heads[leaf * NODE_SIZE + slot]!, this.#leaves.rows[leaf * NODE_SIZE + slot]!)
      )
        return;
      this.#descend();
      endLeaf = this.#leaf;
      endSlot = this.#slot;
    }
    for (; leaf !== NONE; leaf = this.#leaves.next[leaf]!) {
      const base = leaf * NODE_SIZE;
      const end = leaf === endLeaf ? endSlot : this.#leaves.counts[leaf]!;
      for (; slot < end; slot++) out.push(this.#leaves.rows[base + slot]!);
      if (leaf === endLeaf) return;
      slot = 0;
    }
  }

  // ---- Looking for a target ----

  #aimAtRow(bytes: Uint8Array, start: number, tie: number): void {
    this.#targetBytes = bytes;
    this.#targetStart = start;
    this.#targetKey = undefined;
    this.#tie = tie;
    this.#targetHead = this.#heads.ofRow(bytes, start);
    this.#isExact = Math.abs(this.#targetHead) < this.#heads.exactBelow;
  }

  #aimAtKey(key: KeyType, bytes: Uint8Array, start: number, tie: number): void {
    this.#targetBytes = bytes;
    this.#targetStart = start;
    this.#targetKey = key;
    this.#tie = tie;
    this.#targetHead = this.#heads.ofKey(bytes, start);
    this.#isExact = Math.abs(this.#targetHead) < this.#heads.exactBelow;
  }

  /** Orders the target and a row whose heads are equal and do not decide. */
  #compareTarget(row: RowPointer): number {
    const bytes = this.#rows.bytes(row);
    const start = this.#rows.start(row);
    return this.#targetKey === undefined
      ? this.#key.compareRows(this.#targetBytes, this.#targetStart, bytes, start)
      : this.#targetKey.compareKeyToRow(this.#targetBytes, this.#targetStart, bytes, start);
  }

  /** The row of a unique tree whose key is the target. */
  #findTarget(): RowPointer {
    const head = this.#targetHead;
    if (this.#isExact) {
      const row = this.#guess.of(head);
      // All visible rows are in the tree when somebody looks for one.
      if (row >= 0 && this.#rows.isVisible(row) && this.#headOf(row) === head) {
        this.#guess.wasRight();
        return row;
      }
    }
    this.#descend();
    const row = this.#equalBeforeSlot();
    if (row >= 0 && this.#isExact) this.#guess.learn(head, row);
    return row;
  }

  #headOf(row: RowPointer): number {
    return this.#heads.ofRow(this.#rows.bytes(row), this.#rows.start(row));
  }

  #isBeforeTarget(head: number, row: RowPointer): boolean {
    if (head !== this.#targetHead) return head < this.#targetHead;
    if (!this.#isExact) {
      const order = this.#compareTarget(row);
      if (order !== 0) return order > 0;
    }
    return row < this.#tie;
  }

  /** Goes to the leaf and slot behind all entries that are before the target. */
  #descend(): void {
    const { heads, rows, children, counts } = this.#inner;
    let node = this.#root;
    // The heads between which the node's entries lie.
    let least = -Infinity;
    let limit = Infinity;
    for (let level = this.#height; level > 0; level--) {
      const base = node * NODE_SIZE;
      const count = counts[node]!;
      const slot = this.#search(heads, rows, base, 1, count, least, limit) - 1;
      this.#pathNodes[level] = node;
      this.#pathSlots[level] = slot;
      least = heads[base + slot]!;
      if (slot + 1 < count) limit = heads[base + slot + 1]!;
      node = children[base + slot]!;
    }
    this.#leaf = node;
    const leaves = this.#leaves;
    this.#slot = this.#search(leaves.heads, leaves.rows, node * NODE_SIZE, 0, leaves.counts[node]!, least, limit);
  }

  /**
   * The first of the entries `from` to `to` of a node that is not before the target; `to` if all are.
   * Their heads lie between `least` and `limit`.
   */
  #search(
    heads: Float64Array,
    rows: Int32Array,
    base: number,
    from: number,
    to: number,
    least: number,
    limit: number,
  ): number {
    const target = this.#targetHead;
    const first = base + from;
    const end = base + to;
    let low = first;
    // Keys are often spread evenly (numbers that count up, random ids): then the entry is at or near where it would be if
    // they were so exactly. An even guess is right, and a branch that is right lets the processor fetch what depends on it.
    const guess = first + Math.floor(((target - least) / (limit - least)) * to);
    if (guess > first && guess < end && heads[guess - 1]! < target && heads[guess]! >= target) {
      low = guess;
    } else {
      let left = to - from;
      if (guess >= first + NEAR && guess < end - NEAR) {
        if (heads[guess - NEAR]! < target) {
          low = guess - NEAR + 1;
          left = heads[guess + NEAR]! < target ? end - low : 2 * NEAR - 1;
        } else left = guess - NEAR - first;
      }
      // Without a branch on the outcome: half of the guesses would be wrong, and cost more than the rest.
      while (left > 0) {
        const half = (left + 1) >>> 1;
        low += Number(heads[low + half - 1]! < target) * half;
        left -= half;
      }
    }
    // Heads alone have decided, unless there are equal ones.
    let high = end;
    if (low === high || heads[low] !== target) return low - base;
    if (this.#isExact && this.#isUnique) return low - base + (this.#tie === AFTER_ALL ? 1 : 0);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (heads[middle] === target && this.#isBeforeTarget(target, rows[middle]!)) low = middle + 1;
      else high = middle;
    }
    return low - base;
  }

  /** The row of the entry before the slot, if its key equals the target. */
  #equalBeforeSlot(): RowPointer {
    if (this.#slot === 0) return NO_ROW;
    const at = this.#leaf * NODE_SIZE + this.#slot - 1;
    if (this.#leaves.heads[at] !== this.#targetHead) return NO_ROW;
    const row = this.#leaves.rows[at]!;
    return this.#isExact || this.#compareTarget(row) === 0 ? row : NO_ROW;
  }

  /** Goes behind the entry of a row that is in the tree. */
  #locate(row: RowPointer): void {
    this.#aimAtRow(this.#rows.bytes(row), this.#rows.start(row), this.#isUnique ? AFTER_ALL : row + 1);
    this.#descend();
    if (this.#slot === 0 || this.#leaves.rows[this.#leaf * NODE_SIZE + this.#slot - 1] !== row) {
      throw new StoreError('STORE_CORRUPT', `row ${row} is missing from an ordered index`);
    }
  }

  #firstLeaf(): number {
    let node = this.#root;
    for (let level = this.#height; level > 0; level--) node = this.#inner.children[node * NODE_SIZE]!;
    return node;
  }

  // ---- Entries of leaves ----

  /** Inserts the target's entry at the slot where the descent ended. */
  #insertEntry(row: RowPointer): void {
    const leaves = this.#leaves;
    let leaf = this.#leaf;
    let slot = this.#slot;
    let right = NONE;
    if (leaves.counts[leaf] === NODE_SIZE) {
      // An entry that is larger than all starts a leaf of its own, so that ascending keys fill theirs.
      const kept = slot === NODE_SIZE && leaves.next[leaf] === NONE ? NODE_SIZE : NODE_SIZE / 2;
      right = leaves.allocate(leaf);
      leaves.move(leaf, kept, right);
      if (slot > kept || kept === NODE_SIZE) {
        leaf = right;
        slot -= kept;
      }
    }
    leaves.insert(leaf, slot, this.#targetHead, row);
    if (slot === 0 && leaf !== right) this.#updateLeast();
    if (right !== NONE) {
      this.#insertChild(1, leaves.heads[right * NODE_SIZE]!, leaves.rows[right * NODE_SIZE]!, right);
    }
  }

  #removeEntry(slot: number): void {
    const leaf = this.#leaf;
    this.#leaves.remove(leaf, slot);
    if (this.#height === 0) return;
    const count = this.#leaves.counts[leaf]!;
    if (count === 0) {
      this.#leaves.free(leaf);
      this.#removeChild(1);
      return;
    }
    if (slot === 0) this.#updateLeast();
    if (count < NODE_SIZE / 4) this.#mergeLeaf();
  }

  /** Joins the sparse leaf of the path with a sibling, if both fit well into one. */
  #mergeLeaf(): void {
    const parent = this.#pathNodes[1]!;
    const slot = this.#pathSlots[1]!;
    const rightSlot = slot + 1 < this.#inner.counts[parent]! ? slot + 1 : slot;
    if (rightSlot === 0) return;
    const left = this.#inner.children[parent * NODE_SIZE + rightSlot - 1]!;
    const right = this.#inner.children[parent * NODE_SIZE + rightSlot]!;
    if (this.#leaves.counts[left]! + this.#leaves.counts[right]! > (NODE_SIZE * 3) / 4) return;
    this.#leaves.move(right, 0, left);
    this.#leaves.free(right);
    this.#pathSlots[1] = rightSlot;
    this.#removeChild(1);
  }

  // ---- Children of inner nodes ----

  /** Tells the ancestors on the path that the leaf's first entry is another. */
  #updateLeast(): void {
    const first = this.#leaf * NODE_SIZE;
    this.#setLeast(1, this.#leaves.heads[first]!, this.#leaves.rows[first]!);
  }

  #setLeast(fromLevel: number, head: number, row: RowPointer): void {
    for (let level = fromLevel; level <= this.#height; level++) {
      const at = this.#pathNodes[level]! * NODE_SIZE + this.#pathSlots[level]!;
      this.#inner.heads[at] = head;
      this.#inner.rows[at] = row;
      if (this.#pathSlots[level] !== 0) return;
    }
  }

  /** Adds a child behind the one on the path. */
  #insertChild(level: number, head: number, row: RowPointer, child: number): void {
    if (level > this.#height) {
      this.#addRoot(head, row, child);
      return;
    }
    const inner = this.#inner;
    let node = this.#pathNodes[level]!;
    let slot = this.#pathSlots[level]! + 1;
    let right = NONE;
    if (inner.counts[node] === NODE_SIZE) {
      const kept = slot === NODE_SIZE ? NODE_SIZE : NODE_SIZE / 2;
      right = inner.allocate();
      inner.move(node, kept, right);
      if (slot > kept || kept === NODE_SIZE) {
        node = right;
        slot -= kept;
      }
    }
    inner.insert(node, slot, head, row, child);
    if (right !== NONE) {
      this.#insertChild(level + 1, inner.heads[right * NODE_SIZE]!, inner.rows[right * NODE_SIZE]!, right);
    }
  }

  /** Puts a new root above the old one and its new sibling. */
  #addRoot(head: number, row: RowPointer, child: number): void {
    const old = this.#root;
    const { heads, rows } = this.#height === 0 ? this.#leaves : this.#inner;
    const oldHead = heads[old * NODE_SIZE]!;
    const oldRow = rows[old * NODE_SIZE]!;
    this.#root = this.#inner.allocate();
    this.#inner.insert(this.#root, 0, oldHead, oldRow, old);
    this.#inner.insert(this.#root, 1, head, row, child);
    this.#height++;
  }

  /** Removes the child on the path, which was freed. */
  #removeChild(level: number): void {
    const inner = this.#inner;
    const node = this.#pathNodes[level]!;
    const slot = this.#pathSlots[level]!;
    inner.remove(node, slot);
    if (inner.counts[node] === 0) {
      // Not the root: that is replaced by its child when one is left.
      inner.free(node);
      this.#removeChild(level + 1);
      return;
    }
    if (slot === 0) this.#setLeast(level + 1, inner.heads[node * NODE_SIZE]!, inner.rows[node * NODE_SIZE]!);
    while (this.#height > 0 && inner.counts[this.#root] === 1) {
      inner.free(this.#root);
      this.#root = inner.children[this.#root * NODE_SIZE]!;
      this.#height--;
    }
  }
}

/** Enough for 2^31 rows in nodes that are nearly empty. */
const MAX_HEIGHT = 32;
/** How far from where it is expected an entry is looked for first: with one on each side, two lines of memory. */
const NEAR = 4;

// Ties that put every entry with an equal key before, or none.
const AFTER_ALL = 2 ** 31;
const BEFORE_ALL = -1;

import type { FunctionBody, ModuleShape } from './module-shape.ts';
import { BodyScanner } from './scan-body.ts';

/** A loop-free function that can cost no more than this is paid for as a whole, when it is entered. */
export const UPFRONT_COST = 64;

// Each level of calls within a price adds at least the cost of its call.
const MAX_ROUNDS = UPFRONT_COST;

/**
 * Which functions are paid for by those that call them, and how much.
 *
 * Counting in a global costs a store and a load that waits for the store before it. A small function that only `call`
 * instructions reach need not do it: its price is part of the region in which it is called.
 *
 * - *Free*: nothing in it touches the fuel; the price covers all that it calls.
 * - *Prepaid*: the price covers its own instructions; it pays for what it calls in turn, just before. So a recursion of
 *   such functions pays and checks once on each of its edges.
 * - All others, with price 0, pay for themselves.
 */
export class FunctionPrices {
  /** By index of function, imported ones included; 0 for those that pay for themselves. */
  readonly prices: Float64Array;
  readonly #isFree: Uint8Array;

  private constructor(functionCount: number) {
    this.prices = new Float64Array(functionCount);
    this.#isFree = new Uint8Array(functionCount);
  }

  /** Prices for nothing: every function pays for itself. */
  static none(shape: ModuleShape): FunctionPrices {
    return new FunctionPrices(shape.functionTypes.length);
  }

  /**
   * Prices a module's functions.
   *
   * @throws HostError `HOST_MALFORMED_MODULE`, `HOST_UNSUPPORTED_MODULE`
   */
  static of(shape: ModuleShape): FunctionPrices {
    const result = FunctionPrices.none(shape);
    const candidates = result.#priceAlone(shape);
    for (let round = 0; round < MAX_ROUNDS; round++) if (!result.#freeMore(candidates)) break;
    return result;
  }

  isFree(functionIndex: number): boolean {
    return this.#isFree[functionIndex] === 1;
  }

  isPrepaid(functionIndex: number): boolean {
    return this.prices[functionIndex]! > 0 && this.#isFree[functionIndex] === 0; // every function has a price
  }

  /** Makes every function prepaid that can be, and answers those that may turn out to be free. */
  #priceAlone(shape: ModuleShape): Candidate[] {
    const scanner = new BodyScanner();
    const ownPrices = FunctionPrices.none(shape);
    const candidates: Candidate[] = [];
    for (const [i, body] of shape.bodies.entries()) {
      const index = shape.importedFunctionCount + i;
      if (shape.escapingFunctions.has(index)) continue;
      scanBody(scanner, shape, index, body, ownPrices, false);
      const { edits } = scanner;
      if (edits.hasLoop || edits.hasBulk || edits.totalCost > UPFRONT_COST) continue;
      this.prices[index] = edits.totalCost;
      if (!edits.hasOtherCall) candidates.push({ index, callees: edits.callees.slice(0, edits.calleeCount) });
    }
    return candidates;
  }

  /** Frees the candidates that call only free functions; answers whether there were any. */
  #freeMore(candidates: Candidate[]): boolean {
    let hasFreed = false;
    for (const { index, callees } of candidates) {
      if (this.isFree(index) || !callees.every((callee) => this.isFree(callee))) continue;
      const price = callees.reduce((sum, callee) => sum + this.prices[callee]!, this.prices[index]!); // both exist
      if (price > UPFRONT_COST) continue;
      this.prices[index] = price;
      this.#isFree[index] = 1;
      hasFreed = true;
    }
    return hasFreed;
  }
}

interface Candidate {
  readonly index: number;
  readonly callees: readonly number[];
}

/** Scans one function of a module. */
export function scanBody(
  scanner: BodyScanner,
  shape: ModuleShape,
  functionIndex: number,
  body: FunctionBody,
  prices: FunctionPrices,
  isPrepaid: boolean,
): void {
  const { bytes, types, functionTypes, globalCount } = shape;
  const paramCount = types[functionTypes[functionIndex]!]!.params.length; // checked when it was read
  scanner.scan(bytes, body, { typeCount: types.length, globalCount, paramCount, prices, isPrepaid });
}

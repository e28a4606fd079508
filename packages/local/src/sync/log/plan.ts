import { isPack } from './pieces.ts';
import type { Piece } from './pieces.ts';
import { PositionSet } from './position-set.ts';
import type { PositionRange } from './position-set.ts';

/** What asking for one more object costs, in bytes that could be read meanwhile. */
const OBJECT_COST = 64 * 1024;
/** More than all that could be read instead. */
const HOLE_COST = 2 ** 40;

/** What to read to have all up to the head, and the positions that nothing has. */
export interface Plan {
  readonly pieces: readonly Piece[];
  readonly holes: readonly PositionRange[];
}

/**
 * The cheapest way to all positions up to `head`: a device that lags behind a little reads the newest segments and a
 * small pack, a fresh one a large pack and what followed it.
 *
 * A segment whose position a pack has is passed over: it may be of a late writer who took the position for free, as the
 * segment that was there is packed and deleted (and who then puts his changes again). So is what is `unreadable`.
 *
 * It is the shortest path from 0 to `head`, where a piece leads from any position from its `from` on to its `to`, what
 * one has already leads there for nothing, and a hole, from one position to the next, is the last resort.
 */
export function planPieces(
  pieces: readonly Piece[],
  have: PositionSet,
  head: number,
  unreadable: { has(name: string): boolean } = new Set(),
): Plan {
  const packed = new PositionSet(pieces.filter((piece) => piece.isComplete && isPack(piece)));
  const usable = pieces.filter(
    (piece) =>
      piece.isComplete && piece.to <= head && !unreadable.has(piece.name) && (isPack(piece) || !packed.has(piece.to)),
  );
  const stops = new Set([0, head]);
  for (const { from, to } of usable) stops.add(from).add(to);
  for (const { from, to } of have.ranges) stops.add(Math.min(from, head)).add(Math.min(to, head));
  const positions = [...stops].sort((a, b) => a - b);

  const edgesByEnd = new Map<number, Edge[]>();
  const add = (edge: Edge): void => {
    const edges = edgesByEnd.get(edge.to);
    if (edges === undefined) edgesByEnd.set(edge.to, [edge]);
    else edges.push(edge);
  };
  for (const piece of usable) {
    const cost = piece.size + OBJECT_COST * piece.objects.length;
    add({ from: piece.from, to: piece.to, cost, piece });
  }
  for (const { from, to } of have.ranges) {
    if (from < head) add({ from, to: Math.min(to, head), cost: 0, piece: undefined });
  }

  const best = new Map<number, Step>([[0, { cost: 0, previous: 0, edge: undefined }]]);
  for (let i = 1; i < positions.length; i++) {
    const to = positions[i]!;
    const before = positions[i - 1]!;
    let step: Step = { cost: best.get(before)!.cost + HOLE_COST * (to - before), previous: before, edge: undefined };
    for (const edge of edgesByEnd.get(to) ?? []) {
      // Mostly from its own beginning, rarely from a later position that was reached cheaper.
      for (let j = i - 1; j >= 0 && positions[j]! >= edge.from; j--) {
        const previous = positions[j]!;
        const cost = best.get(previous)!.cost + edge.cost;
        if (cost < step.cost) step = { cost, previous, edge };
      }
    }
    best.set(to, step);
  }
  return walkBack(best, head);
}

interface Edge extends PositionRange {
  readonly cost: number;
  readonly piece: Piece | undefined;
}

interface Step {
  readonly cost: number;
  readonly previous: number;
  /** Undefined: a hole. */
  readonly edge: Edge | undefined;
}

function walkBack(best: ReadonlyMap<number, Step>, head: number): Plan {
  const pieces: Piece[] = [];
  const holes: PositionRange[] = [];
  for (let at = head; at > 0;) {
    const { edge, previous } = best.get(at)!; // every stop has one
    if (edge === undefined) holes.unshift({ from: previous, to: at });
    else if (edge.piece !== undefined) pieces.unshift(edge.piece);
    at = previous;
  }
  return { pieces, holes };
}

import type { Change } from '../../change.ts';

/**
 * Changes reduced to the values that are not overwritten by another of them, by id: to merge these gives the same as to
 * merge all. A change without fields says that its entity is there, and stays unless another one says so too.
 */
export function winnersOf(changes: Iterable<Change>): Change[] {
  const byId = new Map<string, Change>();
  const winnerByRegister = new Map<string, string>();
  const note = (register: string, id: string): void => {
    const winner = winnerByRegister.get(register);
    if (winner === undefined || winner < id) winnerByRegister.set(register, id);
  };
  for (const change of changes) {
    byId.set(change.id, byId.has(change.id) ? fuller(byId.get(change.id)!, change) : change);
    if (change.fields.length === 0) note(registerOf(change, ''), change.id);
    for (const { name } of change.fields) note(registerOf(change, name), change.id);
  }
  const winners: Change[] = [];
  for (const change of [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const fields = change.fields.filter(({ name }) => winnerByRegister.get(registerOf(change, name)) === change.id);
    const isThere = change.fields.length === 0 && winnerByRegister.get(registerOf(change, '')) === change.id;
    if (fields.length > 0 || isThere) winners.push({ ...change, fields });
  }
  return winners;
}

/** Of one change, of which packs may have dropped fields that were overwritten. */
function fuller(a: Change, b: Change): Change {
  return b.fields.length > a.fields.length ? b : a;
}

function registerOf({ entityType, entityId }: Change, field: string): string {
  return JSON.stringify([entityType, entityId, field]);
}

import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { RequestPace } from './request-pace.ts';
import type { RequestUnderWay } from './request-pace.ts';

/** Requests by name, with a loop whose turns are taken and a clock that goes on by hand. */
class Road {
  /** In the order in which they went. */
  readonly went: string[] = [];
  /** In the order in which answers were passed on. */
  readonly passed: string[] = [];
  readonly #underWay = new Map<string, RequestUnderWay>();
  #deferred: (() => void)[] = [];
  #later: (() => void)[] = [];
  readonly pace = new RequestPace({
    defer: (run) => this.#deferred.push(run),
    after: (_delayMs, run) => this.#later.push(run),
  });

  begin(asker: string, ...names: readonly string[]): void {
    this.beginAt('database', asker, ...names);
  }

  beginAt(database: string, asker: string, ...names: readonly string[]): void {
    for (const name of names) {
      this.pace.begin(database, asker, (request) => {
        this.went.push(name);
        this.#underWay.set(name, request);
      });
    }
  }

  answer(...names: readonly string[]): void {
    for (const name of names) this.pace.answered(this.#underWay.get(name)!, () => this.passed.push(name)); // it went
  }

  /** A turn of the event loop. */
  turn(): void {
    for (const run of this.#deferred.splice(0)) run();
  }

  /** As many milliseconds as are looked at. */
  look(times = 1): void {
    for (let i = 0; i < times; i++) for (const run of this.#later.splice(0)) run();
  }

  get isIdle(): boolean {
    return this.#deferred.length === 0 && this.#later.length === 0;
  }
}

const names = (asker: string, from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `${asker}${from + i}`);

test('all go while no client is there that asks for one thing at a time', () => {
  const road = new Road();
  road.begin('a', ...names('a', 0, 100));
  expect(road.went).toHaveLength(100);
  expect(road.isIdle).toBe(true);
});

test('beside such a client four go, and the next when one is answered, of each asker in turn', () => {
  const road = new Road();
  road.pace.modest.heard(1);
  road.begin('a', ...names('a', 0, 8));
  road.begin('b', 'b0', 'b1');
  expect(road.went).toEqual(names('a', 0, 4));
  road.answer(...names('a', 0, 4));
  expect(road.went).toHaveLength(4);
  for (let i = 0; i < 2; i++) road.turn();
  expect(road.went.slice(4)).toEqual(['a4', 'b0', 'a5', 'b1']);
});

test('of many who ask one database, and one who asks another, his goes with the first', () => {
  const road = new Road();
  road.pace.modest.heard(1);
  for (const name of names('a', 0, 100)) road.beginAt('flooded', name, name);
  road.beginAt('other', 'b', 'b0', 'b1');
  road.answer(...names('a', 0, 4));
  for (let i = 0; i < 2; i++) road.turn();
  expect(road.went.slice(4)).toEqual(['a4', 'b0', 'a5', 'b1']);
});

test('of answers that come together two are passed on in each turn', () => {
  const road = new Road();
  road.begin('a', ...names('a', 0, 5));
  road.answer(...names('a', 0, 5));
  const byTurn = [0, 1, 2, 3].map(() => {
    const before = road.passed.length;
    road.turn();
    return road.passed.length - before;
  });
  expect(byTurn).toEqual([2, 2, 1, 0]);
  expect(road.passed).toEqual(names('a', 0, 5));
  expect(road.isIdle).toBe(true);
});

test('what is held goes when no such client was heard for a thousand looks', () => {
  const road = new Road();
  road.pace.modest.heard(1);
  road.begin('a', ...names('a', 0, 3000));
  road.look(500);
  road.pace.modest.heard(1);
  road.look(999);
  expect(road.went.length).toBeLessThan(3000);
  road.look(1);
  expect(road.went).toEqual(names('a', 0, 3000));
  road.look();
  expect(road.isIdle).toBe(true);
});

test('those that take long leave their places to others', () => {
  const road = new Road();
  road.pace.modest.heard(1);
  road.begin('a', ...names('slow', 0, 4));
  road.begin('b', ...names('b', 0, 20));
  road.look(7);
  expect(road.went).toHaveLength(4);
  road.look();
  expect(road.went.slice(4)).toEqual(names('b', 0, 4));
  // They have none to leave any more when they are answered.
  road.answer('slow0');
  road.turn();
  expect(road.went).toHaveLength(8);
});

test('all go that ask a database when it stops, before it is told, and nobody else', () => {
  const road = new Road();
  road.pace.modest.heard(1);
  road.beginAt('other', 'b', ...names('b', 0, 6));
  road.beginAt('ends', 'a', ...names('a', 0, 20));
  road.pace.letAllGo('ends');
  expect(road.went).toEqual([...names('b', 0, 4), ...names('a', 0, 20)]);
  // They are under way like others.
  road.answer(...names('b', 0, 4));
  for (let i = 0; i < 2; i++) road.turn();
  expect(road.went).toHaveLength(24);
});

test('a database that has stopped takes no turn of others', () => {
  const road = new Road();
  road.pace.modest.heard(1);
  road.beginAt('busy', 'a', ...names('a', 0, 4));
  road.beginAt('ends', 'b', 'b0');
  road.beginAt('other', 'c', 'c0');
  road.pace.letAllGo('ends');
  road.answer('a0', 'a1');
  road.turn();
  expect(road.went.slice(4)).toEqual(['b0', 'c0']);
});

test('a request leaves its place when its answer is passed on, and not when that has come', () => {
  const road = new Road();
  road.pace.modest.heard(1);
  road.begin('a', ...names('a', 0, 4));
  road.answer('a0');
  road.begin('a', 'a4');
  expect(road.went).toHaveLength(4);
  road.turn();
  expect(road.went.at(-1)).toBe('a4');
});

test('who comes when such a client has gone does not overtake those that were held for it', () => {
  const road = new Road();
  road.pace.modest.heard(1);
  road.begin('a', ...names('a', 0, 6));
  road.pace.modest.forget(1);
  road.begin('a', 'a6');
  road.look();
  expect(road.went).toEqual(names('a', 0, 7));
});

property.prop([
  fc.array(
    fc.oneof(
      fc.record({ tag: fc.constant('begin' as const), asker: fc.constantFrom('a', 'b', 'c') }),
      fc.record({ tag: fc.constantFrom('answer' as const, 'turn' as const, 'look' as const, 'heard' as const) }),
    ),
    { maxLength: 200, size: 'max' },
  ),
])('whatever comes when, each request goes and is answered once, of each asker in order', (steps) => {
  const road = new Road();
  const begun: Record<string, string[]> = { a: [], b: [], c: [] };
  let answered = 0;
  const answerNext = (): void => {
    if (answered < road.went.length) road.answer(road.went[answered++]!); // one that went
  };
  for (const step of steps) {
    if (step.tag === 'begin') {
      const ofAsker = begun[step.asker]!; // one of the three
      ofAsker.push(`${step.asker}${ofAsker.length}`);
      road.begin(step.asker, ofAsker.at(-1)!); // just pushed
    } else if (step.tag === 'answer') answerNext();
    else if (step.tag === 'heard') road.pace.modest.heard(1);
    else road[step.tag]();
  }
  const count = Object.values(begun).flat().length;
  for (let i = 0; i < 4 * count; i++) {
    answerNext();
    road.turn();
    road.look();
  }
  for (const [asker, expected] of Object.entries(begun)) {
    expect(road.went.filter((name) => name.startsWith(asker))).toEqual(expected);
    expect(road.passed.filter((name) => name.startsWith(asker))).toEqual(expected);
  }
  expect(road.isIdle).toBe(true);
});

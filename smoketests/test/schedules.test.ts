// Timers of a module of the official crate: what runs, when, in whose name, and what rollbacks and restarts do to it.
import { type Infer, procedures, reducers, reducerSchema, schema, t, table } from 'spacetimedb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { call, newPerson } from '../src/http.ts';
import type { ModuleClient } from '../src/module-client.ts';
import { PublishedModule } from '../src/published-module.ts';

const runRow = t.row('Run', {
  id: t.u64().primaryKey(),
  label: t.string(),
  scheduledId: t.u64(),
  ranAt: t.timestamp(),
  caller: t.identity(),
  connection: t.option(t.connectionId()),
  isInternal: t.bool(),
});

const bindings = {
  ...schema({
    run: table({ name: 'run', public: true }, runRow),
    heartbeat: table(
      { name: 'heartbeat', public: true },
      {
        label: t.string(),
        beats: t.u32(),
        lastBeat: t.option(t.u32()),
        every: t.scheduleAt(),
        heartId: t.u64().primaryKey(),
      },
    ),
  }).schemaType,
  ...reducers(reducerSchema('forget_runs', {})).reducersType,
  ...procedures(),
  versionInfo: { cliVersion: '2.10.1' },
};

type Run = Infer<typeof runRow>;

const nothing = { nothing: [] };

let schedules: PublishedModule;
let watcher: ModuleClient<typeof bindings>;

beforeAll(async () => {
  schedules = await PublishedModule.start('schedules');
  await watch();
});

beforeEach(async () => {
  await schedules.run('stop_all_alarms');
  await schedules.run('forget_runs');
  await watcher.until('an empty log', () => watcher.db.run.count() === 0n);
});

afterAll(() => schedules?.[Symbol.asyncDispose]());

async function watch(): Promise<void> {
  watcher = await schedules.connect(bindings);
  await watcher.subscribe('SELECT * FROM run', 'SELECT * FROM heartbeat');
}

function runsOf(label: string): Run[] {
  const runs = [...watcher.db.run.iter()].filter((run) => run.label === label);
  return runs.toSorted((a, b) => Number(a.id - b.id));
}

/** Waits until something of this label has run so many times. */
function ran(label: string, times = 1): Promise<Run[]> {
  return watcher.until(`${times} runs of ${label}`, () => {
    const runs = runsOf(label);
    return runs.length >= times && runs;
  });
}

/** Whatever is due up to now has run when this resolves: timers run in the order of their times. */
async function untilNow(): Promise<void> {
  const label = `barrier ${Math.random()}`;
  await schedules.run('set_alarm', label, 0, nothing);
  await ran(label);
}

async function idOf(label: string): Promise<unknown> {
  const [row] = await schedules.rows(`SELECT scheduled_id FROM alarm WHERE label = '${label}'`);
  return row?.[0];
}

async function alarmsOf(label: string): Promise<number> {
  return (await schedules.rows(`SELECT scheduled_id FROM alarm WHERE label = '${label}'`)).length;
}

describe('one-shot timers', () => {
  test('ring once, at their time, in the name of the database; then their row is gone', async () => {
    const setAtMicros = BigInt(Date.now()) * 1000n;
    await schedules.run('set_alarm', 'once', 300, nothing);
    const id = await idOf('once');
    const [run] = await ran('once');
    expect(run?.ranAt.microsSinceUnixEpoch).toBeGreaterThanOrEqual(setAtMicros + 299_000n);
    expect(run).toMatchObject({ scheduledId: BigInt(Number(id)), connection: undefined, isInternal: true });
    expect(run?.caller.toHexString()).toMatch(/^c200/);
    expect(run?.caller.toHexString()).not.toBe(schedules.owner.identity);
    await untilNow();
    expect(await alarmsOf('once')).toBe(0);
    expect(runsOf('once')).toHaveLength(1);
  });

  test('whose time has passed ring at once', async () => {
    await schedules.run('set_alarm', 'long ago', -1_000_000, nothing);
    await expect(ran('long ago')).resolves.toHaveLength(1);
  });

  test.each([
    { deed: 'fail', logged: /fail cannot ring/ },
    { deed: 'panic', logged: /panic is broken/ },
  ])('that $deed leave a line in the log, no changes, and no row', async ({ deed, logged }) => {
    await schedules.run('set_alarm', deed, 0, { [deed]: [] });
    await untilNow();
    expect(runsOf(deed)).toEqual([]);
    expect(await alarmsOf(deed)).toBe(0);
    expect((await schedules.logs()).some(({ message }) => logged.test(message))).toBe(true);
  });

  test('that never end run out of energy, and the others ring on', { timeout: 180_000 }, async () => {
    await schedules.run('set_alarm', 'endless', 0, { loopForever: [] });
    const label = 'after the endless one';
    await schedules.run('set_alarm', label, 0, nothing);
    await ran(label);
    expect(runsOf('endless')).toEqual([]);
    expect(await alarmsOf('endless')).toBe(0);
  });

  test('two thousand at once all ring, each once', async () => {
    await schedules.run('set_alarms', 2000, 'many', 100);
    const runs = await ran('many', 2000);
    expect(new Set(runs.map(({ scheduledId }) => scheduledId)).size).toBe(2000);
    await untilNow();
    expect(runsOf('many')).toHaveLength(2000);
    expect(await alarmsOf('many')).toBe(0);
  });

  test('beyond the horizon of two years are refused', async () => {
    const threeYearsMs = 3 * 365 * 24 * 3600 * 1000;
    expect(await schedules.fail('set_alarm', 'far', threeYearsMs, nothing)).toBe(
      'The instance encountered a fatal error.',
    );
    await schedules.run('set_alarm', 'next year', threeYearsMs / 3, nothing);
    expect(await alarmsOf('next year')).toBe(1);
  });
});

describe('a transaction that fails', () => {
  test('sets no alarm', async () => {
    expect(await schedules.fail('set_alarm_and_fail', 'phantom', 0)).toBe('the alarm was not meant');
    await untilNow();
    expect(runsOf('phantom')).toEqual([]);
  });

  test('moves and stops none', async () => {
    await schedules.run('set_alarm', 'stays', 200, nothing);
    const id = await idOf('stays');
    await schedules.fail('move_alarm_and_fail', id, 3_600_000);
    await schedules.fail('stop_alarm_and_fail', id);
    await expect(ran('stays')).resolves.toHaveLength(1);
  });
});

describe('a schedule that changes before it is due', () => {
  test('rings at the new time, earlier or later', async () => {
    await schedules.run('set_alarm', 'earlier', 3_600_000, nothing);
    await schedules.run('set_alarm', 'later', 1500, nothing);
    await schedules.run('move_alarm', await idOf('later'), 3_600_000);
    await schedules.run('move_alarm', await idOf('earlier'), 1600);
    await ran('earlier');
    await untilNow();
    expect(runsOf('later')).toEqual([]);
    expect(await alarmsOf('later')).toBe(1);
  });

  test('rings no more once its row is gone, by a reducer or by SQL', async () => {
    for (const label of ['by reducer', 'by sql']) await schedules.run('set_alarm', label, 1500, nothing);
    await schedules.run('set_alarm', 'the third', 1500, nothing);
    await schedules.run('stop_alarm', await idOf('by reducer'));
    await schedules.rows("DELETE FROM alarm WHERE label = 'by sql'");
    await ran('the third');
    expect([...runsOf('by reducer'), ...runsOf('by sql')]).toEqual([]);
  });

  test('rings on after an SQL update, under its new id', async () => {
    await schedules.run('set_alarm', 'renumbered', 1500, nothing);
    await schedules.rows("UPDATE alarm SET scheduled_id = 7777 WHERE label = 'renumbered'");
    const [run] = await ran('renumbered');
    expect(run?.scheduledId).toBe(7777n);
  });
});

describe('a reducer that runs by schedule', () => {
  test('may delete its own row', async () => {
    await schedules.run('set_alarm', 'self-deleting', 0, { deleteItself: [] });
    await ran('self-deleting');
    await untilNow();
    expect(await alarmsOf('self-deleting')).toBe(0);
    expect(runsOf('self-deleting')).toHaveLength(1);
  });

  test('may move its own row, and rings again then', async () => {
    await schedules.run('set_alarm', 'self-moving', 0, { moveItself: 100 });
    const [first, second] = await ran('self-moving', 2);
    const between = Number((second?.ranAt.microsSinceUnixEpoch ?? 0n) - (first?.ranAt.microsSinceUnixEpoch ?? 0n));
    expect(between).toBeGreaterThanOrEqual(100_000);
    await untilNow();
    expect(await alarmsOf('self-moving')).toBe(0);
  });

  test('may delete or move that of another', async () => {
    await schedules.run('set_alarm', 'victim', 1500, nothing);
    await schedules.run('set_alarm', 'waiting', 3_600_000, nothing);
    await schedules.run('set_alarm', 'deleter', 0, { deleteOther: await idOf('victim') });
    await schedules.run('set_alarm', 'mover', 0, { moveOther: { scheduled_id: await idOf('waiting'), in_ms: 1600 } });
    await ran('waiting');
    expect(runsOf('victim')).toEqual([]);
  });

  test('may set the next one, and so on', async () => {
    await schedules.run('set_alarm', 'chain', 0, { setAnother: 10 });
    await expect(ran('chain', 5)).resolves.toHaveLength(5);
    await schedules.run('stop_all_alarms');
    await untilNow();
    const before = runsOf('chain').length;
    await untilNow();
    expect(runsOf('chain')).toHaveLength(before);
  });

  test('is called by nobody else than the owner', async () => {
    const stranger = await newPerson(schedules.server);
    const alarm = [1, { Interval: [1_000_000] }, 'by hand', nothing];
    const refused = await call(schedules.server, 'schedules', 'ring', [alarm], stranger.token);
    expect(refused.status).toBe(404);
    await schedules.run('ring', alarm);
    const [run] = await ran('by hand');
    expect(run).toMatchObject({ scheduledId: 1n, isInternal: false });
    expect(run?.caller.toHexString()).toBe(schedules.owner.identity);
  });
});

describe('intervals', () => {
  test.each([{ everyMs: 60 }, { everyMs: -60 }])(
    'of $everyMs ms keep their rhythm without drift',
    async ({ everyMs }) => {
      const label = `steady ${everyMs}`;
      await schedules.run('start_heartbeat', label, everyMs, { none: [] });
      const runs = await ran(label, 20);
      await schedules.run('stop_heartbeat', label);
      // A beat may come late, but no later one inherits that: each is due at a multiple of the interval.
      const times = runs.map(({ ranAt }) => Number(ranAt.microsSinceUnixEpoch));
      const start = Math.min(...times.map((time, beat) => time - beat * 60_000));
      const slots = times.map((time) => Math.floor((time - start) / 60_000));
      expect(new Set(slots).size).toBe(slots.length);
      expect(slots.at(-1)).toBeLessThan(40);
      await untilNow();
      const count = runsOf(label).length;
      await untilNow();
      expect(runsOf(label)).toHaveLength(count);
    },
  );

  test('end with their row, which the reducer may delete itself', async () => {
    await schedules.run('start_heartbeat', 'mortal', 20, { some: 5 });
    await ran('mortal', 5);
    await untilNow();
    expect(await schedules.rows("SELECT beats FROM heartbeat WHERE label = 'mortal'")).toEqual([]);
    expect(runsOf('mortal')).toHaveLength(5);
  });

  test('change with their row', async () => {
    await schedules.run('start_heartbeat', 'changing', 3_600_000, { none: [] });
    await untilNow();
    expect(runsOf('changing')).toEqual([]);
    await schedules.run('change_heartbeat', 'changing', 20);
    await ran('changing', 3);
    await schedules.run('change_heartbeat', 'changing', 3_600_000);
    await untilNow();
    const count = runsOf('changing').length;
    await untilNow();
    expect(runsOf('changing').length).toBe(count);
    await schedules.run('stop_heartbeat', 'changing');
  });

  test('go on after a failure', async () => {
    await schedules.run('start_heartbeat', 'weak one', 20, { none: [] });
    await using log = schedules.cli.follow('logs', 'schedules', '--follow');
    for (let failure = 0; failure < 3; failure++) expect(await log.lineWith('weak one is weak')).not.toBe('');
    await schedules.run('stop_heartbeat', 'weak one');
    expect(runsOf('weak one')).toEqual([]);
  });

  test('of zero run as often as possible and starve nobody', async () => {
    await schedules.run('start_heartbeat', 'frantic', 0, { none: [] });
    await ran('frantic', 50);
    await schedules.run('set_alarm', 'in between', 0, nothing);
    await ran('in between');
    await schedules.run('stop_heartbeat', 'frantic');
    await untilNow();
    const count = runsOf('frantic').length;
    await untilNow();
    expect(runsOf('frantic')).toHaveLength(count);
  });
});

describe('calls without a row', () => {
  test('run soon, in the name of the database, even if their transaction fails', async () => {
    await schedules.run('remark_soon', 'a remark');
    await schedules.fail('remark_soon_and_fail', 'another remark');
    const [remark] = await ran('a remark');
    expect(remark).toMatchObject({ scheduledId: 0n, connection: undefined, isInternal: true });
    await expect(ran('another remark')).resolves.toHaveLength(1);
  });
});

describe('scheduled procedures', () => {
  test('run once after their row is gone, and take the time they need without holding up others', async () => {
    await schedules.run('send_on_errand', 'shopping', 50, 400, false);
    await ran('shopping begins, row gone');
    await schedules.run('remark', 'meanwhile');
    await ran('shopping ends');
    const labels = [...watcher.db.run.iter()].toSorted((a, b) => Number(a.id - b.id)).map(({ label }) => label);
    expect(labels).toEqual(['shopping begins, row gone', 'meanwhile', 'shopping ends']);
    expect(await schedules.rows('SELECT * FROM errand')).toEqual([]);
  });

  test('run by interval with their row there, again after a panic', async () => {
    await schedules.run('send_on_errands', 'rounds', 30, 0, true);
    await ran('rounds begins, row there', 3);
    await schedules.run('stop_errands');
    expect(runsOf('rounds ends')).toEqual([]);
    expect((await schedules.logs()).some(({ message }) => message.includes('rounds went wrong'))).toBe(true);
  });
});

describe('after a crash', () => {
  test('what was overdue runs at once, what was not waits, intervals beat on, finished errands are not repeated', async () => {
    await schedules.run('send_on_errand', 'once only', 0, 0, false);
    await ran('once only ends');
    await schedules.run('start_heartbeat', 'survivor', 50, { none: [] });
    await schedules.run('set_alarm', 'overdue', 300, nothing);
    await schedules.run('set_alarm', 'waits', 3_600_000, nothing);
    await ran('survivor');
    await schedules.server.kill();
    await schedules.server.restart();
    await watch();
    await ran('overdue');
    const beats = runsOf('survivor').length;
    await ran('survivor', beats + 3);
    await schedules.run('stop_heartbeat', 'survivor');
    await untilNow();
    expect(runsOf('overdue')).toHaveLength(1);
    expect(runsOf('once only ends')).toHaveLength(1);
    expect(runsOf('waits')).toEqual([]);
    expect(await alarmsOf('waits')).toBe(1);
  });
});

// Whole syncs of the local-first package through a real server that speaks S3's protocol, while operations fail.
import { PrefixedBlobStore } from '@lightcone/blobs';
import { readS3Settings, S3BlobStore } from '@lightcone/blobs/s3';
import { FaultyBlobStore } from '@lightcone/blobs/testing';
import type { BlobFault } from '@lightcone/blobs/testing';
import { seededRandom } from '@lightcone/commitlog/testing';
import { createSync } from '@lightcone/local/sync';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isMissing } from '../src/needs.ts';
import { openNotes, rowsOf, rowsOfLog } from '../src/notes-database.ts';
import { S3Server, VERSITYGW } from '../src/s3-server.ts';

const ROUNDS = 25;
const FAULT_RATE = 0.15;
const seeds = [1, 2, 3];

describe.skipIf(isMissing(VERSITYGW))('through versitygw', () => {
  let server: S3Server; // from `beforeAll` on
  beforeAll(async () => {
    server = await S3Server.start();
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  const cases = (['log', 'dimple'] as const).flatMap((layout) => seeds.map((seed) => ({ layout, seed })));
  test.each(cases)(
    'two replicas (layout $layout, seed $seed) sync while operations fail, repeat and write halves, and are equal after',
    async ({ layout, seed }) => {
      const random = seededRandom(seed);
      const bucket = new S3BlobStore(readS3Settings(server.bucket, server.env));
      const inner = new PrefixedBlobStore(bucket, `sync-${layout}-${seed}`);
      let areFaultsOver = false;
      const suffered = new Set<string>();
      const faultOf = (): BlobFault | undefined => {
        if (areFaultsOver || random() > FAULT_RATE) return undefined;
        const faults: BlobFault[] = [
          { kind: 'before' },
          { kind: 'after' },
          { kind: 'repeat' },
          { kind: 'torn', bytes: Math.floor(random() * 200) },
        ];
        const fault = faults[Math.floor(random() * faults.length)]!; // there are four
        suffered.add(fault.kind);
        return fault;
      };
      const remote = new FaultyBlobStore(inner, faultOf);
      using a = openNotes();
      using b = openNotes();
      const replicas = [a, b].map((db) => ({ db, sync: createSync(db, { remote, layout }) }));

      let failures = 0;
      for (let round = 0; round < ROUNDS; round++) {
        for (const [i, { db, sync }] of replicas.entries()) {
          db.Note.save({ text: `${i} in ${round}`, writer: `${i}` });
          db.Note.save({ id: `of both ${round % 4}`, text: `${i} in ${round}` });
          await sync.once().catch((error: unknown) => {
            expect(error).toMatchObject({ name: 'SyncError' });
            expect(error).not.toMatchObject({ code: 'SYNC_DATABASE_FAILED' });
            failures++;
          });
        }
      }
      expect(failures).toBeGreaterThan(5);
      expect(suffered).toEqual(new Set(['before', 'after', 'repeat', 'torn']));

      areFaultsOver = true;
      // What was left half there is told of, and made good by whoever has what was in it.
      for (let round = 0; round < 3; round++)
        for (const { sync } of replicas) await sync.once({ verify: round === 0 }).catch(() => undefined);
      using fresh = openNotes();
      const report = await createSync(fresh, { remote, layout }).once();
      expect(report.pushed).toBe(0);
      expect(rowsOf(fresh)).toHaveLength(2 * ROUNDS + 4);
      for (const { db } of replicas) {
        expect(rowsOf(db)).toEqual(rowsOf(fresh));
        expect(rowsOfLog(db)).toEqual(rowsOf(db));
      }
    },
  );
});

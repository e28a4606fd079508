import { MsgpackReader } from './msgpack-reader.ts';
import { MsgpackWriter } from './msgpack-writer.ts';

/** Which batch each change of an author is in, by the id of the change. */
export type Manifest = Map<string, string>;

/** Writes a file of `manifests/`: a map, here sorted by change (the reference's order is that of a hash table). */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const out = new MsgpackWriter();
  out.map(manifest.size);
  for (const [change, batch] of [...manifest].sort(([a], [b]) => (a < b ? -1 : 1))) {
    out.text(change);
    out.text(batch);
  }
  return out.written();
}

/** @throws MalformedError */
export function decodeManifest(bytes: Uint8Array): Manifest {
  const reader = new MsgpackReader(bytes);
  const manifest: Manifest = new Map();
  // Many changes are in one batch: one string for all of them instead of one each.
  const batches = new Map<string, string>();
  for (let left = reader.map(); left > 0; left--) {
    const change = reader.text();
    const batch = reader.text();
    const known = batches.get(batch);
    if (known === undefined) batches.set(batch, batch);
    manifest.set(change, known ?? batch);
  }
  reader.end();
  return manifest;
}

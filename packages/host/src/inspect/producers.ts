import { HostError } from '../errors.ts';
import { WasmReader } from '../wasm/wasm-reader.ts';
import type { ProgramSection } from './program-sections.ts';

/** What a tool wrote about itself: `language` Rust, `processed-by` rustc 1.93.0. */
export interface Producer {
  readonly role: string;
  readonly name: string;
  /** Empty if it did not say. */
  readonly version: string;
}

/**
 * Reads the custom section `producers` (tool-conventions, ProducersSection.md). Anybody can write anything into it;
 * what cannot be read is left out.
 */
export function readProducers(bytes: Uint8Array, sections: readonly ProgramSection[]): Producer[] {
  const producers: Producer[] = [];
  for (const section of sections) {
    if (!section.isCustom || section.name !== 'producers') continue;
    const reader = new WasmReader(bytes, section.start, section.start + section.bytes);
    try {
      reader.name(); // "producers"
      for (let fields = reader.count(); fields > 0; fields--) {
        const role = reader.name();
        for (let values = reader.count(); values > 0; values--) {
          producers.push({ role, name: reader.name(), version: reader.name() });
        }
      }
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
    }
  }
  return producers;
}

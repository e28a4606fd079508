import { HostError } from '../errors.ts';
import { SECTION } from '../wasm/module-shape.ts';
import { programKind } from '../wasm/program-kind.ts';
import { WasmReader } from '../wasm/wasm-reader.ts';

export interface ProgramSection {
  /** `code`, `data`, …; of a custom section the name that it gives itself. */
  readonly name: string;
  readonly isCustom: boolean;
  /** Offset of the content, without the section's number and size. */
  readonly start: number;
  /** Size of the content. */
  readonly bytes: number;
}

const HEADER_BYTES = 8;
const NAMES_IN_MODULES = Object.fromEntries(Object.entries(SECTION).map(([name, id]) => [id, name]));
// In the order of their numbers: the Component Model's Binary.md, "Component Definitions".
const NAMES_IN_COMPONENTS = [
  'custom',
  'core module',
  'core instance',
  'core type',
  'component',
  'instance',
  'alias',
  'type',
  'canonical function',
  'start',
  'import',
  'export',
  'value',
];

/** The sections of a module or component as they come, up to the first that is broken. Reads no content. */
export function programSections(bytes: Uint8Array): ProgramSection[] {
  const { tag } = programKind(bytes);
  if (tag === 'other') return [];
  const names: Readonly<Record<number, string>> = tag === 'component' ? NAMES_IN_COMPONENTS : NAMES_IN_MODULES;
  const sections: ProgramSection[] = [];
  const reader = new WasmReader(bytes, HEADER_BYTES);
  try {
    while (reader.at < reader.end) {
      const id = reader.u8();
      const size = reader.u32();
      const start = reader.at;
      reader.skip(size);
      const isCustom = id === SECTION.custom;
      const name = isCustom ? new WasmReader(bytes, start, start + size).name() : (names[id] ?? `unknown ${id}`);
      sections.push({ name, isCustom, start, bytes: size });
    }
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
  }
  return sections;
}

import type * as ComponentTools from '@bytecodealliance/jco-transpile/wasm-tools';
import type { Producer } from '@lightcone/host';

/** What can be told of a component. */
export type ComponentReading =
  | {
      readonly tag: 'read';
      /** Its world, in the WIT language: what it imports and exports. */
      readonly wit: string;
      /** The component itself, then the components and core modules in it. */
      readonly parts: readonly ComponentPart[];
    }
  | { readonly tag: 'malformed'; readonly reason: string }
  /** The optional package that reads components is not installed. */
  | { readonly tag: 'noTools'; readonly packageName: string };

export interface ComponentPart {
  readonly kind: 'component' | 'module';
  /** From its name section, if it has one. */
  readonly name: string | undefined;
  readonly bytes: number;
  readonly producers: readonly Producer[];
}

const PACKAGE_NAME = '@bytecodealliance/jco-transpile';

/**
 * Reads a component with jco's tools, which are loaded only here: nothing that runs modules needs them.
 *
 * They work in the memory of a WebAssembly module of their own. Their time is not bounded: for bytes of strangers use
 * a thread that can be ended.
 */
export async function readComponent(bytes: Uint8Array): Promise<ComponentReading> {
  const tools = await loadTools();
  if (tools === undefined) return { tag: 'noTools', packageName: PACKAGE_NAME };
  try {
    const wit = await tools.componentWit(bytes);
    const metadata = await tools.metadataShow(bytes);
    const parts = metadata.map(({ name, metaType, range: [start, end], producers }): ComponentPart => {
      return {
        kind: metaType.tag,
        name,
        bytes: end - start,
        producers: producers.flatMap(([role, makers]) =>
          makers.map(([maker, version]): Producer => ({ role, name: maker, version })),
        ),
      };
    });
    return { tag: 'read', wit, parts };
  } catch (error) {
    // The tools throw objects with the text of the Rust error, and traps of their own WebAssembly.
    return { tag: 'malformed', reason: error instanceof Error ? error.message : String(error) };
  }
}

async function loadTools(): Promise<typeof ComponentTools | undefined> {
  try {
    return await import('@bytecodealliance/jco-transpile/wasm-tools');
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

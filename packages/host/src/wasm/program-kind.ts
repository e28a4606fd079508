/** What the first bytes of a program say of it. */
export type ProgramKind =
  | { readonly tag: 'module' }
  | { readonly tag: 'component' }
  /** Nothing that a host runs; `what` is a phrase for people, such as `it is an ELF file`. */
  | { readonly tag: 'other'; readonly what: string };

/** What is said to whoever gives us a component. */
export const COMPONENT_REFUSAL: string =
  'this is a WebAssembly component, which this version of Lightcone does not run; publish the core module that your ' +
  'toolchain makes with the spacetimedb library';

const WASM_MAGIC = 0x6d736100; // "\0asm" as a little-endian number
const MODULE_VERSION = 1;
const HEADER_BYTES = 8;
// Version 13 in the lower half, layer 1 in the upper one: the Component Model's Binary.md, "Component Definitions".
const COMPONENT_LAYER = 1;

/** Files that are given by mistake, by how they begin. */
const OTHERS: readonly { readonly start: readonly number[]; readonly what: string }[] = [
  { start: [0x7f, 0x45, 0x4c, 0x46], what: 'it is an ELF file, a program or library for one kind of machine' },
  { start: [0x4d, 0x5a], what: 'it is a Windows program or library' },
  { start: [0xcf, 0xfa, 0xed, 0xfe], what: 'it is a Mach-O file, a program or library for macOS' },
  { start: [0xca, 0xfe, 0xba, 0xbe], what: 'it is a Mach-O or Java class file' },
  { start: [0x1f, 0x8b], what: 'it is compressed with gzip; unpack it first' },
  { start: [0x28, 0xb5, 0x2f, 0xfd], what: 'it is compressed with zstd; unpack it first' },
  { start: [0x50, 0x4b, 0x03, 0x04], what: 'it is a zip archive; unpack it first' },
  { start: [0x42, 0x43, 0xc0, 0xde], what: 'it is LLVM bitcode, which a linker has yet to make a module of' },
  { start: [0x21, 0x3c, 0x61, 0x72, 0x63, 0x68, 0x3e, 0x0a], what: 'it is an archive of objects, a static library' },
];

/** Tells modules and components from each other and from everything else. Looks at a few hundred bytes at most. */
export function programKind(bytes: Uint8Array): ProgramKind {
  if (bytes.length === 0) return other('it is empty');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 || view.getUint32(0, true) !== WASM_MAGIC) return other(describe(bytes));
  if (bytes.length < HEADER_BYTES) {
    return other(`it ends after ${bytes.length} bytes, within the header of a WebAssembly module`);
  }
  const version = view.getUint16(4, true);
  const layer = view.getUint16(6, true);
  if (layer === COMPONENT_LAYER) return { tag: 'component' };
  if (layer === 0 && version === MODULE_VERSION) return { tag: 'module' };
  return other(`it is WebAssembly of version ${view.getUint32(4, true)}, and 1 is the version of modules`);
}

function describe(bytes: Uint8Array): string {
  const known = OTHERS.find(({ start }) => start.every((byte, i) => bytes[i] === byte));
  if (known !== undefined) return known.what;
  const text = asText(bytes.subarray(0, SAMPLE_BYTES), bytes.length > SAMPLE_BYTES);
  if (text === undefined) return `it begins with ${hex(bytes)} instead of 00 61 73 6d`;
  return /^\s*(;;.*\s*)*\((module|component)\b/.test(text)
    ? 'it is WebAssembly in the text format; assemble it first'
    : 'it is a text';
}

const SAMPLE_BYTES = 512;

/** The bytes as text, unless they are none. */
function asText(sample: Uint8Array, isCut: boolean): string | undefined {
  try {
    // The sample may end in the middle of a character.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(sample, { stream: isCut });
    // oxlint-disable-next-line no-control-regex -- they are what texts do not have
    return /[\u0000-\u0008\u000e-\u001f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

function other(what: string): ProgramKind {
  return { tag: 'other', what };
}

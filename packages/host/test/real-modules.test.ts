import binaryen from 'binaryen';
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isTooDeepForWabt, withCounter } from './support/counting.ts';
import { instantiate, meter, runMetered } from './support/run-metered.ts';
import { validateWithWabt } from './support/wat.ts';

const UPFRONT_COST = 64;
const BULK_SHIFT = 3;

const modules = globSync(new URL('../../../modules/*/*.wasm', import.meta.url).pathname).map((path) => ({
  name: basename(path),
  bytes: new Uint8Array(readFileSync(path)),
}));
/** The counter is put in by way of wabt's text, which it cannot read again where blocks nest too deep. */
const countable = modules.filter(({ bytes }) => !isTooDeepForWabt(bytes));

/** Runs what registers the module's tables and reducers; it imports nothing then. */
function initialize(exports: WebAssembly.Exports): void {
  for (const [name, value] of Object.entries(exports)) {
    if (name.startsWith('__preinit__')) (value as () => void)();
  }
}

/** Every import as a function that must not be called. */
function noImports(bytes: Uint8Array): WebAssembly.Imports {
  const imports: Record<string, Record<string, () => never>> = {};
  for (const { module, name } of WebAssembly.Module.imports(new WebAssembly.Module(bytes as BufferSource))) {
    (imports[module] ??= {})[name] = () => {
      throw new Error(`${name} was called`);
    };
  }
  return imports;
}

test('there are modules to look at, and all but a few can be counted', () => {
  expect(modules.length).toBeGreaterThan(0);
  expect(modules.length - countable.length).toBeLessThanOrEqual(1);
});

test.each(countable)(
  '$name leaves the same memory behind when metered, and pays for the instructions that it executes',
  ({ bytes }) => {
    const plain = instantiate(bytes, noImports(bytes));
    const metered = runMetered(bytes, noImports(bytes));
    const counted = instantiate(withCounter(bytes), noImports(bytes));
    for (const exports of [plain, metered.exports, counted]) initialize(exports);
    const memory = new Uint8Array((plain['memory'] as WebAssembly.Memory).buffer);
    const meteredMemory = new Uint8Array((metered.exports['memory'] as WebAssembly.Memory).buffer);
    expect(Buffer.compare(memory, meteredMemory)).toBe(0);

    const count = Number((counted['count'] as WebAssembly.Global).value);
    const entries = Number((counted['entries'] as WebAssembly.Global).value);
    expect(count).toBeGreaterThan(100);
    expect(metered.used()).toBeGreaterThanOrEqual(count);
    expect(metered.used()).toBeLessThanOrEqual(count + entries * UPFRONT_COST + (memory.length >> BULK_SHIFT));
  },
);

describe.each(modules)('$name', ({ bytes }) => {
  test('is valid for V8, wabt and binaryen once it is metered', () => {
    const metered = meter(bytes);
    expect(WebAssembly.validate(metered as BufferSource)).toBe(true);
    validateWithWabt(metered);
    const module = binaryen.readBinary(metered);
    module.setFeatures(binaryen.Features.All);
    try {
      expect(module.validate()).toBe(1);
    } finally {
      module.dispose();
    }
  });

  test('keeps its custom sections', () => {
    for (const section of ['name', 'producers', 'target_features']) {
      const [before, after] = [bytes, meter(bytes)].map((module) =>
        WebAssembly.Module.customSections(new WebAssembly.Module(module as BufferSource), section).map((content) =>
          Buffer.from(content).toString('hex'),
        ),
      );
      expect(after).toEqual(before);
    }
  });
});

import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main } from 'assemblyscript/asc';

const modules = fileURLToPath(new URL('../../../../modules', import.meta.url));

export interface Compiled {
  /** Undefined if there were errors. */
  readonly wasm: Uint8Array | undefined;
  /** What the compiler said, without colours. */
  readonly messages: string;
  /** Other files that were written, by name. */
  readonly files: ReadonlyMap<string, string>;
}

export function moduleFolder(name: string): string {
  return join(modules, name);
}

const compiled = new Map<string, Promise<Compiled>>();

/** Compiles the module in a folder, once, as `npx asc` in it would, but keeps what it writes in memory. */
export function compileModule(name: string): Promise<Compiled> {
  const result = compiled.get(name) ?? compile(moduleFolder(name), new Map());
  compiled.set(name, result);
  return result;
}

/** Compiles one file, as if it stood in a module of its own. */
export function compileSource(source: string): Promise<Compiled> {
  return compile(moduleFolder('transfers-assemblyscript'), new Map([['assembly/index.ts', source]]));
}

async function compile(folder: string, sources: ReadonlyMap<string, string>): Promise<Compiled> {
  const said: string[] = [];
  let wasm: Uint8Array | undefined;
  const files = new Map<string, string>();
  const output = { write: (text: string | Uint8Array) => said.push(String(text)) > 0, isTTY: false };
  await main(['--baseDir', folder, '--config', 'asconfig.json', '--outFile', 'module.wasm'], {
    stdout: output,
    stderr: output,
    readFile: async (file, base) => {
      const given = sources.get(file);
      if (given !== undefined) return given;
      return readFile(file.startsWith('/') ? file : join(base, file), 'utf8').catch(() => null);
    },
    writeFile: (file, contents) => {
      if (basename(file) === 'module.wasm') wasm = contents as Uint8Array;
      else files.set(file, String(contents));
    },
  });
  // oxlint-disable-next-line no-control-regex -- that is what colours are
  return { wasm, messages: said.join('').replaceAll(/\u001B\[\d+m/g, ''), files };
}

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A folder of programs that play compilers: with it as the whole PATH nothing else is found. */
export class FakeCompilers {
  readonly folder: string;

  constructor(home: string) {
    this.folder = join(home, 'bin');
    mkdirSync(this.folder);
  }

  /** @param script the body of a program in JavaScript; `args` are its arguments */
  add(name: string, script: string): this {
    const path = join(this.folder, name);
    writeFileSync(
      path,
      `#!${process.execPath}\nconst fs = require('node:fs');\nconst args = process.argv.slice(2);\n${script}\n`,
    );
    chmodSync(path, 0o755);
    return this;
  }

  /**
   * A rustc with the standard library for WebAssembly, and a cargo whose module is a copy of `src/lib.rs`, unless there
   * is "mistake" in it.
   */
  addRust(): this {
    this.add('rustc', 'console.log(__dirname);');
    return this.add(
      'cargo',
      `
      const source = fs.readFileSync('src/lib.rs', 'utf8');
      if (source.includes('mistake')) {
        console.error('error: there is a mistake');
        process.exit(101);
      }
      const wasm = process.cwd() + '/target/module.wasm';
      fs.mkdirSync('target', { recursive: true });
      fs.writeFileSync(wasm, source);
      console.error('   Compiling module');
      console.log(JSON.stringify({ reason: 'compiler-artifact', filenames: [wasm] }));
      fs.appendFileSync(__dirname + '/cargo.log', args.join(' ') + '\\n');`,
    );
  }
}

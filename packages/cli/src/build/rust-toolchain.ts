import { existsSync, globSync } from 'node:fs';
import type { Terminal } from '../terminal.ts';
import { missingTool } from './missing-tool.ts';
import { runTool } from './run-tool.ts';

export const RUST_TARGET = 'wasm32-unknown-unknown';

/** A way to build for WebAssembly. */
export interface RustToolchain {
  readonly cargo: string;
  readonly buildArguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** @throws CliError `CLI_TOOL_MISSING` */
export async function findRustToolchain(terminal: Terminal, folder: string): Promise<RustToolchain> {
  const toolchain = (await ordinaryToolchain(terminal, folder)) ?? debianToolchain();
  if (toolchain !== undefined) return toolchain;
  throw missingTool('rust', terminal.platform, `there is no Rust here that can build for ${RUST_TARGET}`);
}

/** A Rust with the target's standard library, as `rustup target add` installs it. */
async function ordinaryToolchain(terminal: Terminal, folder: string): Promise<RustToolchain | undefined> {
  const args = ['--print', 'target-libdir', '--target', RUST_TARGET];
  const run = await runTool(terminal, 'rustc', args, { folder, isQuiet: true });
  if (run === undefined || run.exitCode !== 0 || !existsSync(run.stdout.trim())) return undefined;
  return { cargo: 'cargo', buildArguments: [], environment: {} };
}

/** Debian has no standard library for the target but its source, which cargo can build along. */
function debianToolchain(): RustToolchain | undefined {
  const linker = globSync('/usr/bin/wasm-ld-*').sort().at(-1);
  const hasLibrarySource = existsSync('/usr/lib/rustlib/src/rust/library');
  if (linker === undefined || !hasLibrarySource || !existsSync('/usr/bin/cargo')) return undefined;
  return {
    cargo: '/usr/bin/cargo',
    buildArguments: ['-Zbuild-std=std,panic_abort'],
    environment: {
      RUSTC: '/usr/bin/rustc',
      // -Zbuild-std is not stable yet; this lets the stable compiler take it.
      RUSTC_BOOTSTRAP: '1',
      CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: linker,
    },
  };
}

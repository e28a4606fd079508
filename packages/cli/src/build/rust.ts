import { CliError } from '../errors.ts';
import type { Terminal } from '../terminal.ts';
import { missingTool } from './missing-tool.ts';
import type { BuildOptions, ModuleLanguage } from './module-language.ts';
import { runTool } from './run-tool.ts';
import { findRustToolchain, RUST_TARGET } from './rust-toolchain.ts';

/** Rust, with the official crate `spacetimedb`. */
export const rust: ModuleLanguage = {
  name: 'rust',
  title: 'Rust',
  marker: 'Cargo.toml',
  outputFolders: ['target'],
  lockFiles: ['Cargo.lock'],
  isOptimised: false,
  oneModuleHint:
    'Its Cargo.toml needs:\n  [lib]\n  crate-type = ["cdylib"]\nOf a workspace, name the folder of one crate with --module-path.',
  compile: compileRust,
};

async function compileRust(folder: string, terminal: Terminal, { isDebug }: BuildOptions): Promise<string[]> {
  const { cargo, buildArguments, environment } = await findRustToolchain(terminal, folder);
  const profile = isDebug ? [] : ['--release'];
  const args = ['build', ...profile, '--target', RUST_TARGET, '--message-format=json-render-diagnostics'];
  const run = await runTool(terminal, cargo, [...args, ...buildArguments], {
    folder,
    // New dependencies are taken in the newest version that this compiler can build.
    environment: { CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS: 'fallback', ...environment },
  });
  if (run === undefined) throw missingTool('rust', terminal.platform, `there is rustc here, but no ${cargo}`);
  if (run.exitCode !== 0) throw new CliError('CLI_BUILD_FAILED', `cargo could not build ${folder}, see above`);
  return run.stdout
    .split('\n')
    .flatMap(artifacts)
    .filter((file) => file.endsWith('.wasm'));
}

/** The files that one line of cargo's JSON messages says were made. */
function artifacts(line: string): string[] {
  if (!line.startsWith('{')) return [];
  const message = JSON.parse(line) as { reason: string; filenames?: string[] };
  return message.reason === 'compiler-artifact' ? (message.filenames ?? []) : [];
}

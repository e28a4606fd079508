// Builds the clients of the smoketests that use the official Rust SDKs, to `target/rust-clients/debug`:
//
//   node tools/build-rust-clients.ts
//
// Beside a Rust compiler the SDKs need OpenSSL's headers and `pkg-config` (Debian: libssl-dev, pkg-config).
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run.ts';

const folder = join(root, 'smoketests', 'rust-clients');
const wanted = /^rust-version = "1\.(\d+)"$/mu.exec(readFileSync(join(folder, 'Cargo.toml'), 'utf8'))?.[1];
if (wanted === undefined) throw new Error(`${folder}/Cargo.toml has to say its rust-version`);

/** The user's own Rust, and the one that Debian builds for its web browser. */
const toolchain = [
  { cargo: 'cargo', rustc: 'rustc' },
  { cargo: '/usr/bin/cargo', rustc: '/usr/bin/rustc' },
].find(({ rustc }) => {
  const { stdout } = spawnSync(rustc, ['--version'], { encoding: 'utf8' });
  return Number(/^rustc 1\.(\d+)/u.exec(stdout ?? '')?.[1] ?? 0) >= Number(wanted);
});

if (toolchain === undefined) {
  console.error(`error: there is no Rust here that is at least 1.${wanted}. Either of these installs one:
  rustup update
  apt-get install rustc-web cargo-web libssl-dev pkg-config`);
  process.exit(1);
}
const { status } = spawnSync(toolchain.cargo, ['build', '--locked'], {
  cwd: folder,
  stdio: 'inherit',
  env: { ...process.env, CARGO_TARGET_DIR: join(root, 'target', 'rust-clients'), RUSTC: toolchain.rustc },
});
process.exit(status ?? 1);

import { CliError } from '../errors.ts';
import type { ModuleLanguage } from './module-language.ts';

/** The languages whose compilers are programs of their own. */
type ToolLanguage = Exclude<ModuleLanguage['name'], 'assemblyscript'>;

type Hints = Readonly<Record<ToolLanguage, Readonly<Record<'linux' | 'darwin' | 'win32', readonly string[]>>>>;

const RUSTUP = ["curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh"];
const TARGET = 'rustup target add wasm32-unknown-unknown';

const HINTS: Hints = {
  rust: {
    linux: [
      `any Linux:      ${RUSTUP.join('')}`,
      `                ${TARGET}`,
      'Debian 12:      or: apt-get install rustc-web cargo-web rust-web-src lld-16',
      'Fedora:         or: dnf install rust cargo rust-std-static-wasm32-unknown-unknown lld',
    ],
    darwin: [...RUSTUP, TARGET],
    win32: ['winget install Rustlang.Rustup', TARGET],
  },
  cpp: {
    linux: [
      'Debian, Ubuntu: apt-get install emscripten cmake make',
      'Fedora:         dnf install emscripten cmake make',
      'any Linux:      or Emscripten from https://emscripten.org/docs/getting_started/downloads.html',
    ],
    darwin: ['brew install emscripten cmake'],
    win32: [
      'winget install Kitware.CMake Ninja-build.Ninja',
      'and Emscripten: https://emscripten.org/docs/getting_started/downloads.html',
    ],
  },
};

/**
 * Says what to install, on the system that asks.
 * @param what the thing that is missing, as a sentence
 */
export function missingTool(language: ToolLanguage, platform: NodeJS.Platform, what: string): CliError {
  const hints = HINTS[language];
  const lines = platform === 'darwin' ? hints.darwin : platform === 'win32' ? hints.win32 : hints.linux;
  return new CliError('CLI_TOOL_MISSING', what, {
    hint: ['Install it:', ...lines.map((line) => `  ${line}`)].join('\n'),
  });
}

/** Says that a package is not there which comes with the command line. */
export function missingPackage(name: string): CliError {
  return new CliError('CLI_TOOL_MISSING', `there is no ${name} beside this command line, with which it comes`, {
    hint: 'Install the command line again; in a checkout: delete its folder node_modules, and run the command again.',
  });
}

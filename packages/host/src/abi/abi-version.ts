import { HostError } from '../errors.ts';
import type { ModuleImport } from '../wasm/module-shape.ts';

export interface AbiVersion {
  readonly major: number;
  readonly minor: number;
}

/** What this host has. */
export const HOST_ABI_VERSION: AbiVersion = { major: 10, minor: 5 };
const PREFIX = 'spacetime_';

/**
 * Checks that the module was built for an ABI that this host has.
 *
 * @throws HostError `HOST_ABI_VERSION`
 */
export function checkAbiVersion(imports: readonly ModuleImport[]): void {
  const required = requiredAbiVersion(imports);
  if (required === undefined) {
    throw new HostError(
      'HOST_ABI_VERSION',
      'unable to determine ABI of module: it imports no function from "spacetime_10.x". Was it built with the spacetimedb library?',
    );
  }
  const { major, minor } = HOST_ABI_VERSION;
  if (required.major !== major || required.minor > minor) {
    throw new HostError(
      'HOST_ABI_VERSION',
      `abi version ${required.major}.${required.minor} is not supported (host implements ${major}.${minor})`,
    );
  }
}

/**
 * The version of the ABI that a module needs, going by the names of its import modules; undefined if it imports
 * nothing of it.
 *
 * @throws HostError `HOST_ABI_VERSION` for names that are no version, or several major ones
 */
export function requiredAbiVersion(imports: readonly ModuleImport[]): AbiVersion | undefined {
  let major: number | undefined;
  let minor = 0;
  for (const { kind, module } of imports) {
    if (kind !== 'function' || !module.startsWith(PREFIX)) continue;
    const version = /^(\d{1,5})\.(\d{1,5})$/.exec(module.slice(PREFIX.length));
    const found = version === null ? [] : [Number(version[1]), Number(version[2])];
    const [foundMajor, foundMinor] = found;
    if (foundMajor === undefined || foundMinor === undefined || foundMajor > 0xffff || foundMinor > 0xffff) {
      throw new HostError('HOST_ABI_VERSION', `import module ${JSON.stringify(module)} has malformed version string`);
    }
    if (major !== undefined && major !== foundMajor) {
      throw new HostError(
        'HOST_ABI_VERSION',
        `module cannot depend on both major version ${major} and major version ${foundMajor}`,
      );
    }
    major = foundMajor;
    minor = Math.max(minor, foundMinor);
  }
  return major === undefined ? undefined : { major, minor };
}

import { HostError } from '../errors.ts';
import type { ModuleImport } from '../wasm/module-shape.ts';

const HOST_MAJOR = 10;
const HOST_MINOR = 5;
const PREFIX = 'spacetime_';

/**
 * Checks that the module was built for an ABI that this host has, going by the names of its import modules.
 *
 * @throws HostError `HOST_ABI_VERSION`
 */
export function checkAbiVersion(imports: readonly ModuleImport[]): void {
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
  if (major === undefined) {
    throw new HostError(
      'HOST_ABI_VERSION',
      'unable to determine ABI of module: it imports no function from "spacetime_10.x". Was it built with the spacetimedb library?',
    );
  }
  if (major !== HOST_MAJOR || minor > HOST_MINOR) {
    throw new HostError(
      'HOST_ABI_VERSION',
      `abi version ${major}.${minor} is not supported (host implements ${HOST_MAJOR}.${HOST_MINOR})`,
    );
  }
}

import { expect, test } from 'vitest';
import { cliPaths } from './cli-paths.ts';
import type { Terminal } from '../terminal.ts';

function terminal(platform: NodeJS.Platform, environment: Record<string, string>): Terminal {
  return { platform, environment, homeFolder: '/home/me' } as unknown as Terminal; // what paths depend on
}

test.each([
  {
    name: 'by default',
    environment: {},
    options: {},
    paths: [
      '/home/me/.config/spacetime/cli.toml',
      '/home/me/.local/share/spacetime/data',
      '/home/me/.config/spacetime',
    ],
  },
  {
    name: 'with the XDG variables',
    environment: { XDG_CONFIG_HOME: '/c', XDG_DATA_HOME: '/d' },
    options: {},
    paths: ['/c/spacetime/cli.toml', '/d/spacetime/data', '/c/spacetime'],
  },
  {
    name: 'under a root',
    environment: {},
    options: { rootDir: '/r' },
    paths: ['/r/config/cli.toml', '/r/data', '/r/config'],
  },
  {
    name: 'with a file by name',
    environment: {},
    options: { rootDir: '/r', configPath: '/x.toml' },
    paths: ['/x.toml', '/r/data', '/r/config'],
  },
])('$name', ({ environment, options, paths }) => {
  const { configFile, dataFolder, keyFolder } = cliPaths(terminal('linux', environment), options);
  expect([configFile, dataFolder, keyFolder]).toEqual(paths);
});

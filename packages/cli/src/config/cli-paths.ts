import { join } from 'node:path';
import type { Terminal } from '../terminal.ts';

/** Where the command line keeps its things. */
export interface CliPaths {
  readonly configFile: string;
  readonly dataFolder: string;
  /** Holds the key pair of a server that is started here. */
  readonly keyFolder: string;
}

export interface PathOptions {
  /** Moves everything under one folder. */
  readonly rootDir?: string | undefined;
  readonly configPath?: string | undefined;
}

export function cliPaths(terminal: Terminal, { rootDir, configPath }: PathOptions): CliPaths {
  const { configFolder, dataFolder } = rootDir === undefined ? userFolders(terminal) : foldersUnder(rootDir);
  return { configFile: configPath ?? join(configFolder, 'cli.toml'), dataFolder, keyFolder: configFolder };
}

function foldersUnder(root: string): { configFolder: string; dataFolder: string } {
  return { configFolder: join(root, 'config'), dataFolder: join(root, 'data') };
}

function userFolders({ environment, platform, homeFolder }: Terminal): { configFolder: string; dataFolder: string } {
  if (platform === 'win32') {
    const local = environment['LOCALAPPDATA'] ?? join(homeFolder, 'AppData', 'Local');
    return foldersUnder(join(local, 'SpacetimeDB'));
  }
  const configHome = environment['XDG_CONFIG_HOME'] || join(homeFolder, '.config');
  const dataHome = environment['XDG_DATA_HOME'] || join(homeFolder, '.local', 'share');
  return { configFolder: join(configHome, 'spacetime'), dataFolder: join(dataHome, 'spacetime', 'data') };
}

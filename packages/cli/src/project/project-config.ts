import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { CliError } from '../errors.ts';

/** What a project says of itself in `spacetime.json`. */
export interface ProjectConfig {
  readonly database: string | undefined;
  readonly server: string | undefined;
  /** Absolute. */
  readonly modulePath: string | undefined;
  readonly breakClients: boolean;
}

export const NO_PROJECT: ProjectConfig = {
  database: undefined,
  server: undefined,
  modulePath: undefined,
  breakClients: false,
};

const KINDS = {
  database: 'string',
  server: 'string',
  'module-path': 'string',
  'break-clients': 'boolean',
} as const;

/** Keys of the reference, which mean something there and nothing here. */
const UNSUPPORTED =
  'build-options anon-identity parent organization native-aot dotnet-version num-replicas wasm-file js-file bin-path js-path generate dev children'.split(
    ' ',
  );

/**
 * Reads `spacetime.json` of the working folder or the nearest one above it, and what lies over it: `spacetime.local.json`,
 * `spacetime.<env>.json`, `spacetime.<env>.local.json`, where a later one wins key by key. They may have comments and
 * trailing commas.
 *
 * @param environmentName which environment's files count, beside those for all
 * @throws CliError `CLI_INVALID_CONFIG`
 */
export function readProjectConfig(workingFolder: string, environmentName?: string): ProjectConfig {
  const folder = findProject(workingFolder);
  if (folder === undefined) return NO_PROJECT;
  const endings = [
    '',
    '.local',
    ...(environmentName === undefined ? [] : [`.${environmentName}`, `.${environmentName}.local`]),
  ];
  const files = endings.map((ending) => join(folder, `spacetime${ending}.json`)).filter((file) => existsSync(file));
  const values = Object.assign({}, ...files.map(readConfigFile)) as Partial<Record<keyof typeof KINDS, unknown>>;
  const modulePath = values['module-path'] as string | undefined;
  return {
    database: values.database as string | undefined,
    server: values.server as string | undefined,
    modulePath: modulePath === undefined ? undefined : resolve(folder, modulePath),
    breakClients: values['break-clients'] === true,
  };
}

function findProject(folder: string): string | undefined {
  if (existsSync(join(folder, 'spacetime.json'))) return folder;
  const above = dirname(folder);
  return above === folder ? undefined : findProject(above);
}

function readConfigFile(path: string): Record<string, unknown> {
  let values: unknown;
  try {
    values = JSON.parse(withoutComments(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw invalid(path, `is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values)) throw invalid(path, 'expected an object');
  for (const [key, value] of Object.entries(values)) {
    if (UNSUPPORTED.includes(key)) throw invalid(path, `"${key}" is not supported here`);
    if (!Object.hasOwn(KINDS, key))
      throw invalid(path, `"${key}" is unknown, expected ${Object.keys(KINDS).join(', ')}`);
    const kind = KINDS[key as keyof typeof KINDS];
    if (typeof value !== kind) throw invalid(path, `"${key}" is a ${kind}, found ${JSON.stringify(value)}`);
  }
  return values as Record<string, unknown>;
}

function invalid(path: string, reason: string, cause?: unknown): CliError {
  return new CliError('CLI_INVALID_CONFIG', `${path}: ${reason}`, {
    cause,
    hint: '--no-config does without the file.',
  });
}

/** Comments become nothing, and so do commas before a closing bracket; what is inside of strings stays. */
function withoutComments(text: string): string {
  const withoutThem = text.replace(/("(?:[^"\\]|\\.)*")|\/\/[^\n]*|\/\*.*?\*\//gs, '$1');
  return withoutThem.replace(/("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])/gs, '$1');
}

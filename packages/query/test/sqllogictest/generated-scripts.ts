/** The scripts that are generated, a file each. */
export const SEEDS: readonly number[] = [1, 2, 3, 4, 5];

export function scriptFile(seed: number): URL {
  return new URL(`../../vectors/sqllogictest/sqlite-${seed}.slt`, import.meta.url);
}

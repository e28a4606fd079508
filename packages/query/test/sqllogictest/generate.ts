// node --conditions=lightcone-source packages/query/test/sqllogictest/generate.ts
// Writes vectors/sqllogictest/sqlite-N.slt anew, for each seed N.
import { writeFileSync } from 'node:fs';
import { generateScript } from './generate-script.ts';
import { SEEDS, scriptFile } from './generated-scripts.ts';

for (const seed of SEEDS) writeFileSync(scriptFile(seed), generateScript(seed));

import * as runtime from './generated-runtime.ts';

const names = Object.keys(runtime);

/**
 * Runs generated source text and returns what it returns. In scope is `generated-runtime.ts` alone.
 * V8 compiles each function in it when it is first called, so what is never used costs little.
 */
export function runGenerated(source: string): unknown {
  // oxlint-disable-next-line typescript/no-implied-eval -- the point of it: see bench/ for what interpreting costs
  return new Function('runtime', `'use strict';\nconst { ${names.join(', ')} } = runtime;\n${source}`)(runtime);
}

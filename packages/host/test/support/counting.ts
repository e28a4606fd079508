import { disassemble, wat } from './wat.ts';

/** What instructions cost, by the first pattern that fits. */
const COSTS: readonly { readonly pattern: RegExp; readonly cost: number }[] = [
  { pattern: /^(block|else|end|nop|try|catch|catch_all|delegate|try_table)\b/, cost: 0 },
  { pattern: /^(throw|rethrow)/, cost: 2003 },
  { pattern: /^(return_)?call/, cost: 3 },
  { pattern: /./, cost: 1 },
];
const LOOP_COST = 3;
const NOT_CODE = /^\(/;

// wabt parses blocks by recursion on a small stack, and overwrites its memory when that is not enough.
const MAX_NESTING = 150;

/** Whether a module's blocks are nested deeper than wabt can parse. */
export function isTooDeepForWabt(bytes: Uint8Array): boolean {
  return disassemble(bytes).includes(`\n${'  '.repeat(MAX_NESTING)}`);
}

/**
 * The slow and obvious meter: the same module with a counter before each instruction, made from its text.
 *
 * Exports the globals `count`, of instructions, and `entries`, of functions entered.
 */
export function withCounter(bytes: Uint8Array): Uint8Array {
  const lines = disassemble(bytes).split('\n');
  const count = lines.filter((line) => line.startsWith('  (global ')).length;
  const out: string[] = [];
  let isInFunction = false;
  let isAtEntry = false;
  for (const line of lines) {
    const text = line.trim();
    // A function opens at the first level; its last line, which is an instruction, closes it.
    if (/^ {2}\(/.test(line)) {
      isInFunction = /^ {2}\(func /.test(line) && !isClosed(line);
      isAtEntry = isInFunction;
    } else if (isInFunction && text !== '' && !NOT_CODE.test(text)) {
      if (isAtEntry) out.push(...increment(count + 1, 1));
      isAtEntry = false;
      // The head of a loop pays at every turn, which begins behind it.
      if (/^loop\b/.test(text)) {
        out.push(text, ...increment(count, LOOP_COST));
        continue;
      }
      out.push(...increment(count, COSTS.find(({ pattern }) => pattern.test(text))!.cost));
    }
    out.push(text); // indentation is most of a disassembly, and wabt has little memory
  }
  const last = out.findLastIndex((line) => line.endsWith(')'));
  out[last] = out[last]!.slice(0, -1);
  for (const [i, name] of ['count', 'entries'].entries()) {
    out.push(`(global (mut i64) (i64.const 0)) (export "${name}" (global ${count + i}))`);
  }
  return wat(`${out.join('\n')})`);
}

function increment(global: number, by: number): string[] {
  return [`global.get ${global}`, `i64.const ${by}`, 'i64.add', `global.set ${global}`];
}

function isClosed(line: string): boolean {
  return line.split('').reduce((depth, char) => depth + (char === '(' ? 1 : char === ')' ? -1 : 0), 0) <= 0;
}

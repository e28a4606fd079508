import type binaryen from 'assemblyscript/binaryen';
import { libraryPath } from '../library-path.ts';
import { type Binaryen, ExpressionChildren } from './expression-children.ts';

const file = `${libraryPath}/assembly/calls/sender-error`;
const raise = `${file}/raise`;
const failure = `${file}/failure`;
const stackPointer = '~lib/memory/__stack_pointer';

interface CompiledFunction {
  readonly ref: number;
  readonly name: string;
  readonly callees: ReadonlySet<string>;
  readonly callsIndirectly: boolean;
}

/**
 * Lets `throw new SenderError(…)` leave every function up to the one that the host called.
 *
 * AssemblyScript has no exceptions and the ABI's reference host enables no proposal for them. So a throw only notes its
 * message (`raise` in `sender-error.ts`), and here, in the compiled module, each call of a function that may throw is
 * followed by a look whether one did, and by a return if so:
 *
 *     (call $f)   becomes   (local.set $t (call $f)) (if (global.get $failure) (return (i32.const 0))) (local.get $t)
 *
 * Functions that can never reach a throw cost nothing. What the host called instead goes on after the call, puts the
 * shadow stack of the garbage collector back to where it was, and hands the message to the host.
 */
export function lowerSenderErrors(api: typeof binaryen, module: binaryen.Module): void {
  new Lowering(api, module).run();
}

class Lowering {
  readonly #api: typeof binaryen;
  readonly #raw: Binaryen;
  readonly #module: binaryen.Module;
  readonly #children: ExpressionChildren;
  readonly #hasShadowStack: boolean;

  constructor(api: typeof binaryen, module: binaryen.Module) {
    this.#api = api;
    this.#raw = api as unknown as Binaryen;
    this.#module = module;
    this.#children = new ExpressionChildren(this.#raw);
    this.#hasShadowStack = module.getGlobal(stackPointer) !== 0;
  }

  run(): void {
    const functions = this.#functions();
    if (!functions.some(({ name }) => name === raise)) return;
    const throwing = throwingFunctions(functions);
    // A function behind a table entry can be any of them.
    const indirectCallsThrow = functions.some(({ callsIndirectly }) => callsIndirectly) && throwing.size > 1;
    if (indirectCallsThrow) {
      for (const each of functions) if (each.callsIndirectly) throwing.add(each.name);
      addCallers(functions, throwing);
    }
    const entries = this.#exportedFunctions();
    for (const { ref, name } of functions) {
      if (name === raise || !throwing.has(name)) continue;
      const isThrowing = (callee: string | undefined): boolean =>
        callee === undefined ? indirectCallsThrow : throwing.has(callee);
      if (entries.has(name)) this.#rewrite(ref, isThrowing, (call, type) => this.#keepStack(ref, call, type));
      else this.#rewrite(ref, isThrowing, (call, type) => this.#returnEarly(ref, call, type));
    }
  }

  #functions(): CompiledFunction[] {
    const functions: CompiledFunction[] = [];
    for (let at = 0; at < this.#module.getNumFunctions(); at++) {
      const ref = this.#module.getFunctionByIndex(at);
      const { name, body } = this.#api.getFunctionInfo(ref);
      const callees = new Set<string>();
      let callsIndirectly = false;
      // Imported functions have no body.
      if (body !== 0) {
        this.#eachExpression(body, (expression) => {
          const kind = this.#children.kind(expression);
          if (kind === 'Call') callees.add(this.#target(expression));
          if (kind === 'CallIndirect') callsIndirectly = true;
        });
      }
      functions.push({ ref, name, callees, callsIndirectly });
    }
    return functions;
  }

  #exportedFunctions(): Set<string> {
    const names = new Set<string>();
    for (let at = 0; at < this.#module.getNumExports(); at++) {
      names.add(this.#api.getExportInfo(this.#module.getExportByIndex(at)).value);
    }
    return names;
  }

  #eachExpression(expression: number, see: (expression: number) => void): void {
    see(expression);
    this.#children.visit(expression, (child) => this.#eachExpression(child, see));
  }

  #target(call: number): string {
    return (this.#api.getExpressionInfo(call) as binaryen.CallInfo).target;
  }

  #rewrite(
    ref: number,
    isThrowing: (callee: string | undefined) => boolean,
    wrap: (call: number, type: number) => number,
  ): void {
    const visit = (expression: number, replace: (by: number) => void): void => {
      this.#children.visit(expression, visit);
      const kind = this.#children.kind(expression);
      if (kind !== 'Call' && kind !== 'CallIndirect') return;
      const callee = kind === 'Call' ? this.#target(expression) : undefined;
      const type = this.#api.getExpressionType(expression);
      if (isThrowing(callee) && type !== this.#api.unreachable) replace(wrap(expression, type));
    };
    const body = this.#api.getFunctionInfo(ref).body;
    visit(body, (by) => this.#raw['_BinaryenFunctionSetBody']?.(ref, by));
  }

  /** The call, then a return if it threw. */
  #returnEarly(ref: number, call: number, type: number): number {
    const { results } = this.#api.getFunctionInfo(ref);
    const leave = this.#module.return(results === this.#api.none ? undefined : this.#zero(results));
    // Behind `raise` itself there is nothing to ask.
    const isRaise = this.#children.kind(call) === 'Call' && this.#target(call) === raise;
    const check = isRaise ? leave : this.#module.if(this.#module.global.get(failure, this.#api.i32), leave);
    return this.#before([], call, type, ref, [check]);
  }

  /** The call, then the shadow stack as it was before: functions that returned early left their frames on it. */
  #keepStack(ref: number, call: number, type: number): number {
    if (!this.#hasShadowStack) return call;
    const { global, local } = this.#module;
    const saved = this.#newLocal(ref, this.#api.i32);
    const save = local.set(saved, global.get(stackPointer, this.#api.i32));
    const restore = global.set(stackPointer, local.get(saved, this.#api.i32));
    return this.#before([save], call, type, ref, [restore]);
  }

  #before(before: number[], call: number, type: number, ref: number, after: number[]): number {
    if (type === this.#api.none) return this.#module.block(null, [...before, call, ...after], type);
    const result = this.#newLocal(ref, type);
    const { local } = this.#module;
    const statements = [...before, local.set(result, call), ...after, local.get(result, type)];
    return this.#module.block(null, statements, type);
  }

  #newLocal(ref: number, type: number): number {
    const add = this.#raw['_BinaryenFunctionAddVar'];
    if (add === undefined) throw new Error('this version of binaryen cannot add locals');
    return add(ref, type);
  }

  #zero(type: number): number {
    const { i32, i64, f32, f64 } = this.#module;
    // Its declaration still has the two halves of former versions.
    if (type === this.#api.i64) return (i64.const as unknown as (value: bigint) => number)(0n);
    if (type === this.#api.f32) return f32.const(0);
    if (type === this.#api.f64) return f64.const(0);
    return i32.const(0);
  }
}

function throwingFunctions(functions: readonly CompiledFunction[]): Set<string> {
  const throwing = new Set([raise]);
  addCallers(functions, throwing);
  return throwing;
}

/** Adds those that call one of the set, and those that call these, until there are no more. */
function addCallers(functions: readonly CompiledFunction[], throwing: Set<string>): void {
  let before: number;
  do {
    before = throwing.size;
    for (const { name, callees } of functions) {
      if (!throwing.has(name) && [...callees].some((callee) => throwing.has(callee))) throwing.add(name);
    }
  } while (throwing.size > before);
}

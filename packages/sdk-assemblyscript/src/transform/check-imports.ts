import type binaryen from 'assemblyscript/binaryen';

/**
 * Checks that a compiled module imports nothing but what the host has.
 * @throws Error which asc prints
 */
export function checkImports(api: typeof binaryen, module: binaryen.Module): void {
  for (let at = 0; at < module.getNumFunctions(); at++) {
    const { module: from, base } = api.getFunctionInfo(module.getFunctionByIndex(at));
    if (from === null || from === '' || /^spacetime_10\.\d$/.test(from)) continue;
    const error = new Error(`the module needs ${from}.${base}, which the host does not have`);
    // asc prints the stack, which says nothing to the author of a module.
    error.stack = error.message;
    throw error;
  }
}

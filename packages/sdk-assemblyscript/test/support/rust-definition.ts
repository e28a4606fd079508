/** The bytes with which a module of the official Rust crate describes itself, which happens before any call. */
export function rustDefinition(wasm: Uint8Array): Uint8Array {
  const module = new WebAssembly.Module(wasm as Uint8Array<ArrayBuffer>);
  const chunks: Uint8Array[] = [];
  const imports: WebAssembly.Imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    (imports[from] ??= {})[name] = (_sink: number, pointer: number, lengthPointer: number): number => {
      if (name !== 'bytes_sink_write') throw new Error(`the module calls ${name} before any call`);
      const { buffer } = exports['memory'] as WebAssembly.Memory;
      const length = new DataView(buffer).getUint32(lengthPointer, true);
      chunks.push(new Uint8Array(buffer, pointer, length).slice());
      return 0;
    };
  }
  const { exports } = new WebAssembly.Instance(module, imports);
  for (const name of Object.keys(exports).sort()) {
    if (name.startsWith('__preinit__')) (exports[name] as () => void)();
  }
  (exports['__describe_module__'] as (sink: number) => void)(1);
  return Buffer.concat(chunks);
}

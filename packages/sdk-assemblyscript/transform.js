// What asc loads. The transform is TypeScript, which Node runs as it is, except inside of node_modules: there it is
// what `tsc -b` made of it.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  throw new Error(
    `Lightcone's transform for AssemblyScript needs Node 22.18 or newer; this is ${process.versions.node}. ` +
      '`spacetime build` brings a Node of its own.',
  );
}
const isInstalled = import.meta.url.includes('/node_modules/');
const { default: transform } = await import(isInstalled ? './dist/transform/index.js' : './src/transform/index.ts');

export default transform;

// Every type and feature that a module can use, written in the same way in Rust, C++ and AssemblyScript; see the README
// of modules/features.

export * from './access';
export * from './answer';
export * from './context';
export * from './failures';
export * from './handlers';
export * from './indexes';
export * from './names';
export * from './procedures';
export * from './tables';
export * from './timers';
export * from './types';
export * from './views';

#!/bin/sh
# A compiler for cargo's RUSTC_WRAPPER. Panic messages name the source files of crates, which lie where the builder has
# them, in a folder that is named after the registry; with this they read /crates/<crate>/src/<file> everywhere.
exec "$@" ${CARGO_MANIFEST_DIR:+"--remap-path-prefix=${CARGO_MANIFEST_DIR%/*}=/crates"}

# Compiles C++ to modules with Emscripten, from 3.1.6 on:
#
#   cmake -S . -B build -DCMAKE_TOOLCHAIN_FILE=<sdk>/toolchains/wasm_toolchain.cmake
#   cmake --build build
#
# Every executable becomes <name>.wasm. With -DSPACETIMEDB_CLANG=clang++-16 a plain clang (with lld, wasi-libc and a
# libc++ for wasm32-wasi) takes the place of Emscripten.

set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
# Modules have no main; what CMake tries out must not be linked.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES SPACETIMEDB_CLANG)

get_filename_component(SPACETIMEDB_SDK "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)

# A module cannot throw: a trap ends the call. The place of sources on this machine must not get into it.
set(CMAKE_CXX_FLAGS_INIT "-std=c++20 -fno-exceptions -fno-rtti -I${SPACETIMEDB_SDK}/include")
# Not the _INIT variables, to which CMake adds its own -O3.
set(CMAKE_CXX_FLAGS_DEBUG "-g -O0" CACHE STRING "")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG" CACHE STRING "")
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug or Release")
endif()

set(SPACETIMEDB_STACK_BYTES 1048576)
set(SPACETIMEDB_INITIAL_BYTES 2097152)

if(SPACETIMEDB_CLANG)
  find_program(CMAKE_CXX_COMPILER NAMES ${SPACETIMEDB_CLANG} REQUIRED)
  set(CMAKE_CXX_COMPILER_TARGET wasm32-wasi)
  # Debian keeps the libc++ for WebAssembly in LLVM's own folder.
  string(REGEX MATCH "[0-9]+$" SPACETIMEDB_LLVM "${SPACETIMEDB_CLANG}")
  set(SPACETIMEDB_LIBCXX "/usr/lib/llvm-${SPACETIMEDB_LLVM}")
  if(EXISTS "${SPACETIMEDB_LIBCXX}/include/wasm32-wasi/c++/v1")
    string(APPEND CMAKE_CXX_FLAGS_INIT " -isystem ${SPACETIMEDB_LIBCXX}/include/wasm32-wasi/c++/v1")
    set(CMAKE_EXE_LINKER_FLAGS_INIT "-L${SPACETIMEDB_LIBCXX}/lib/wasm32-wasi ")
  endif()
  string(APPEND CMAKE_EXE_LINKER_FLAGS_INIT
    "-mexec-model=reactor -Wl,--strip-debug -Wl,-z,stack-size=${SPACETIMEDB_STACK_BYTES}")
else()
  find_program(CMAKE_CXX_COMPILER NAMES em++ REQUIRED)
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} -dumpversion
    OUTPUT_VARIABLE SPACETIMEDB_EMSCRIPTEN OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  # The setting changed its name.
  if(SPACETIMEDB_EMSCRIPTEN VERSION_LESS 3.1.25)
    set(SPACETIMEDB_STACK_SETTING TOTAL_STACK)
  else()
    set(SPACETIMEDB_STACK_SETTING STACK_SIZE)
  endif()
  # Undefined symbols: before 3.1.2x Emscripten takes the host's functions for such.
  string(CONCAT CMAKE_EXE_LINKER_FLAGS_INIT
    "-sSTANDALONE_WASM=1 -Wl,--no-entry -sERROR_ON_UNDEFINED_SYMBOLS=0 -sWARN_ON_UNDEFINED_SYMBOLS=0 "
    "-sALLOW_MEMORY_GROWTH=1 -sINITIAL_MEMORY=${SPACETIMEDB_INITIAL_BYTES} "
    "-s${SPACETIMEDB_STACK_SETTING}=${SPACETIMEDB_STACK_BYTES}")
endif()

set(CMAKE_EXECUTABLE_SUFFIX_CXX .wasm)

# Compilers, warnings, sanitizers, the linker, and the libraries that rooms may ask for.

set(SLIPWAY_SANITIZE "" CACHE STRING "address,undefined or thread")
option(SLIPWAY_FUZZ "build the fuzzers (clang only)" OFF)

find_program(CCACHE ccache)
if(CCACHE)
  # Precompiled headers are cached only with this sloppiness; paths relative to the tree let another clone find what this one made.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_PCH_EXTSUM=1
    CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
    add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>")
  endif()
endif()

find_program(MOLD mold)
find_program(LLD NAMES ld.lld-19 ld.lld)
if(MOLD)
  add_link_options(-fuse-ld=mold)
elseif(LLD AND CMAKE_CXX_COMPILER_ID MATCHES Clang)
  add_link_options(-fuse-ld=lld)
endif()

if(SLIPWAY_SANITIZE)
  add_compile_options(-fsanitize=${SLIPWAY_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SLIPWAY_SANITIZE})
endif()

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_library(FYAML_LIBRARY fyaml REQUIRED)
add_library(fyaml INTERFACE IMPORTED)
target_link_libraries(fyaml INTERFACE ${FYAML_LIBRARY})
find_package(ZLIB REQUIRED)

# llhttp has no -dev package; Debian's node-llhttp carries its generated C sources.
set(LLHTTP_DIR /usr/share/llhttp CACHE PATH "llhttp's C sources")
find_path(LLHTTP_INCLUDE_DIR llhttp.h PATHS /usr/share/include/llhttp ${LLHTTP_DIR} REQUIRED NO_DEFAULT_PATH)
file(GLOB LLHTTP_SOURCES ${LLHTTP_DIR}/*.c)
add_library(llhttp STATIC ${LLHTTP_SOURCES})
target_include_directories(llhttp SYSTEM PUBLIC ${LLHTTP_INCLUDE_DIR})
target_compile_options(llhttp PRIVATE -w -O2)
target_compile_definitions(llhttp PRIVATE LLHTTP_STRICT_MODE=1)  # no lone CR or LF, no bytes above 0x7f in targets

function(slipway_compile_options target)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Woverloaded-virtual
    -Wimplicit-fallthrough -Werror
    $<$<CXX_COMPILER_ID:GNU>:-fcoroutines -Wno-missing-field-initializers -Wno-maybe-uninitialized -Wno-dangling-reference -Wno-restrict>
    # libstdc++ 12's stable_sort uses a function that it deprecates itself.
    # With -O2, g++ 12 sees overflows in its own inlined std::string and mismatched deletes in coroutine frames that are
    # not there (GCC bugs 105329, 105651, 103993).
    $<$<AND:$<CXX_COMPILER_ID:GNU>,$<CONFIG:Release>>:-Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread -Wno-mismatched-new-delete>
    $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations -Wno-missing-designated-field-initializers -Wno-missing-field-initializers>)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-Wno-error=unused-but-set-variable>)
  endif()
  target_compile_definitions(${target} PRIVATE BOOST_ASIO_NO_DEPRECATED SLIPWAY_VERSION="${PROJECT_VERSION}")
endfunction()

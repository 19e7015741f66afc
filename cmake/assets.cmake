# The web page, the Python runtime and the example repository, built into the binary by .incbin.

set(ui_dist ${PROJECT_SOURCE_DIR}/build/ui-dist)
file(GLOB_RECURSE ui_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/ui/src/*)
list(APPEND ui_sources ${PROJECT_SOURCE_DIR}/ui/package-lock.json ${PROJECT_SOURCE_DIR}/ui/vite.config.ts ${PROJECT_SOURCE_DIR}/ui/index.html)
file(GLOB_RECURSE embedded CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/runtime/*.py ${PROJECT_SOURCE_DIR}/examples/* ${PROJECT_SOURCE_DIR}/deploy/crds/*.yaml)
list(FILTER embedded EXCLUDE REGEX /runtime/tests/)
file(GLOB_RECURSE hidden CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/*/.github/*)

set(assets ${CMAKE_BINARY_DIR}/assets)
add_custom_command(
  OUTPUT ${assets}.S ${assets}.cpp
  COMMAND ${PROJECT_SOURCE_DIR}/tools/build-ui ${ui_dist}
  COMMAND ${PROJECT_SOURCE_DIR}/tools/embed-assets ${assets} ui=${ui_dist}:gzip runtime=${PROJECT_SOURCE_DIR}/runtime
          examples=${PROJECT_SOURCE_DIR}/examples crds=${PROJECT_SOURCE_DIR}/deploy/crds
  DEPENDS ${ui_sources} ${embedded} ${hidden} ${PROJECT_SOURCE_DIR}/tools/build-ui ${PROJECT_SOURCE_DIR}/tools/embed-assets
  COMMENT "embedding the web page, the runtime and the example"
  VERBATIM)

add_library(slipway_assets STATIC ${assets}.S ${assets}.cpp)
slipway_compile_options(slipway_assets)
target_compile_options(slipway_assets PRIVATE $<$<COMPILE_LANGUAGE:ASM>:-w>)
target_link_libraries(slipway_server PRIVATE slipway_assets)

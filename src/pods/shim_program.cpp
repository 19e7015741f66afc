#include "pods/shim_program.hpp"

#include <unistd.h>

#include <string_view>

#include "core/log.hpp"

// The path comes from CMakeLists.txt; without one this build has no such program.
#ifdef SHIM_PROGRAM
asm(R"(
    .section .rodata,"a"
slipway_shim_program:
    .incbin ")" SHIM_PROGRAM R"("
slipway_shim_program_end:
    .globl slipway_shim_program, slipway_shim_program_end
    .text
)");
extern "C" const char slipway_shim_program[], slipway_shim_program_end[];
#endif

namespace slipway::pods {
namespace {

std::string_view carried_program() {
#ifdef SHIM_PROGRAM
  return {slipway_shim_program, slipway_shim_program_end};
#else
  return {};
#endif
}

Result<> put(core::Files& files, const std::string& path) {
  if (files.read(path).value_or("") == carried_program()) return {};
  return files.write_derived(path, carried_program(), 0700);
}

}  // namespace

std::vector<std::string> shim_program(core::Files& files, const std::string& path, std::vector<std::string> otherwise) {
  if (carried_program().empty()) return otherwise;
  if (auto there = put(files, path); !there) {
    log::warn("pods", "containers start more slowly", {{"why", there.error().one_line()}});
    return otherwise;
  }
  if (::access(path.c_str(), X_OK) != 0) return otherwise;  // mounted noexec
  return {path};
}

}  // namespace slipway::pods

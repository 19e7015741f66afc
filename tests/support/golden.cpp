#include "support/golden.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "source_dir.hpp"

namespace slipway::support {

std::string source_file(const std::string& path) {
  std::ifstream file(SLIPWAY_SOURCE_DIR "/" + path, std::ios::binary);
  REQUIRE_MESSAGE(file.good(), path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void drop_nulls(core::doc::Value& value) {
  if (value.is_array()) {
    for (auto& element : value.as_array()) drop_nulls(element);
  }
  if (!value.is_object()) return;
  std::vector<std::string> gone;
  for (auto& [key, member] : value.as_object()) {
    if (member.is_null()) gone.push_back(key);
    drop_nulls(member);
  }
  for (const std::string& key : gone) value.as_object().erase(key);
}

}  // namespace slipway::support

#pragma once
// Reads the text tables into a Registry; the grammar stands there. For builtin.cpp alone.

#include <string_view>
#include <unordered_map>

#include "objects/schema/builtin.hpp"

namespace slipway::objects::schema {

class TableParser {
 public:
  explicit TableParser(Registry& registry) : registry_(registry) {}
  Result<> read_table(std::string_view text);
  Result<> read_descriptions(std::string_view text);

 private:
  using Words = std::vector<std::string_view>;

  Result<> read_line(std::string_view line);
  Result<> begin_type(const Words& words);
  Result<> read_kind(const Words& words);
  Result<> read_subresource(const Words& words);
  Result<> read_field(std::string_view line, const Words& words);

  // The type that `expression` begins with, which is removed from it; nullptr when it is wrong.
  const Type* read_type(std::string_view& expression);
  const Type* make_collection(std::string_view& expression);
  Type* named(std::string_view short_name);  // made when it is referred to first; nullptr when no package is like that
  Type* make(Shape shape, std::string_view format = {}, std::string_view name = {});

  Registry& registry_;
  Type* open_type_ = nullptr;
  Resource* open_resource_ = nullptr;
  std::unordered_map<std::string_view, std::string_view> packages_;
  std::unordered_map<std::string_view, const Type*> expressions_;  // scalars, lists and maps, each once
  std::unordered_map<std::string_view, Type*> named_;              // by short name
};

}  // namespace slipway::objects::schema

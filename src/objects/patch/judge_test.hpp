#pragma once
// For tests of patches: types made from what the judge (tests/reference) knows, random documents of such a type, and
// the judge itself.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "objects/schema/schema.hpp"

namespace slipway::objects::patch::testing {

// splitmix64: the same documents from the same seed on every machine.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(next() % limit); }
  bool one_in(std::size_t n) { return below(n) == 0; }

 private:
  std::uint64_t state_;
};

// The types of one kind, from the judge's description of it.
class Types {
 public:
  explicit Types(const doc::Value& description);
  const schema::Type& root() const { return *root_; }

 private:
  schema::Type* named(const std::string& name);
  std::map<std::string, std::unique_ptr<schema::Type>> types_;
  const schema::Type* root_ = nullptr;
};

// Documents over few names and values, so that two of them meet often. `seed` also picks which fields are in use.
class Documents {
 public:
  Documents(Dice& dice, std::uint64_t seed) : dice_(dice), seed_(seed) {}
  doc::Value object_of(const schema::Type& type, std::string_view kind, std::string_view api_version);
  // With directives, nulls and mistakes.
  doc::Value strategic_patch(const schema::Type& type);
  doc::Value merge_patch(const doc::Value& original);
  doc::Value json_patch(const doc::Value& original);
  bool nulls = false;

 private:
  doc::Value value_of(const schema::Type& type, int depth);
  doc::Value scalar_of(const schema::Type& type);
  doc::Value anything(int depth);
  doc::Value patch_of(const schema::Type& type, int depth);
  doc::Value list_patch(const schema::Field& field, int depth);
  bool is_used(const schema::Type& type, const schema::Field& field) const;
  std::string pointer_into(const doc::Value& document);
  Dice& dice_;
  std::uint64_t seed_;
};

// Empty when there is no judge here (no Go toolchain): then the test has said so.
std::vector<doc::Value> judged(const std::vector<doc::Value>& requests);

}  // namespace slipway::objects::patch::testing

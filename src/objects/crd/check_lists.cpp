#include <algorithm>
#include <unordered_map>

#include "objects/crd/checks.hpp"
#include "objects/patch/go_text.hpp"

namespace slipway::objects::crd {

using validation::Problems;

namespace {

// Where an element stands for the second time; those after it are not told.
std::vector<std::size_t> repeated(const std::vector<doc::Value>& elements) {
  std::unordered_map<std::string, int> seen;
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (++seen[patch::go_json(elements[i])] == 2) found.push_back(i);
  }
  return found;
}

class ListCheck {
 public:
  explicit ListCheck(const std::string& where) : path_(where) {}

  void visit(const doc::Value& value, const Node& node) {
    if (value.is_array()) return visit_array(value.as_array(), node);
    if (!value.is_object()) return;
    for (const auto& [key, member] : value.as_object()) {
      if (node.additional) {
        const auto step = path_.key(key);
        visit(member, *node.additional);
      }
    }
    for (const auto& [key, member] : value.as_object()) {
      if (const auto property = node.properties.find(key); property != node.properties.end()) {
        const auto step = path_.child(key);
        visit(member, *property->second);
      }
    }
  }

  Problems problems;

 private:
  void visit_array(const doc::Array& array, const Node& node) {
    if (node.is_set()) {
      for (const std::size_t i : repeated(array))
        problems.push_back(validation::duplicate(path_.index_text(i), array[i]));
    } else if (node.is_list_map()) {
      visit_list_map(array, node.type->merge_keys);
    }
    for (std::size_t i = 0; node.items && i < array.size(); ++i) {
      const auto step = path_.index(i);
      visit(array[i], *node.items);
    }
  }

  void visit_list_map(const doc::Array& array, const std::vector<std::string>& keys) {
    std::vector<doc::Value> elements;
    for (std::size_t i = 0; i < array.size(); ++i) {
      if (!array[i].is_null() && !array[i].is_object()) {
        problems.push_back(
            validation::invalid(path_.index_text(i), array[i], "must be an object for an array of list-type map"));
        return;
      }
      doc::Object key;
      for (const std::string& name : keys) {
        if (array[i].is_object() && array[i].as_object().contains(name)) key.set(name, array[i][name]);
      }
      elements.emplace_back(std::move(key));
    }
    for (const std::size_t i : repeated(elements))
      problems.push_back(validation::duplicate(path_.index_text(i), elements[i]));
  }

  Path path_;
};

}  // namespace

Problems check_lists(const doc::Value& value, const Node& node, const std::string& where) {
  ListCheck check(where);
  check.visit(value, node);
  return std::move(check.problems);
}

}  // namespace slipway::objects::crd

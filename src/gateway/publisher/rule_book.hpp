#pragma once
// Inside publisher/: the parsed rules, each in its last good version, and what is wrong with the newest ones.

#include <map>
#include <set>
#include <string>

#include "core/world/world.hpp"
#include "gateway/traffic/compile.hpp"

namespace slipway::gateway::publisher {

class RuleBook {
 public:
  RuleBook(core::Files& files, std::string path) : files_(files), path_(std::move(path)) {}
  Result<> load();
  // Forgets the rules that are not there any more: they were deleted while nobody was looking.
  void keep_only(const std::set<std::string>& objects);
  // Takes the newest version of a rule; its problem, if it has one, and then its last good version stays.
  // Objects of other kinds are ignored.
  void put(const objects::Object& object, traffic::Inputs& inputs);
  void remove(const objects::Object& object, traffic::Inputs& inputs);
  const std::map<std::string, Error>& problems() const { return problems_; }  // by object, "VirtualService ns/name"
  Result<> save();                                                            // when a good version changed

 private:
  Result<> parse(const objects::Object& object, traffic::Inputs& inputs) const;

  core::Files& files_;
  std::string path_;
  std::map<std::string, doc::Value> good_;  // documents, by object
  std::map<std::string, Error> problems_;
  bool changed_ = false;
};

}  // namespace slipway::gateway::publisher

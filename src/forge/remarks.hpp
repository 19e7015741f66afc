#pragma once
// Remarks: what a person who pushes reads as "remote: ..." lines behind git's own report. Not git's report itself.

#include <memory>
#include <string>
#include <vector>

#include "core/world/world.hpp"
#include "forge/forge.hpp"

namespace slipway::forge {

// The answer of git receive-pack with `lines` in the sideband for people. A client that has no sideband gets the answer
// as it is.
std::string with_remarks(std::string answer, const std::vector<std::string>& lines);

// Gathers what several listeners tell, each in its place, and hands it on once: when all have spoken, or when
// `patience` is over.
class Gathering : public std::enable_shared_from_this<Gathering> {
 public:
  Gathering(core::Loop& loop, std::size_t places, Tell done);
  void start(core::Duration patience);  // once, after construction
  Tell place(std::size_t index);

 private:
  void told(std::size_t index, std::vector<std::string> lines);
  void finish();

  core::Loop& loop_;
  std::vector<std::vector<std::string>> lines_;
  std::size_t missing_;
  Tell done_;  // null when it was called
  core::TimerId timer_ = 0;
};

}  // namespace slipway::forge

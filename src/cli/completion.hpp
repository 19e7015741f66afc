#pragma once
// What may come next on a command line. The scripts of `slipway completion` are thin: they ask the binary itself
// (`slipway __complete WORD...`) and show what it answers, so that every shell offers the same and nothing gets stale.

#include <string>
#include <vector>

#include "cli/command.hpp"

namespace slipway::cli {

struct Completions {
  struct Word {
    std::string word, summary;
  };
  enum class Files { none, any, directories };
  std::vector<Word> words;
  Files files = Files::none;  // paths are the shell's own business
};

// `words` are those after "slipway"; the last one is being typed and may be empty.
Completions complete(const Command& root, const std::vector<std::string>& words);
// One "word<TAB>summary" a line, then ":files" or ":directories" when a path may stand there.
void print_completions(const Completions& completions);

}  // namespace slipway::cli

#include "cli/command.hpp"

namespace slipway::cli {
namespace {

// "slipway model|register show ..." for each level of the tree: words that may follow.
struct Level {
  std::string path;  // "slipway model"
  std::string words;
};

void collect(const Command& command, const std::string& path, std::vector<Level>& levels) {
  std::string words;
  for (const Command& child : command.children) {
    if (!child.hidden) words += child.name + " ";
  }
  for (const Option& option : command.options) {
    std::string_view rest = option.names;
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      const std::string_view name = rest.substr(0, comma);
      if (name.starts_with("--")) words += std::string(name) + " ";
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    }
  }
  levels.push_back({path, words + "--help"});
  for (const Command& child : command.children) {
    if (!child.hidden) collect(child, path + " " + child.name, levels);
  }
}

std::string bash(const std::vector<Level>& levels) {
  std::string out =
      "_slipway() {\n"
      "  local path=slipway word current=${COMP_WORDS[COMP_CWORD]}\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    [[ $word == -* ]] || path+=\" $word\"\n"
      "  done\n"
      "  while true; do\n"
      "    case $path in\n";
  for (const Level& level : levels) {
    out += "      \"" + level.path + "\") COMPREPLY=($(compgen -W \"" + level.words +
           "\" -- \"$current\") $(compgen -f -- \"$current\")); return ;;\n";
  }
  out +=
      "    esac\n"
      "    [[ $path == *\" \"* ]] || return\n"
      "    path=${path% *}\n"
      "  done\n"
      "}\n"
      "complete -o filenames -F _slipway slipway\n";
  return out;
}

std::string fish(const Command& root, const std::vector<Level>& levels) {
  std::string out;
  for (const Command& child : root.children) {
    if (!child.hidden) {
      out += "complete -c slipway -n __fish_use_subcommand -a " + child.name + " -d '" + child.summary + "'\n";
    }
  }
  for (const Level& level : levels) {
    const std::size_t space = level.path.rfind(' ');
    if (space == std::string::npos) continue;
    out += "complete -c slipway -n '__fish_seen_subcommand_from " + level.path.substr(space + 1) + "' -a '" +
           level.words + "'\n";
  }
  return out;
}

}  // namespace

Result<std::string> completion_script(const Command& root, std::string_view shell) {
  std::vector<Level> levels;
  collect(root, "slipway", levels);
  if (shell == "bash") return bash(levels);
  if (shell == "zsh") return "autoload -U +X bashcompinit && bashcompinit\n" + bash(levels);
  if (shell == "fish") return fish(root, levels);
  return fail(Code::invalid_argument, "no completion for \"" + std::string(shell) + "\"", "bash, zsh or fish");
}

}  // namespace slipway::cli

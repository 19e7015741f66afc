#include <algorithm>
#include <iostream>

#include "cli/command.hpp"
#include "cli/completion.hpp"

namespace slipway::cli {
namespace {

using Words = std::vector<std::string>;

bool is_flag(const Option& option) { return std::holds_alternative<bool*>(option.target); }
bool is_positional(const Option& option) { return !option.names.starts_with('-'); }
bool repeats(const Option& option) { return std::holds_alternative<std::vector<std::string>*>(option.target); }

Words names_of(const Option& option) {
  Words names;
  std::string_view rest = option.names;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    names.emplace_back(rest.substr(0, comma));
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  return names;
}

const Option* find_option(const Command& command, const std::string& name) {
  for (const Option& option : command.options) {
    const Words names = names_of(option);
    if (!is_positional(option) && std::find(names.begin(), names.end(), name) != names.end()) return &option;
  }
  return nullptr;
}

const Option* positional_at(const Command& command, std::size_t index) {
  for (const Option& option : command.options) {
    if (!is_positional(option)) continue;
    if (index == 0 || repeats(option)) return &option;
    --index;
  }
  return nullptr;
}

// bash splits "--runtime=sim" into three words; this brings back "--runtime" "sim". An "=" at the end becomes the empty
// value that begins there.
Words without_equals_words(const Words& given) {
  Words words;
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (given[i] != "=" || words.empty() || !words.back().starts_with("--"))
      words.push_back(given[i]);
    else if (i + 1 == given.size())
      words.emplace_back();
  }
  return words;
}

class Completer {
 public:
  explicit Completer(std::string current) : current_(std::move(current)) {}

  void offer(const std::string& word, const std::string& summary) {
    if (word.starts_with(current_)) found_.words.push_back({word, summary});
  }

  // What may stand for `option`'s value; `prefix` is "--runtime=" when the value is glued to its name.
  void offer_values(const Option& option, const std::string& prefix = {}) {
    static const Words faces{"api", "registry", "kfp", "git", "gateway", "prometheus", "ui"};
    for (const std::string& choice : option.value == "FACE" && option.choices.empty() ? faces : option.choices)
      offer(prefix + choice, "");
    if (option.value == "FILE" || option.value == "PATH" || option.value == "FILE|DIR")
      found_.files = Completions::Files::any;
    if (option.value == "DIR") found_.files = Completions::Files::directories;
  }

  void offer_flags(const Command& command) {
    for (const Option& option : command.options) {
      if (is_positional(option)) continue;
      for (const std::string& name : names_of(option)) offer(name, option.help);
    }
    offer("--help", "print help and exit");
  }

  bool found_nothing() const { return found_.words.empty() && found_.files == Completions::Files::none; }
  Completions take() && { return std::move(found_); }

 private:
  std::string current_;
  Completions found_;
};

constexpr std::string_view bash_script = R"(# bash completion of slipway
_slipway() {
  local line IFS=$'\n'
  COMPREPLY=()
  while read -r line; do
    case $line in
      :files) compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]#=}")) ;;
      :directories) compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -d -- "${COMP_WORDS[COMP_CWORD]#=}")) ;;
      *) COMPREPLY+=("${line%%$'\t'*}") ;;
    esac
  done < <("${COMP_WORDS[0]/#\~/$HOME}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _slipway slipway
)";

constexpr std::string_view zsh_script = R"(#compdef slipway
# zsh completion of slipway: a file _slipway on $fpath, or: source <(slipway completion zsh)
_slipway() {
  local line files= program=${(Q)words[1]/#\~/$HOME}
  local -a described
  while IFS= read -r line; do
    case $line in
      :files) files=any ;;
      :directories) files=directories ;;
      *$'\t'*) described+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
      *) described+=("${line//:/\\:}") ;;
    esac
  done < <("$program" __complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)
  (( ${#described} )) && _describe -V slipway described
  if [[ -n $files ]]; then
    [[ $PREFIX == --*=* ]] && compset -P 1 '*='
    if [[ $files == directories ]]; then _files -/; else _files; fi
  fi
}
if [[ ${funcstack[1]} == _slipway ]]; then
  _slipway "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
  compdef _slipway slipway
fi
)";

constexpr std::string_view fish_script = R"(# fish completion of slipway
function __slipway_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    test (count $current) -gt 0; or set current ''
    set -l glued (string match -r -- '^--[^=]+=' $current)
    set -l bare (string replace -r -- '^--[^=]+=' '' $current)
    for line in (command $words[1] __complete $words[2..-1] $current 2>/dev/null)
        switch $line
            case ':files'
                for path in (__fish_complete_path "$bare")
                    printf '%s\n' "$glued"$path
                end
            case ':directories'
                for path in (__fish_complete_directories "$bare" "")
                    printf '%s\n' "$glued"$path
                end
            case '*'
                printf '%s\n' $line
        end
    end
end
complete -c slipway -f -a '(__slipway_complete)'
)";

}  // namespace

Completions complete(const Command& root, const std::vector<std::string>& given) {
  Words words = without_equals_words(given);
  if (words.empty()) words.emplace_back();
  const Command* command = &root;
  const Option* expects = nullptr;  // the option whose value comes next
  std::size_t positionals = 0;
  bool only_positionals = false;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (expects != nullptr) {
      expects = nullptr;
    } else if (word == "--") {
      only_positionals = true;
    } else if (!only_positionals && word.size() > 1 && word.starts_with('-')) {
      const Option* option = find_option(*command, word);
      if (option != nullptr && !is_flag(*option)) expects = option;
    } else {
      const auto child =
          std::ranges::find_if(command->children, [&](const Command& c) { return positionals == 0 && c.name == word; });
      if (child == command->children.end())
        ++positionals;
      else
        command = &*child;
    }
  }

  const std::string& current = words.back();
  Completer completer(current);
  const std::size_t equals = current.find('=');
  if (expects != nullptr) {
    completer.offer_values(*expects);
  } else if (!only_positionals && current.starts_with("--") && equals != std::string::npos) {
    if (const Option* option = find_option(*command, current.substr(0, equals)); option && !is_flag(*option))
      completer.offer_values(*option, current.substr(0, equals + 1));
  } else if (!only_positionals && current.starts_with('-')) {
    completer.offer_flags(*command);
  } else {
    if (positionals == 0) {
      for (const Command& child : command->children)
        if (!child.hidden) completer.offer(child.name, child.summary);
    }
    if (const Option* option = positional_at(*command, positionals)) completer.offer_values(*option);
    if (current.empty() && completer.found_nothing()) completer.offer_flags(*command);
  }
  return std::move(completer).take();
}

void print_completions(const Completions& completions) {
  for (const auto& [word, summary] : completions.words)
    std::cout << word << (summary.empty() ? "" : "\t") << summary.substr(0, summary.find('\n')) << "\n";
  if (completions.files == Completions::Files::any) std::cout << ":files\n";
  if (completions.files == Completions::Files::directories) std::cout << ":directories\n";
}

Result<std::string> completion_script(const Command&, std::string_view shell) {
  if (shell == "bash") return std::string(bash_script);
  if (shell == "zsh") return std::string(zsh_script);
  if (shell == "fish") return std::string(fish_script);
  return fail(Code::invalid_argument, "no completion for \"" + std::string(shell) + "\"", "bash, zsh or fish");
}

}  // namespace slipway::cli

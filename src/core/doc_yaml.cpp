// YAML: libfyaml gives events, this file makes Values of them. Events rather than its documents, because those stop at
// the first duplicate key and expand aliases without a limit.

#include <libfyaml.h>

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_set>

#include "core/doc.hpp"
#include "core/doc_scalar.hpp"
#include "core/error_text.hpp"
#include "core/utf8.hpp"

namespace slipway::core::doc {

namespace {

constexpr std::size_t expansion_limit = 1'000'000;  // values that aliases may add, all documents of a file together

struct ParserDeleter {
  void operator()(fy_parser* parser) const { fy_parser_destroy(parser); }
};
struct DiagDeleter {
  void operator()(fy_diag* diag) const { fy_diag_destroy(diag); }
};

std::string_view text_of(fy_token* token) {
  std::size_t length = 0;
  const char* text = token ? fy_token_get_text(token, &length) : nullptr;
  return text ? std::string_view(text, length) : std::string_view();
}

// What stands between single quotes as YAML 1.2 reads it: a doubled quote is one, a line break is a blank, empty lines
// are line breaks. libfyaml 0.7 gets more than one doubled quote in a row wrong.
std::string unquote_single(std::string_view raw) {
  constexpr std::string_view blanks = " \t\r\n";
  std::string out;
  for (std::size_t i = 0; i < raw.size();) {
    if (raw[i] == '\n') {
      out.erase(out.find_last_not_of(" \t\r") + 1);
      const auto next = std::min(raw.find_first_not_of(blanks, i), raw.size());
      const auto breaks = std::count(raw.begin() + static_cast<std::ptrdiff_t>(i),
                                     raw.begin() + static_cast<std::ptrdiff_t>(next), '\n');
      out += breaks == 1 ? std::string(" ") : std::string(static_cast<std::size_t>(breaks - 1), '\n');
      i = next;
    } else {
      out += raw[i];
      i += raw.substr(i).starts_with("''") ? 2 : 1;
    }
  }
  return out;
}

// Where the lines of a text begin; turns byte offsets into marks.
class Places {
 public:
  Places(std::string_view text, std::string_view name)
      : source_(std::make_shared<const Source>(Source{std::string(name), std::string(text)})) {
    starts_.push_back(0);
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') starts_.push_back(i + 1);
    }
  }

  // Stays on the line where it begins; at least one byte long.
  Mark mark(std::size_t offset, std::size_t end) const {
    offset = std::min(offset, source_->text.size());
    const auto next = std::upper_bound(starts_.begin(), starts_.end(), offset);
    const std::size_t line_start = *(next - 1);
    std::size_t line_end = next == starts_.end() ? source_->text.size() : *next - 1;
    if (line_end > line_start && source_->text[line_end - 1] == '\r') --line_end;
    Mark mark;
    mark.source = source_;
    mark.line = static_cast<std::uint32_t>(next - starts_.begin());
    mark.column = static_cast<std::uint32_t>(offset - line_start) + 1;
    end = std::min(end, line_end);
    mark.length = end > offset ? static_cast<std::uint32_t>(end - offset) : 1;
    return mark;
  }

  std::string_view text() const { return source_->text; }

 private:
  std::shared_ptr<const Source> source_;
  std::vector<std::size_t> starts_;
};

// An array or object that is not complete yet.
struct Frame {
  bool is_object = false;
  Array array;
  Object object;
  Mark mark;
  std::string anchor;
  std::size_t nodes_before = 0;
  int height = 0;  // of the deepest part so far

  bool has_key = false;
  bool key_is_merge = false;
  bool key_is_duplicate = false;
  std::string key;
  Mark key_mark;
  std::unordered_set<std::string> keys;  // only when there are many
  std::optional<Value> merge;            // what stood behind "<<"
};

struct Anchor {
  Value value;
  std::size_t nodes = 1;
  int height = 0;
};

class YamlBuilder {
 public:
  YamlBuilder(std::string_view text, std::string_view source_name) : places_(text, source_name) {}

  Result<std::vector<Value>> build() {
    TRY(check_bytes());
    fy_diag_cfg diag_config;
    fy_diag_cfg_default(&diag_config);
    diag_config.fp = nullptr;
    diag_config.colorize = false;
    const std::unique_ptr<fy_diag, DiagDeleter> diag(fy_diag_create(&diag_config));
    if (!diag) return fail(Code::resource_exhausted, "no memory to parse YAML");
    fy_diag_set_collect_errors(diag.get(), true);
    fy_parse_cfg config{};
    // PyYAML and Go's YAML take the next line of a quoted scalar at its parent's own indentation, and formatters write
    // it.
    // NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): a set of libfyaml's flags, in its own type
    config.flags = static_cast<fy_parse_cfg_flags>(FYPCF_QUIET | FYPCF_DISABLE_DEPTH_LIMIT | FYPCF_DEFAULT_VERSION_1_2 |
                                                   FYPCF_JSON_NONE | FYPCF_SLOPPY_FLOW_INDENTATION);
    config.diag = diag.get();
    const std::unique_ptr<fy_parser, ParserDeleter> parser(fy_parser_create(&config));
    if (!parser || fy_parser_set_string(parser.get(), places_.text().data(), places_.text().size()) != 0) {
      return fail(Code::resource_exhausted, "no memory to parse YAML");
    }
    while (fy_event* event = fy_parser_parse(parser.get())) {
      const bool go_on = handle(*event);
      fy_parser_event_free(parser.get(), event);
      if (!go_on) return fail(join(std::move(problems_)));
    }
    if (fy_parser_get_stream_error(parser.get())) add_syntax_error(diag.get());
    if (!problems_.empty()) return fail(join(std::move(problems_)));
    return std::move(documents_);
  }

 private:
  // What no YAML file may hold, said better than the scanner would.
  Result<> check_bytes() const {
    const std::string_view text = places_.text();
    if (const std::size_t at = find_invalid_utf8(text); at != std::string_view::npos) {
      return fail(
          Error(Code::invalid_argument, "invalid UTF-8", "save the file as UTF-8").at(places_.mark(at, at + 1)));
    }
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      if ((byte >= 0x20 && byte != 0x7F) || byte == '\t' || byte == '\n' || byte == '\r') continue;
      return fail(Error(Code::invalid_argument, "control character (byte " + std::to_string(byte) + ")",
                        "write it as \"\\x..\" in a double-quoted string")
                      .at(places_.mark(i, i + 1)));
    }
    return {};
  }

  bool problem(Mark mark, std::string message, std::string hint = {}) {
    problems_.push_back(Error(Code::invalid_argument, std::move(message), std::move(hint)).at(std::move(mark)));
    return false;
  }

  void add_syntax_error(fy_diag* diag) {
    void* iterator = nullptr;
    const fy_diag_error* error = fy_diag_errors_iterate(diag, &iterator);
    if (!error) {
      problem(places_.mark(0, 0), "this is not YAML");
      return;
    }
    const fy_mark* start = error->fyt ? fy_token_start_mark(error->fyt) : nullptr;
    const std::size_t offset = start ? start->input_pos : places_.text().size();
    Mark mark = places_.mark(offset, offset + 1);
    std::string message = error->msg ? error->msg : "this is not YAML";
    if (const auto tab = indenting_tab(mark.line)) {
      problem(*tab, "a tab indents this line", "indent with spaces: YAML allows no tabs there");
      return;
    }
    std::string hint;
    if (message.find("without a closing") != std::string::npos && !frames_.empty()) mark = frames_.back().mark;
    if (message.find("nested block mapping on the same line") != std::string::npos)
      hint = "quote a text that has \": \" in it";
    if (message.find("plain scalar cannot start") != std::string::npos) hint = "quote this text";
    problem(std::move(mark), std::move(message), std::move(hint));
  }

  // A tab among the leading white space of line `line` or its neighbours, which confuses the scanner in many ways.
  std::optional<Mark> indenting_tab(std::uint32_t line) const {
    const std::string_view text = places_.text();
    for (std::uint32_t number = line > 1 ? line - 1 : 1; number <= line + 1; ++number) {
      const std::string_view content = line_of(text, number);
      const std::size_t tab = content.find('\t');
      if (tab == std::string_view::npos || content.find_first_not_of(' ') < tab) continue;
      if (content.find_first_not_of(" \t") == std::string_view::npos) continue;
      const std::size_t offset = static_cast<std::size_t>(content.data() - text.data()) + tab;
      return places_.mark(offset, offset + 1);
    }
    return std::nullopt;
  }

  Mark mark_of(fy_token* token) const {
    const fy_mark* start = token ? fy_token_start_mark(token) : nullptr;
    const fy_mark* end = token ? fy_token_end_mark(token) : nullptr;
    if (!start || !end) {
      // An empty value: where its key stands.
      return !frames_.empty() && frames_.back().has_key ? frames_.back().key_mark : Mark();
    }
    std::size_t from = start->input_pos;
    std::size_t until = end->input_pos;
    const fy_scalar_style style = fy_scalar_token_get_style(token);
    if (style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED) {
      if (from > 0) --from;
      ++until;
    }
    return places_.mark(from, until);
  }

  // The text of a scalar that libfyaml would get wrong.
  std::optional<std::string> mended_text(fy_token* token) const {
    if (token == nullptr || fy_scalar_token_get_style(token) != FYSS_SINGLE_QUOTED) return std::nullopt;
    const fy_mark* start = fy_token_start_mark(token);
    const fy_mark* end = fy_token_end_mark(token);
    if (start == nullptr || end == nullptr || end->input_pos < start->input_pos) return std::nullopt;
    const auto raw = places_.text().substr(start->input_pos, end->input_pos - start->input_pos);
    if (raw.find("''''") == std::string_view::npos) return std::nullopt;
    return unquote_single(raw);
  }

  bool handle(fy_event& event) {
    switch (event.type) {
      case FYET_DOCUMENT_START:
        anchors_.clear();
        return true;
      case FYET_SCALAR:
        return on_scalar(event);
      case FYET_ALIAS:
        return on_alias(event);
      case FYET_MAPPING_START:
        return open(event, true);
      case FYET_SEQUENCE_START:
        return open(event, false);
      case FYET_MAPPING_END:
      case FYET_SEQUENCE_END:
        return close();
      default:
        return true;
    }
  }

  bool wants_key() const { return !frames_.empty() && frames_.back().is_object && !frames_.back().has_key; }

  bool open(fy_event& event, bool is_object) {
    Mark mark = mark_of(fy_event_get_token(&event));
    if (wants_key()) return problem(std::move(mark), "a key must be a text, not a list or a mapping");
    if (frames_.size() >= static_cast<std::size_t>(depth_limit)) {
      return problem(std::move(mark), "nested deeper than " + std::to_string(depth_limit) + " levels");
    }
    const std::string_view tag = text_of(fy_event_get_tag_token(&event));
    if (!tag.empty() && tag != "!" && tag != (is_object ? "tag:yaml.org,2002:map" : "tag:yaml.org,2002:seq")) {
      return problem(std::move(mark), "the tag \"" + std::string(tag) + "\" is not supported", "remove it");
    }
    Frame frame;
    frame.is_object = is_object;
    frame.mark = std::move(mark);
    frame.anchor = text_of(fy_event_get_anchor_token(&event));
    frame.nodes_before = nodes_;
    frames_.push_back(std::move(frame));
    return true;
  }

  bool close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    if (frame.merge && !apply_merge(frame)) return false;
    Value value = frame.is_object ? Value(std::move(frame.object)) : Value(std::move(frame.array));
    value.set_mark(std::move(frame.mark));
    ++nodes_;
    if (!frame.anchor.empty()) anchors_[frame.anchor] = Anchor{value, nodes_ - frame.nodes_before, frame.height + 1};
    return deliver(std::move(value), frame.height + 1);
  }

  bool on_scalar(fy_event& event) {
    fy_token* token = fy_event_get_token(&event);
    const auto mended = mended_text(token);
    const std::string_view text = mended ? std::string_view(*mended) : text_of(token);
    const bool plain = !token || fy_scalar_token_get_style(token) == FYSS_PLAIN;
    const std::string_view tag = text_of(fy_event_get_tag_token(&event));
    const std::string anchor(text_of(fy_event_get_anchor_token(&event)));
    Mark mark = mark_of(token);
    if (wants_key()) {
      if (!anchor.empty()) anchors_[anchor] = Anchor{Value(text), 1, 0};
      return set_key(std::string(text), std::move(mark), plain && tag.empty() && text == "<<");
    }
    const bool nothing = plain && text.empty() && tag.empty() && anchor.empty();
    if (frames_.empty() && nothing) return true;  // a document of comments alone
    Value value;
    if (!resolve(text, plain, tag, mark, value)) return false;
    value.set_mark(std::move(mark));
    ++nodes_;
    if (!anchor.empty()) anchors_[anchor] = Anchor{value, 1, 0};
    return deliver(std::move(value), 0);
  }

  bool resolve(std::string_view text, bool plain, std::string_view tag, const Mark& mark, Value& out) {
    if (tag.empty()) {
      out = plain ? resolve_plain(text) : Value(text);
      return true;
    }
    constexpr std::string_view core_prefix = "tag:yaml.org,2002:";
    const std::string_view type = tag.starts_with(core_prefix) ? tag.substr(core_prefix.size()) : std::string_view();
    if (tag == "!" || type == "str") {
      out = Value(text);
      return true;
    }
    out = resolve_plain(text);
    const bool fits = (type == "int" && out.is_int()) || (type == "float" && out.is_number()) ||
                      (type == "bool" && out.is_bool()) || (type == "null" && out.is_null());
    if (fits) return true;
    if (type == "int" || type == "float" || type == "bool" || type == "null") {
      return problem(mark, "\"" + std::string(text) + "\" is not what its tag !!" + std::string(type) + " says");
    }
    return problem(mark, "the tag \"" + std::string(tag) + "\" is not supported", "remove it");
  }

  bool on_alias(fy_event& event) {
    fy_token* token = fy_event_get_token(&event);
    const std::string name(text_of(token));
    Mark mark = mark_of(token);
    const auto found = anchors_.find(name);
    if (found == anchors_.end()) {
      const bool open =
          std::any_of(frames_.begin(), frames_.end(), [&](const Frame& frame) { return frame.anchor == name; });
      if (open) return problem(std::move(mark), "*" + name + " stands inside of what it names");
      std::vector<std::string> known;
      for (const auto& [anchor, value] : anchors_) known.push_back(anchor);
      const std::string near = nearest(name, known);
      return problem(std::move(mark), "no anchor &" + name + " before this alias",
                     near.empty() ? "" : "did you mean \"*" + near + "\"?");
    }
    const Anchor& anchor = found->second;
    if (wants_key()) {
      if (anchor.value.is_array() || anchor.value.is_object()) {
        return problem(std::move(mark), "a key must be a text, not a list or a mapping");
      }
      return set_key(text_as_written(anchor.value), std::move(mark), false);
    }
    expanded_ += anchor.nodes;
    nodes_ += anchor.nodes;
    if (expanded_ > expansion_limit) {
      return problem(std::move(mark), "aliases expand to more than " + std::to_string(expansion_limit) + " values");
    }
    if (frames_.size() + static_cast<std::size_t>(anchor.height) > static_cast<std::size_t>(depth_limit)) {
      return problem(std::move(mark), "nested deeper than " + std::to_string(depth_limit) + " levels");
    }
    return deliver(anchor.value, anchor.height);
  }

  bool set_key(std::string key, Mark mark, bool is_merge) {
    Frame& frame = frames_.back();
    frame.has_key = true;
    frame.key_is_merge = is_merge;
    frame.key_is_duplicate = false;
    if (is_merge && frame.merge) {
      frame.key_is_duplicate = true;
      problem(mark, "duplicate key \"<<\"", "merge several with a list: <<: [*a, *b]");
    } else if (!is_merge && seen_before(frame, key)) {
      frame.key_is_duplicate = true;
      const Value* first = frame.object.find(key);
      const Mark first_mark = first->key_mark();
      problem(mark, "duplicate key \"" + key + "\"",
              first_mark.known() ? "it is set in line " + std::to_string(first_mark.line) + " already" : "");
    }
    frame.key = std::move(key);
    frame.key_mark = std::move(mark);
    return true;
  }

  static bool seen_before(Frame& frame, const std::string& key) {
    constexpr std::size_t few = 16;
    if (frame.object.size() < few) return frame.object.contains(key);
    if (frame.keys.empty()) {
      for (const auto& [name, value] : frame.object) frame.keys.insert(name);
    }
    return !frame.keys.insert(key).second;
  }

  bool deliver(Value value, int height) {
    if (frames_.empty()) {
      documents_.push_back(std::move(value));
      return true;
    }
    Frame& frame = frames_.back();
    frame.height = std::max(frame.height, height);
    if (!frame.is_object) {
      frame.array.push_back(std::move(value));
      return true;
    }
    frame.has_key = false;
    if (frame.key_is_duplicate) return true;  // reported; the first one stays
    value.set_key_mark(frame.key_mark.line, frame.key_mark.column, frame.key_mark.length);
    if (!value.mark().source) value.set_mark(frame.key_mark);
    if (frame.key_is_merge) {
      frame.merge = std::move(value);
    } else {
      frame.object.append(std::move(frame.key), std::move(value));
    }
    return true;
  }

  // Members of the mapping itself win, wherever "<<" stands; of several merged mappings the earlier one wins.
  bool apply_merge(Frame& frame) {
    const Value& merge = *frame.merge;
    const bool is_list = merge.is_array();
    const std::size_t count = is_list ? merge.size() : 1;
    for (std::size_t i = 0; i < count; ++i) {
      const Value& part = is_list ? merge[i] : merge;
      if (!part.is_object()) {
        return problem(part.mark(), "\"<<\" merges mappings; found type " + std::string(name_of(part.type())),
                       "quote the key if it is not meant as a merge");
      }
      for (const auto& [key, value] : part.as_object()) {
        if (!seen_before(frame, key)) frame.object.append(key, value);
      }
    }
    return true;
  }

  Places places_;
  std::vector<Value> documents_;
  std::vector<Frame> frames_;
  std::map<std::string, Anchor, std::less<>> anchors_;
  std::vector<Error> problems_;
  std::size_t nodes_ = 0;
  std::size_t expanded_ = 0;
};

}  // namespace

Result<std::vector<Value>> parse_yaml_all(std::string_view text, std::string_view source_name) {
  return YamlBuilder(text, source_name).build();
}

Result<Value> parse_yaml(std::string_view text, std::string_view source_name) {
  TRY_ASSIGN(std::vector<Value> documents, parse_yaml_all(text, source_name));
  if (documents.size() == 1) return std::move(documents.front());
  const std::string count = documents.empty() ? "none" : std::to_string(documents.size());
  Mark mark = documents.empty() ? Mark() : documents[1].mark();
  if (!mark.source) mark.source = std::make_shared<const Source>(Source{std::string(source_name), ""});
  return fail(Error(Code::invalid_argument, "expected one YAML document, found " + count,
                    documents.empty() ? "is the file empty?" : "documents are separated by lines of ---")
                  .at(std::move(mark)));
}

}  // namespace slipway::core::doc

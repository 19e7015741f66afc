// Stories of objects against Kubernetes' own code: testdata/*.stories. Lines of a story:
//   base NAME                     an object in YAML follows, indented
//   create NAME: SENTENCE         it is created, with the edits below; also `update` and `status`: a write to what is
//                                 stored
//     - PATH = YAML               an edit of what is stored and of what is written
//     ! PATH = YAML               an edit of what is written; null removes; `x times 300` is x, 300 times over
//     > FIELD: PROBLEM            what the server finds wrong; written by tools/validation-golden
// PATH is spec.containers[0].name, or metadata.labels["a.b/c"].

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "objects/schema/builtin.hpp"
#include "objects/schema/decode.hpp"
#include "objects/validation/validate.hpp"
#include "source_dir.hpp"

using namespace slipway;
using namespace slipway::objects;

namespace {

struct Story {
  std::string verb, base, sentence;
  std::vector<std::string> before, edits, wanted;
};

// `value` with what the edit says at its path.
void set_at(doc::Value& value, std::string_view path, const doc::Value& what) {
  if (path.starts_with('.')) path.remove_prefix(1);
  if (path.empty()) {
    value = what;
    return;
  }
  const bool is_key = path.starts_with("[\"");
  if (path.starts_with('[') && !is_key) {
    const std::size_t end = path.find(']');
    const auto index = std::stoul(std::string(path.substr(1, end - 1)));
    if (!value.is_array()) value = doc::Array{};
    while (value.as_array().size() <= index) value.as_array().emplace_back();
    set_at(value.as_array()[index], path.substr(end + 1), what);
    return;
  }
  const std::size_t end = is_key ? path.find("\"]") : std::min(path.find_first_of(".["), path.size());
  const std::string_view key = is_key ? path.substr(2, end - 2) : path.substr(0, end);
  const std::string_view rest = path.substr(is_key ? end + 2 : end);
  if (!value.is_object()) value = doc::Object{};
  doc::Value member = value[key];
  set_at(member, rest, what);
  if (member.is_null()) {
    value.as_object().erase(key);
  } else {
    value.as_object().set(key, std::move(member));
  }
}

void apply(doc::Value& value, const std::string& edit) {
  const std::size_t equals = edit.find(" = ");
  REQUIRE_MESSAGE(equals != std::string::npos, edit);
  std::string text = edit.substr(equals + 3);
  const std::size_t times = text.find(" times ");
  if (times != std::string::npos) {
    std::string repeated;
    for (int count = std::stoi(text.substr(times + 7)); count > 0; --count) repeated += text.substr(0, times);
    return set_at(value, edit.substr(0, equals), repeated);
  }
  const auto parsed = doc::parse_yaml(text, "edit");
  REQUIRE_MESSAGE(parsed.has_value(), edit);
  set_at(value, edit.substr(0, equals), *parsed);
}

doc::Value prepared(doc::Value value, const schema::Type& type) {
  const auto findings = schema::check(value, type);
  CHECK(findings.mistyped == "");
  CHECK(findings.strict == std::vector<std::string>{});
  schema::prune(value, type);
  schema::normalize(value, type);
  schema::show_zeros(value, type);
  schema::apply_defaults(value, type);
  return value;
}

struct Book {
  std::map<std::string, std::string> bases;
  std::vector<Story> stories;
};

Book read_book(const std::filesystem::path& path) {
  Book book;
  std::ifstream file(path, std::ios::binary);
  std::string base;
  for (std::string line; std::getline(file, line);) {
    const auto tail = [&](std::size_t from) { return line.substr(from); };
    if (line.empty() || line.starts_with('#')) continue;
    if (line.starts_with("base ")) {
      base = tail(5);
    } else if (!base.empty() && line.starts_with("  ")) {
      book.bases[base] += tail(2) + "\n";
    } else if (line.starts_with("  - ")) {
      book.stories.back().before.push_back(tail(4));
    } else if (line.starts_with("  ! ")) {
      book.stories.back().edits.push_back(tail(4));
    } else if (line.starts_with("  > ")) {
      book.stories.back().wanted.push_back(tail(4));
    } else {
      base.clear();
      const std::size_t blank = line.find(' ');
      const std::size_t colon = line.find(": ");
      const std::size_t end = std::min(colon, line.size());
      book.stories.push_back({line.substr(0, blank),
                              line.substr(blank + 1, end - blank - 1),
                              colon == std::string::npos ? "" : tail(colon + 2),
                              {},
                              {},
                              {}});
    }
  }
  return book;
}

std::vector<std::string> problems_of(const Book& book, const Story& story) {
  auto written = doc::parse_yaml(book.bases.at(story.base), story.base);
  REQUIRE(written.has_value());
  const auto* resource = [&] {
    const std::string version = (*written)["apiVersion"].string_or("");
    const std::size_t slash = version.find('/');
    return schema::builtin().find(slash == std::string::npos ? "" : version.substr(0, slash),
                                  slash == std::string::npos ? version : version.substr(slash + 1),
                                  (*written)["kind"].string_or(""));
  }();
  REQUIRE(resource != nullptr);
  for (const std::string& edit : story.before) apply(*written, edit);
  doc::Value old = *written;
  for (const std::string& edit : story.edits) apply(*written, edit);
  if (story.verb != "create") {
    for (doc::Value* value : {&old, &*written}) {
      value->at_or_insert("metadata").at_or_insert("uid") = "11111111-1111-1111-1111-111111111111";
      value->at_or_insert("metadata").at_or_insert("resourceVersion") = "7";
    }
  }
  const doc::Value object = prepared(*written, *resource->type);
  validation::Problems problems;
  if (story.verb == "create") {
    problems = validation::validate_create(*resource, object);
  } else {
    const doc::Value before = prepared(old, *resource->type);
    problems = story.verb == "update" ? validation::validate_update(*resource, object, before)
                                      : validation::validate_status_update(*resource, object, before);
  }
  std::vector<std::string> found;
  for (const validation::Problem& problem : problems) found.push_back(problem.message());
  return found;
}

// Where the server shows one of its own structs, and after the sentence of a problem with several lines, only what
// stands around counts.
std::string around_structs(const std::string& text) {
  std::string line = text.substr(0, text.find('\n'));
  line = line.substr(0, line.find("\\n"));
  const std::size_t open = std::min(line.find("value: {"), line.find("value: [{"));
  const std::size_t close = std::min(line.rfind("}: "), line.rfind("}]: "));
  if (open == std::string::npos || close == std::string::npos || close < open) return line;
  return line.substr(0, open) + line.substr(line.find(": ", close));
}

bool are_same(const std::vector<std::string>& found, const std::vector<std::string>& wanted) {
  if (found.size() != wanted.size()) return false;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i] == wanted[i]) continue;
    const bool shows_struct = wanted[i].find("value: {\"") != std::string::npos ||
                              wanted[i].find("value: [{\"") != std::string::npos ||
                              wanted[i].find("\\n") != std::string::npos;
    if (!shows_struct || around_structs(found[i]) != around_structs(wanted[i])) return false;
  }
  return true;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += "\n  > " + line;
  return text;
}

void check_book(const std::string& name, std::size_t least) {
  const Book book = read_book(SLIPWAY_SOURCE_DIR "/src/objects/validation/testdata/" + name + ".stories");
  CHECK(book.stories.size() >= least);
  for (const Story& story : book.stories) {
    const std::string title = story.verb + " " + story.base + ": " + story.sentence + joined(story.edits);
    CAPTURE(title);
    std::vector<std::string> wanted;
    for (const std::string& line : story.wanted) {
      if (std::find(wanted.begin(), wanted.end(), line) == wanted.end()) wanted.push_back(line);
    }
    const auto found = problems_of(book, story);
    CHECK_MESSAGE(are_same(found, wanted), "\nfound:" << joined(found) << "\nwanted:" << joined(wanted));
  }
}

}  // namespace

TEST_CASE("valid objects of every kind have no problems") { check_book("valid", 30); }
TEST_CASE("metadata is judged as Kubernetes judges it") { check_book("metadata", 30); }
TEST_CASE("pods are judged as Kubernetes judges them") { check_book("pod", 150); }
TEST_CASE("what runs pods is judged as Kubernetes judges it") { check_book("workloads", 90); }
TEST_CASE("services, configuration and storage are judged as Kubernetes judges them") { check_book("core", 120); }
TEST_CASE("the other groups are judged as Kubernetes judges them") { check_book("groups", 120); }

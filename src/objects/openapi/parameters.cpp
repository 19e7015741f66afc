#include "objects/openapi/parameters.hpp"

#include <array>
#include <cstdint>

namespace slipway::objects::openapi {
namespace {

// Which sets a parameter is in: a bit for each value of Parameters.
constexpr std::uint32_t in(Parameters which) { return 1u << static_cast<unsigned>(which); }
constexpr std::uint32_t lists = in(Parameters::list);
constexpr std::uint32_t finds = lists | in(Parameters::remove_collection);
constexpr std::uint32_t removes = in(Parameters::remove) | in(Parameters::remove_collection);
constexpr std::uint32_t writes = in(Parameters::create) | in(Parameters::patch);
constexpr std::uint32_t logs = in(Parameters::log);
constexpr std::uint32_t execs = in(Parameters::exec);
constexpr std::uint32_t streams = execs | in(Parameters::attach);

struct Row {
  std::string_view name;
  std::string_view type;
  std::uint32_t sets;
  std::string_view description;
};

constexpr Row rows[] = {
    {"allowWatchBookmarks", "boolean", lists, "A watch may tell how far it is without an event."},
    {"command", "string", execs, "What to run; once for each word."},
    {"container", "string", streams | logs, "Which container; the first one when not given."},
    {"continue", "string", finds, "Where the last page ended, as that page said."},
    {"dryRun", "string", writes | removes, "All: answer as if it were done, and keep nothing."},
    {"fieldManager", "string", writes, "Who owns the fields that this request sets."},
    {"fieldSelector", "string", finds, "Only objects with these values of fields."},
    {"fieldValidation", "string", writes, "What unknown and duplicate fields are: Ignore, Warn or Strict."},
    {"follow", "boolean", logs, "Go on with what is written from now on."},
    {"force", "boolean", in(Parameters::patch), "Server-side apply takes fields from their other owners."},
    {"gracePeriodSeconds", "integer", removes, "Seconds until it is gone; 0 is at once."},
    {"ignoreStoreReadErrorWithClusterBreakingPotential", "boolean", removes, "Remove even what cannot be read."},
    {"insecureSkipTLSVerifyBackend", "boolean", logs, "Do not check who serves the log."},
    {"labelSelector", "string", finds, "Only objects with these labels."},
    {"limit", "integer", finds, "How many objects a page has at most."},
    {"limitBytes", "integer", logs, "How many bytes at most."},
    {"orphanDependents", "boolean", removes, "Older form of propagationPolicy."},
    {"path", "string", in(Parameters::proxy), "The path to ask for."},
    {"ports", "integer", in(Parameters::portforward), "The ports to reach."},
    {"previous", "boolean", logs, "Of the container that ran before this one."},
    {"propagationPolicy", "string", removes, "What becomes of what it owns: Orphan, Background or Foreground."},
    {"resourceVersion", "string", finds, "From which version of the store."},
    {"resourceVersionMatch", "string", finds, "NotOlderThan or Exact."},
    {"sendInitialEvents", "boolean", finds, "A watch begins with what is there already."},
    {"sinceSeconds", "integer", logs, "Only the last seconds."},
    {"stderr", "boolean", streams, "Send what is written to standard error."},
    {"stdin", "boolean", streams, "Pass on standard input."},
    {"stdout", "boolean", streams, "Send what is written to standard output."},
    {"stream", "string", logs, "All, Stdout or Stderr."},
    {"tailLines", "integer", logs, "Only the last lines."},
    {"timeoutSeconds", "integer", finds, "How long at most."},
    {"timestamps", "boolean", logs, "Each line begins with its time."},
    {"tty", "boolean", streams, "With a terminal."},
    {"watch", "boolean", lists, "Go on with every change as it happens."},
};

doc::Value parameter(std::string_view name, std::string_view place, std::string_view type,
                     std::string_view description) {
  doc::Object out{{"name", name}, {"in", place}, {"description", description}};
  if (place == "path") out.append("required", true);
  out.append("schema", doc::Object{{"type", type}});
  return out;
}

}  // namespace

const doc::Array& parameters_of(Parameters which) {
  static const auto sets = [] {
    std::array<doc::Array, static_cast<std::size_t>(Parameters::proxy) + 1> out;
    for (std::size_t i = 0; i < out.size(); ++i) {
      for (const Row& row : rows) {
        if (row.sets & (1u << i)) out[i].push_back(parameter(row.name, "query", row.type, row.description));
      }
    }
    return out;
  }();
  return sets[static_cast<std::size_t>(which)];
}

doc::Value path_parameter(std::string_view name) {
  return parameter(name, "path", "string", name == "namespace" ? "The object's namespace." : "The object's name.");
}

doc::Value pretty_parameter() { return parameter("pretty", "query", "string", "true: with line breaks."); }

}  // namespace slipway::objects::openapi

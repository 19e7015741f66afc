#include <filesystem>
#include <iostream>

#include "cli/client.hpp"
#include "cli/verbs.hpp"
#include "core/world/real.hpp"
#include "net/http.hpp"
#include "registry/model_card.hpp"
#include "server/platform.hpp"

namespace slipway::cli {
namespace {

Result<doc::Value> read_card(const std::string& path) {
  TRY_ASSIGN(const std::string text, read_input(path));
  return doc::parse_yaml(text, path);
}

struct RegisterOptions {
  Common common;
  std::string card = "model.yaml", weights, repository, commit, run, version;
};

Result<doc::Value> register_version(const RegisterOptions& options) {
  TRY_ASSIGN(const doc::Value document, read_card(options.card));
  TRY_ASSIGN(const registry::ModelCard card, registry::parse_model_card(document));
  std::error_code status;
  if (!std::filesystem::is_regular_file(options.weights, status)) {
    return fail(Code::invalid_argument, "there are no weights at \"" + options.weights + "\"",
                "--weights names one file; in a workflow it comes from the variable WEIGHTS");
  }
  TRY_ASSIGN(const Connection connection, connect(options.common));
  Progress progress("storing the weights");
  progress.update(options.weights);
  TRY_ASSIGN(const doc::Value blob, upload(connection, "/api/slipway/v1/blobs", options.weights));
  doc::Object body{{"version", options.version.empty() ? card.version : options.version},
                   {"description", card.description},
                   {"weights", blob["digest"]},
                   {"format", card.format}};
  if (!options.repository.empty()) body.set("repository", options.repository);
  if (!options.commit.empty()) body.set("commit", options.commit);
  if (!options.run.empty()) body.set("run", options.run);
  if (card.parameters.is_object()) body.set("parameters", card.parameters);
  return call(connection, "POST", "/api/slipway/v1/models/" + net::url_encode(card.name) + "/versions",
              std::move(body));
}

struct RecordOptions {
  Common common;
  std::string model, version, metrics, run;
};

// The numbers of a metrics file: {"accuracy": 0.8}, or what `slipway run --outputs` wrote (numbers of every step's
// metrics).
void collect_numbers(const doc::Value& value, doc::Object& into) {
  if (!value.is_object()) return;
  for (const auto& [key, member] : value.as_object()) {
    if (member.is_number())
      into.set(key, member);
    else
      collect_numbers(member, into);
  }
}

Result<doc::Value> record_metrics(const RecordOptions& options) {
  TRY_ASSIGN(const std::string text, read_input(options.metrics));
  TRY_ASSIGN(const doc::Value file, doc::parse_yaml(text, options.metrics));
  doc::Object metrics;
  collect_numbers(file, metrics);
  if (metrics.empty()) return fail(Code::invalid_argument, options.metrics + " has no number in it");
  TRY_ASSIGN(const Connection connection, connect(options.common));
  doc::Object body{{"metrics", std::move(metrics)}};
  if (!options.run.empty()) body.set("run", options.run);
  return call(connection, "POST",
              "/api/slipway/v1/models/" + net::url_encode(options.model) + "/versions/" +
                  net::url_encode(options.version) + "/metrics",
              std::move(body));
}

int show(const Result<doc::Value>& answer, const Common& common, const std::string& sentence) {
  if (!answer) return print_error(answer.error(), common.format());
  if (common.format() != Format::table) {
    print_value(*answer, common.format());
  } else {
    std::cout << sentence << "\n";
  }
  return ExitCode::ok;
}

Command register_command() {
  auto options = std::make_shared<RegisterOptions>();
  std::vector<Option> list{{"--card", "FILE", "the model card: name, version, format, parameters", &options->card},
                           {"--weights", "FILE", "the weights; stored by their SHA-256", &options->weights, true},
                           {"--version", "VERSION", "instead of the card's", &options->version},
                           {"--repository", "NAME", "lineage", &options->repository},
                           {"--commit", "SHA", "lineage", &options->commit},
                           {"--run", "ID", "lineage", &options->run}};
  for (Option& option : common_options(options->common)) list.push_back(std::move(option));
  return {.name = "register",
          .summary = "store weights by digest and register a version, in one step",
          .examples = {"slipway model register --card model.yaml --weights weights.gguf"},
          .options = std::move(list),
          .run =
              [options] {
                auto answer = register_version(*options);
                const std::string sentence = answer ? (*answer)["model"].string_or("") + " " +
                                                          (*answer)["version"].string_or("") + " registered, weights " +
                                                          (*answer)["weights"].string_or("")
                                                    : "";
                return show(answer, options->common, sentence);
              },
          .state = options};
}

Command record_command() {
  auto options = std::make_shared<RecordOptions>();
  std::vector<Option> list{
      {"model", "MODEL", "", &options->model, true},
      {"version", "VERSION", "", &options->version, true},
      {"--metrics", "FILE", "JSON with numbers, such as slipway run --outputs writes", &options->metrics, true},
      {"--run", "ID", "the run they come from", &options->run}};
  for (Option& option : common_options(options->common)) list.push_back(std::move(option));
  return {.name = "record",
          .summary = "put metrics on a version's record: the evidence gates look at",
          .examples = {"slipway model record support-assistant v2 --metrics metrics.json"},
          .options = std::move(list),
          .run =
              [options] {
                return show(record_metrics(*options), options->common,
                            "metrics of " + options->model + " " + options->version + " recorded");
              },
          .state = options};
}

Command card_command() {
  struct Options {
    std::string file, field;
  };
  auto options = std::make_shared<Options>();
  return {
      .name = "card",
      .summary = "print a field of a model card",
      .examples = {"slipway model card model.yaml version"},
      .options = {{"file", "FILE", "", &options->file, true},
                  {"field", "FIELD", "name, version, ...", &options->field, true}},
      .run =
          [options] {
            auto card = read_card(options->file);
            if (!card) return print_error(card.error());
            if (auto checked = registry::parse_model_card(*card); !checked) return print_error(checked.error());
            const doc::Value& value = card->at_path(options->field);
            if (value.is_null())
              return print_error(core::Error(Code::not_found, options->file + " has no \"" + options->field + "\""));
            std::cout << value.string_or("") << "\n";
            return static_cast<int>(ExitCode::ok);
          },
      .state = options};
}

Command list_command() {
  auto common = std::make_shared<Common>();
  return {.name = "ls",
          .summary = "models and their versions",
          .examples = {"slipway model ls"},
          .options = common_options(*common),
          .run =
              [common] {
                auto connection = connect(*common);
                if (!connection) return print_error(connection.error(), common->format());
                auto overview = call(*connection, "GET", "/api/slipway/v1/overview");
                if (!overview) return print_error(overview.error(), common->format());
                const doc::Value& versions = (*overview)["versions"];
                if (common->format() != Format::table)
                  return print_value(versions, common->format()), static_cast<int>(ExitCode::ok);
                std::vector<std::vector<std::string>> rows;
                for (const doc::Value& v : versions.is_array() ? versions.as_array() : doc::Array{}) {
                  std::string metrics;
                  if (v["metrics"].is_object()) {
                    for (const auto& [name, value] : v["metrics"].as_object())
                      metrics += (metrics.empty() ? "" : ", ") + name + " " + value.string_or("");
                  }
                  rows.push_back({v["model"].string_or(""), v["version"].string_or(""),
                                  v["commit"].string_or("").substr(0, 7), v["weights"].string_or("").substr(0, 19),
                                  metrics});
                }
                if (rows.empty()) return std::cout << "no version is registered\n", static_cast<int>(ExitCode::ok);
                print_table({"MODEL", "VERSION", "COMMIT", "WEIGHTS", "METRICS"}, rows);
                return static_cast<int>(ExitCode::ok);
              },
          .state = common};
}

Command sample_command() {
  return {.name = "sample",
          .summary = "where the small model is that ./quickstart installed",
          .examples = {"slipway up --detach --var WEIGHTS=\"$(slipway model sample)\""},
          .run = [] {
            auto weights = server::find_sample_weights();
            if (!weights) return print_error(weights.error());
            std::cout << *weights << "\n";
            return static_cast<int>(ExitCode::ok);
          }};
}

}  // namespace

Command model_command() {
  return {.name = "model",
          .summary = "the model registry: register, record, ls, card, sample",
          .children = {register_command(), record_command(), list_command(), card_command(), sample_command()}};
}

}  // namespace slipway::cli

#include "serving/spec.hpp"

namespace slipway::serving {
namespace {

// Other spellings of a field that people use, each read as the canonical one. Two that disagree are an error.
struct Alias {
  std::string_view canonical;
  std::string_view parent;
  std::string_view key;
};
constexpr Alias kModelAliases[] = {{"modelUri", "source", "modelUri"}};

// Collects the problems of several decoders, so that a user sees them all.
class Problems {
 public:
  void take(Result<> finished) {
    if (!finished) problems_.push_back(std::move(finished).error());
  }
  Result<> finish() {
    if (problems_.empty()) return {};
    return fail(core::join(std::move(problems_)));
  }

 private:
  std::vector<Error> problems_;
};

bool is_sha256_hex(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

void read_model(const doc::Value& value, Spec& spec, Problems& problems) {
  doc::Decoder model(value, "spec.model");
  spec.model_name = model.string("name", spec.model_name);
  spec.model_uri = model.string("modelUri");
  spec.version = model.scalar_text("version");
  for (const auto& alias : kModelAliases) {
    const auto& parent = model.object(alias.parent);
    if (parent.is_null()) continue;
    doc::Decoder nested(parent, "spec.model." + std::string(alias.parent));
    const auto said = nested.string(alias.key);
    if (!said.empty() && !spec.model_uri.empty() && said != spec.model_uri) {
      nested.add(alias.key, "disagrees with spec.model." + std::string(alias.canonical), "keep only the latter");
    }
    if (spec.model_uri.empty()) spec.model_uri = said;
    problems.take(nested.finish());
  }
  const auto& checksums = model.object("checksums");
  if (!checksums.is_null()) {
    doc::Decoder nested(checksums, "spec.model.checksums");
    spec.sha256_hex = nested.string("sha256");
    if (spec.sha256_hex.starts_with("sha256:")) spec.sha256_hex.erase(0, 7);
    if (!spec.sha256_hex.empty() && !is_sha256_hex(spec.sha256_hex)) {
      nested.add("sha256", "must be 64 lower-case hex digits");
    }
    problems.take(nested.finish());
  }
  const bool known_scheme = spec.model_uri.starts_with("model-registry://") || spec.model_uri.starts_with("file:///");
  if (!spec.model_uri.empty() && !known_scheme) {
    model.add("modelUri", "\"" + spec.model_uri + "\" is not a place weights are read from",
              "use model-registry://NAME/VERSION or file:///PATH");
  }
  problems.take(model.finish());
}

void read_serving(const doc::Value& value, Spec& spec, Problems& problems) {
  doc::Decoder serving(value, "spec.serving");
  spec.port = static_cast<int>(serving.integer("port", spec.port, {1, 65535}));
  spec.max_sequence_length =
      static_cast<int>(serving.integer("maxSequenceLength", spec.max_sequence_length, {16, 1'048'576}));
  spec.batch_size = static_cast<int>(serving.integer("batchSize", spec.batch_size, {1, 1024}));
  problems.take(serving.finish());
}

}  // namespace

Result<Spec> parse_spec(const objects::Object& llm_deployment) {
  Spec spec;
  spec.model_name = llm_deployment.name().name;
  Problems problems;
  doc::Decoder decoder(llm_deployment.spec(), "spec");
  const auto& model = decoder.object("model");
  if (model.is_null()) decoder.add("model", "is missing", "say at least spec.model.modelUri");
  spec.replicas = decoder.integer("replicas", spec.replicas, {0, 1000});
  const auto& serving = decoder.object("serving");
  const auto& runtime = decoder.object("runtime");
  problems.take(decoder.finish());
  if (model.is_object()) read_model(model, spec, problems);
  if (serving.is_object()) read_serving(serving, spec, problems);
  if (runtime.is_object()) {
    doc::Decoder nested(runtime, "spec.runtime");
    spec.runtime = nested.string("name");
    spec.runtime_arguments = nested.string_list("args");
    problems.take(nested.finish());
  }
  TRY(problems.finish());
  return spec;
}

}  // namespace slipway::serving

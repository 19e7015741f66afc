#include "workflow/dialects/dialect.hpp"

#include <algorithm>

#include "workflow/dialects/actions/actions.hpp"
#include "workflow/dialects/kfp/kfp.hpp"

namespace slipway::workflow {

std::string Facts::attempt_directory(const std::string& key, int attempt) const {
  std::string name = key;  // keys hold letters, digits, "-", "_" and "."; "/" stands between groups
  std::ranges::replace(name, '/', '+');
  return directory + "/steps/" + name + "-" + std::to_string(attempt);
}

const Dialect& dialect_of(ir::DialectName name) {
  return name == ir::DialectName::actions ? actions::dialect() : kfp::dialect();
}

core::Result<ir::Graph> lower(const std::string& text, const std::string& source_name, const std::string& dialect) {
  TRY_ASSIGN(const auto documents, core::doc::parse_yaml_all(text, source_name));
  if (documents.empty()) return fail(Code::invalid_argument, source_name + " is empty");
  if (dialect == "kfp" || (dialect.empty() && kfp::is_pipeline(documents[0]))) return kfp::lower(documents);
  if (dialect == "actions" || (dialect.empty() && actions::is_workflow(documents[0]))) {
    if (documents.size() > 1)
      return fail(
          Error(Code::invalid_argument, "a workflow file has one document, not " + std::to_string(documents.size()))
              .at(documents[1].mark()));
    return actions::lower(documents[0]);
  }
  if (!dialect.empty()) return fail(Code::invalid_argument, "unknown dialect \"" + dialect + "\"", "actions or kfp");
  return fail(Error(Code::invalid_argument, "this is neither a GitHub Actions workflow nor a compiled KFP pipeline",
                    "a workflow has \"jobs\", a pipeline has \"pipelineInfo\"")
                  .at(documents[0].mark()));
}

}  // namespace slipway::workflow

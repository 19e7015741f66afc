#include "server/validate.hpp"

#include "delivery/validate.hpp"
#include "gateway/validate.hpp"
#include "objects/kinds.hpp"
#include "serving/spec.hpp"
#include "slo/objective.hpp"

namespace slipway::server {
namespace {

// A condition's problem knows its place in the condition, "metric success, successCondition:1:11"; here it gets the
// place in the file.
void place_conditions(Error& error, const doc::Value& metrics) {
  for (Error& cause : error.causes) place_conditions(cause, metrics);
  if (!error.mark.known() || !metrics.is_array()) return;
  for (const doc::Value& metric : metrics.as_array()) {
    for (const std::string key : {"successCondition", "failureCondition"}) {
      const std::string name = "metric " + metric["name"].string_or("") + ", " + key;
      const doc::Value& condition = metric[key];
      if (error.mark.source->name != name || !condition.mark().known()) continue;
      Mark mark = condition.mark();
      // In a plain or quoted text of one line the column is exact; else the text begins here.
      const std::string& text = error.mark.source->text;
      if (text == condition.string_or("") && text.find('\n') == std::string::npos) {
        std::size_t start = 0;
        for (std::uint32_t line = 1; line < mark.line; ++line) start = mark.source->text.find('\n', start) + 1;
        const std::string_view written = std::string_view(mark.source->text).substr(start + mark.column - 1);
        const bool is_quoted = written.starts_with('"') || written.starts_with('\'');
        if (written.substr(is_quoted ? 1 : 0).starts_with(text)) {
          mark.column += error.mark.column - 1 + (is_quoted ? 1 : 0);
          mark.length = 1;
        }
      }
      error.object = name;
      error.mark = std::move(mark);
      return;
    }
  }
}

// A field of metadata that nobody knows would not be kept: it is told, with its place. OpenSLO's has one more.
Result<> check_metadata(const objects::Object& object, const objects::Kind& kind) {
  const doc::Value& metadata = object.document()["metadata"];
  if (!metadata.is_object()) return {};
  doc::Decoder decoder(metadata, "metadata");
  for (const char* known : {"name", "namespace", "labels", "annotations", "generateName", "finalizers",
                            "ownerReferences", "uid", "resourceVersion", "generation", "creationTimestamp",
                            "deletionTimestamp", "deletionGracePeriodSeconds", "managedFields", "selfLink"})
    decoder.ignore(known);
  if (kind == objects::kinds::slo) decoder.string("displayName");
  return decoder.finish();
}

}  // namespace

Result<> validate(const objects::Object& object) {
  namespace kinds = objects::kinds;
  const auto found = kinds::find_known(object.api_version(), object.kind());
  if (!found) return {};  // of somebody's definition, which judges it
  const objects::Kind& kind = *found;
  TRY(check_metadata(object, kind));
  if (kind == kinds::promotion) {
    return fail(Error(Code::permission_denied, "a Promotion is asked for and approved, not applied",
                      "use slipway promote, or POST /api/slipway/v1/promotions")
                    .at(object.document()["kind"].mark())
                    .on(object.text()));
  }
  if (kind == kinds::llm_deployment) TRY(serving::parse_spec(object));
  if (kind == kinds::slo) TRY(slo::parse_objectives(object));
  TRY(gateway::validate(object));
  auto checked = delivery::validate(object);
  if (!checked) place_conditions(checked.error(), object.spec()["metrics"]);
  return checked;
}

}  // namespace slipway::server

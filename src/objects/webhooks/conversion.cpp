#include "objects/webhooks/conversion.hpp"

namespace slipway::objects::webhooks {
namespace {

constexpr std::chrono::seconds patience{30};

std::unexpected<Error> refuse(std::string why) { return fail(Code::invalid_argument, std::move(why)); }

// The first that both know.
std::string review_version(const doc::Value& versions) {
  for (std::size_t i = 0; i < versions.size(); ++i) {
    const auto version = versions[i].string_or("");
    if (version == "v1" || version == "v1beta1") return "apiextensions.k8s.io/" + version;
  }
  return "apiextensions.k8s.io/v1";
}

Result<> check_same(const doc::Value& original, const doc::Value& converted, std::string_view wanted) {
  if (const auto got = converted["apiVersion"].string_or(""); got != wanted)
    return refuse("invalid groupVersion (expected " + std::string(wanted) + ", received " + got + ")");
  if (!(converted["kind"] == original["kind"])) {
    return refuse("invalid kind (expected " + original["kind"].string_or("") + ", received " +
                  converted["kind"].string_or("") + ")");
  }
  if (!converted["metadata"].is_object()) return refuse("missing metadata in converted object");
  for (const std::string_view key : {"name", "namespace", "uid"}) {
    const auto expected = original["metadata"][key].string_or("");
    const auto got = converted["metadata"][key].string_or("");
    if (got != expected) return refuse("must have the same " + std::string(key) + ": " + expected + " != " + got);
  }
  return {};
}

// The original's metadata with the labels and annotations of the converted one.
doc::Value with_metadata_of(const doc::Value& original, doc::Value converted) {
  auto metadata = original["metadata"];
  for (const std::string_view key : {"labels", "annotations"}) {
    metadata.as_object().erase(key);
    if (const auto& said = converted["metadata"][key]; said.is_object()) metadata.as_object().set(key, said);
  }
  converted.at_or_insert("metadata") = std::move(metadata);
  return converted;
}

}  // namespace

Result<std::vector<doc::Value>> read_converted(std::string_view body, std::string_view uid, std::string_view wanted,
                                               const std::vector<doc::Value>& objects) {
  const auto review = doc::parse_json(body, "<answer>");
  if (!review) return refuse("the answer is not JSON: " + review.error().message);
  if ((*review)["kind"].string_or("") != "ConversionReview") return refuse("the answer is no ConversionReview");
  const auto& response = (*review)["response"];
  if (!response.is_object()) return refuse("no response provided");
  if (const auto said = response["uid"].string_or(""); said != uid)
    return refuse("expected response.uid=\"" + std::string(uid) + "\", got \"" + said + "\"");
  if (const auto status = response["result"]["status"].string_or(""); status != "Success") {
    const auto message = response["result"]["message"].string_or("");
    return refuse(message.empty() ? "response.result.status was '" + status + "', not 'Success'" : message);
  }
  const auto& converted = response["convertedObjects"];
  if (converted.size() != objects.size()) {
    return refuse("returned " + std::to_string(converted.size()) + " objects, expected " +
                  std::to_string(objects.size()));
  }
  std::vector<doc::Value> result;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (auto same = check_same(objects[i], converted[i], wanted); !same)
      return refuse("invalid object at index " + std::to_string(i) + ": " + same.error().message);
    result.push_back(with_metadata_of(objects[i], converted[i]));
  }
  return result;
}

void Conversion::convert(ResourcePtr to, std::vector<doc::Value> objects, Done done) {
  const auto wanted = to->api_version();
  std::vector<std::size_t> places;
  std::vector<doc::Value> sent;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (objects[i]["apiVersion"].string_or("") == wanted) continue;
    places.push_back(i);
    sent.push_back(std::move(objects[i]));
  }
  if (sent.empty()) return done(std::move(objects));
  const auto uid = context_.world.random.uuid();
  doc::Object request{{"uid", uid}, {"desiredAPIVersion", wanted}};
  request.append("objects", doc::Array(sent.begin(), sent.end()));
  const auto& webhook = to->custom->conversion;
  const doc::Value review = doc::Object{{"kind", "ConversionReview"},
                                        {"apiVersion", review_version(webhook["conversionReviewVersions"])},
                                        {"request", std::move(request)}};
  const std::string failed =
      "conversion webhook for " + sent.front()["apiVersion"].string_or("") + ", Kind=" + to->kind + " failed: ";
  client_.post(webhook["clientConfig"], patience, review,
               [to = std::move(to), uid, wanted, failed, places = std::move(places), sent = std::move(sent),
                objects = std::move(objects), done = std::move(done)](Result<core::HttpResponse> response) mutable {
                 if (!response) return done(api::refuse(api::internal(failed + response.error().one_line())));
                 if (response->status != 200) {
                   return done(api::refuse(
                       api::internal(failed + "the server answered with status " + std::to_string(response->status))));
                 }
                 auto converted = read_converted(response->body, uid, wanted, sent);
                 if (!converted) return done(api::refuse(api::internal(failed + converted.error().message)));
                 for (std::size_t i = 0; i < places.size(); ++i) objects[places[i]] = std::move((*converted)[i]);
                 done(std::move(objects));
               });
}

}  // namespace slipway::objects::webhooks

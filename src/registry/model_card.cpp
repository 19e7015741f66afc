#include "registry/model_card.hpp"

namespace slipway::registry {

Result<ModelCard> parse_model_card(const core::doc::Value& document) {
  core::doc::Decoder decoder(document, "");
  ModelCard card;
  card.name = decoder.required_string("name");
  card.version = decoder.required_string("version");
  card.description = decoder.string("description");
  card.format = decoder.string("format", "gguf");
  card.license = decoder.string("license");
  card.parameters = decoder.object("parameters");
  TRY(decoder.finish());
  return card;
}

}  // namespace slipway::registry

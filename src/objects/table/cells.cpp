#include "objects/table/cells.hpp"

#include "core/text.hpp"
#include "objects/conversion/label_text.hpp"

namespace slipway::objects::table {

Column name_column() {
  return {"Name", "string", "name", "The object's name; no two of a kind share it in a namespace."};
}
Column age_column() { return {"Age", "string", "", "How long ago the object was created."}; }
Column column(std::string name, std::string type, std::string description) {
  return {std::move(name), std::move(type), "", std::move(description)};
}
Column wide_column(std::string name, std::string description) {
  return {std::move(name), "string", "", std::move(description), 1};
}

void append_pod_columns(std::vector<Column>& to, bool with_selector) {
  to.push_back(wide_column("Containers", "The names of the containers."));
  to.push_back(wide_column("Images", "The images that the containers run."));
  if (with_selector) to.push_back(wide_column("Selector", "The labels by which the object finds its pods."));
}

std::string text(const doc::Value& value) { return value.string_or(""); }
std::string text_or(const doc::Value& value, const char* absent) { return value.is_null() ? absent : text(value); }
std::int64_t count(const doc::Value& value) { return value.int_or(0); }
std::string name_of(const doc::Value& object) { return text(object["metadata"]["name"]); }
std::string age_of(const doc::Value& object, Time now) { return age(object["metadata"]["creationTimestamp"], now); }
bool is_being_deleted(const doc::Value& object) { return !object["metadata"]["deletionTimestamp"].is_null(); }

const doc::Array& elements(const doc::Value& list) {
  static const doc::Array none;
  return list.is_array() ? list.as_array() : none;
}

const doc::Value& find_by(const doc::Value& list, const char* key, std::string_view value) {
  static const doc::Value absent;
  for (const doc::Value& element : elements(list)) {
    if (text(element[key]) == value) return element;
  }
  return absent;
}

std::string joined(const std::vector<std::string>& parts, const char* separator) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) out += (i == 0 ? "" : separator) + parts[i];
  return out;
}

std::string with_more(const std::vector<std::string>& shown, std::size_t counted) {
  std::string out = joined(shown);
  if (counted > shown.size()) out += " + " + std::to_string(counted - shown.size()) + " more...";
  return out;
}

namespace {
std::string container_texts(const doc::Value& pod_spec, const char* key) {
  std::vector<std::string> texts;
  for (const doc::Value& container : elements(pod_spec["containers"])) texts.push_back(text(container[key]));
  return joined(texts);
}
}  // namespace

std::string container_names(const doc::Value& pod_spec) { return container_texts(pod_spec, "name"); }
std::string container_images(const doc::Value& pod_spec) { return container_texts(pod_spec, "image"); }

std::string labels_or_none(const doc::Value& labels) {
  std::string out = conversion::labels_text(labels);
  return out.empty() ? "<none>" : out;
}

std::string selector_or_none(const doc::Value& label_selector) {
  const auto out = conversion::selector_text(label_selector);
  if (!out) return "<error>";
  return out->empty() ? "<none>" : *out;
}

std::string quantity(const doc::Value& value) { return text_or(value, "0"); }
std::string in_lower(std::string text) { return core::in_lower(text); }

}  // namespace slipway::objects::table

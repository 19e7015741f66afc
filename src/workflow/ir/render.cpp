#include "core/time.hpp"
#include "workflow/ir/graph.hpp"

namespace slipway::workflow::ir {
namespace {

// One line, however the text is broken.
std::string quoted(const std::string& text) { return core::doc::render_json(core::doc::Value(text)); }

std::string binding_text(const Graph& graph, const Binding& binding) {
  switch (binding.from) {
    case Binding::From::constant:
      return core::doc::render_json(binding.constant);
    case Binding::From::input:
      return "input " + binding.name;
    case Binding::From::output:
      return graph.steps[binding.step].key + "." + binding.name;
  }
  return "?";
}

class Renderer {
 public:
  explicit Renderer(const Graph& graph) : graph_(graph) {}

  std::string run() {
    text_ = std::string(name_of(graph_.dialect)) + " " + graph_.name + "\n";
    step(root, 0);
    return std::move(text_);
  }

 private:
  void line(int depth, const std::string& content) {
    text_ += std::string(static_cast<std::size_t>(depth) * 2, ' ') + content + "\n";
  }

  void step(Index index, int depth) {
    const auto& step = graph_.steps[index];
    if (index != root) {
      std::string head = (step.is_group() ? "group " : "step ") + step.key;
      if (step.name != step.key && !step.name.empty()) head += " " + quoted(step.name);
      if (!step.id.empty() && step.id != step.name) head += " id=" + step.id;
      for (std::size_t i = 0; i < step.needs.size(); i++)
        head += (i == 0 ? " after " : ", ") + graph_.steps[step.needs[i]].key;
      line(depth, head);
      depth++;
    }
    details(step, depth);
    for (const auto child : step.children) this->step(child, depth);
    for (const auto& output : step.outputs.parameters) {
      line(depth, "output " + output.name + ": " + std::string(name_of(output.type)) +
                      (output.binding ? " = " + binding_text(graph_, *output.binding) : ""));
    }
    for (const auto& output : step.outputs.artifacts) {
      line(depth, "output " + output.name + ": " + output.schema_title +
                      (output.binding ? " = " + binding_text(graph_, *output.binding) : ""));
    }
  }

  void details(const Step& step, int depth) {
    if (!step.condition_text.empty()) line(depth, "if " + quoted(step.condition_text));
    if (step.continue_on_error) line(depth, "continue on error");
    if (step.timeout.count() != 0) line(depth, "timeout " + core::render_go_duration(step.timeout));
    if (step.retry.limit != 0) {
      line(depth,
           "retry " + std::to_string(step.retry.limit) + " after " + core::render_go_duration(step.retry.backoff));
    }
    if (step.cacheable) line(depth, "cached by content");
    for (const auto& [name, value] : step.environment) line(depth, "env " + name + "=" + quoted(value.text));
    for (const auto& input : step.parameters) {
      line(depth, "input " + input.name + ": " + std::string(name_of(input.type)) + (input.optional ? "?" : "") +
                      (input.binding ? " = " + binding_text(graph_, *input.binding) : "") +
                      (input.fallback ? " default " + core::doc::render_json(*input.fallback) : ""));
    }
    for (const auto& input : step.artifacts) {
      line(depth, "input " + input.name + ": " + input.schema_title + (input.optional ? "?" : "") +
                      (input.binding ? " = " + binding_text(graph_, *input.binding) : ""));
    }
    if (step.leaf) leaf(*step.leaf, depth);
  }

  void leaf(const Leaf& leaf, int depth) {
    switch (leaf.runs) {
      case Leaf::Runs::script:
        line(depth, "runs " + (leaf.shell.empty() ? "the default shell" : leaf.shell) + " " + quoted(leaf.script.text));
        break;
      case Leaf::Runs::checkout:
        line(depth, "runs a checkout");
        break;
      case Leaf::Runs::python_component: {
        std::string what = "runs Python function " + leaf.function;
        for (const auto& package : leaf.packages) what += " with " + package;
        line(depth, what);
        break;
      }
      case Leaf::Runs::command: {
        std::string what = "runs";
        for (const auto& word : leaf.command) what += " " + quoted(word.text);
        line(depth, what);
        break;
      }
    }
    if (!leaf.directory.text.empty()) line(depth, "in " + quoted(leaf.directory.text));
  }

  const Graph& graph_;
  std::string text_;
};

}  // namespace

std::string render(const Graph& graph) { return Renderer(graph).run(); }

}  // namespace slipway::workflow::ir

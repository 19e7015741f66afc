#pragma once
// Kubeflow Pipelines' PipelineSpec (IR YAML, schema 2.1.0): lowering to the graph, and how its steps run here. Loops,
// importers, exit handlers, OneOf and platform configuration are refused by name and position for now.

#include "workflow/dialects/dialect.hpp"

namespace slipway::workflow::kfp {

// `documents`: the pipeline, and the platform specification when the compiler wrote one.
core::Result<ir::Graph> lower(const std::vector<core::doc::Value>& documents);
// Whether a document looks like a PipelineSpec, for telling dialects apart.
bool is_pipeline(const core::doc::Value& document);

const Dialect& dialect();

}  // namespace slipway::workflow::kfp

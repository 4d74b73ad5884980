//! Hugging Face checkpoints: `config.json`, weights in one or many safetensors files, written so that what stands
//! under a checkpoint's name is always whole.
//!
//! Knows names, shapes and files; nothing of devices or of how the policy computes. Does not cover yet: optimiser
//! state and resuming, mixtures of experts, quantized weights, `pytorch_model.bin`.

mod config;
mod load;
mod save;
mod shapes;

pub use config::{Family, ModelConfig};
pub use load::Checkpoint;
pub use save::{StoredDtype, save};
pub use shapes::parameter_shapes;

/// The weights where they are one file.
const SINGLE_FILE: &str = "model.safetensors";

/// Which file has which tensor, where the weights are several files.
const INDEX_FILE: &str = "model.safetensors.index.json";

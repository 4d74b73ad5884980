//! `config.json`: what a Qwen2 or Qwen3 checkpoint says of its model, in the older form (transformers 4: `rope_theta`,
//! `rope_scaling`) and the newer (transformers 5: `rope_parameters`).

use anyhow::{Result, anyhow, bail};
use serde_json::{Map, Value, json};

/// The families that the policy implements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Qwen2 and Qwen2.5: biases on the query, key and value projections.
    Qwen2,
    /// Qwen3: RMS norm over each query and key head.
    Qwen3,
}

impl Family {
    fn model_type(self) -> &'static str {
        match self {
            Family::Qwen2 => "qwen2",
            Family::Qwen3 => "qwen3",
        }
    }

    fn architecture(self) -> &'static str {
        match self {
            Family::Qwen2 => "Qwen2ForCausalLM",
            Family::Qwen3 => "Qwen3ForCausalLM",
        }
    }
}

/// A dense decoder-only transformer, by Hugging Face's names.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelConfig {
    /// Which family.
    pub family: Family,
    /// Rows of the embedding.
    pub vocab_size: usize,
    /// Width of the residual stream.
    pub hidden_size: usize,
    /// Width inside the MLP.
    pub intermediate_size: usize,
    /// Transformer blocks (`num_hidden_layers`).
    pub num_layers: usize,
    /// Query heads (`num_attention_heads`).
    pub num_heads: usize,
    /// Key and value heads (`num_key_value_heads`).
    pub num_kv_heads: usize,
    /// Width of a head.
    pub head_dim: usize,
    /// Added to the mean square under the root.
    pub rms_norm_eps: f64,
    /// Base of the rotary embedding's wavelengths.
    pub rope_theta: f64,
    /// Whether the output projection is the embedding.
    pub tie_word_embeddings: bool,
    /// Longest sequence the model is made for, in tokens.
    pub max_position_embeddings: usize,
    /// Standard deviation of fresh weights.
    pub initializer_range: f64,
    /// Tokens that end a sequence: `config.json`'s, then what `generation_config.json` adds.
    pub eos_token_ids: Vec<u32>,
    /// The token that fills up batches.
    pub pad_token_id: Option<u32>,
    /// The token that begins a sequence.
    pub bos_token_id: Option<u32>,
}

impl ModelConfig {
    /// Reads the text of a `config.json`. Errors name the field and its value, not the file.
    pub fn from_json(text: &str) -> Result<Self> {
        let fields = Fields(object(text)?);
        let family = family(&fields)?;
        refuse_unsupported(&fields, family)?;
        let num_heads = fields.size("num_attention_heads")?;
        let hidden_size = fields.size("hidden_size")?;
        let head_dim = match fields.optional_size("head_dim")? {
            Some(head_dim) => head_dim,
            None if hidden_size % num_heads == 0 => hidden_size / num_heads,
            None => {
                bail!("hidden_size {hidden_size} is no multiple of num_attention_heads {num_heads}, and there is no head_dim")
            }
        };
        let config = Self {
            family,
            vocab_size: fields.size("vocab_size")?,
            hidden_size,
            intermediate_size: fields.size("intermediate_size")?,
            num_layers: fields.size("num_hidden_layers")?,
            num_heads,
            num_kv_heads: fields.optional_size("num_key_value_heads")?.unwrap_or(num_heads),
            head_dim,
            rms_norm_eps: fields.positive("rms_norm_eps")?,
            rope_theta: rope_theta(&fields)?,
            tie_word_embeddings: fields.flag("tie_word_embeddings")?,
            max_position_embeddings: fields.size("max_position_embeddings")?,
            initializer_range: match fields.present("initializer_range") {
                Some(_) => fields.positive("initializer_range")?,
                None => 0.02,
            },
            eos_token_ids: fields.tokens("eos_token_id")?,
            pad_token_id: fields.tokens("pad_token_id")?.first().copied(),
            bos_token_id: fields.tokens("bos_token_id")?.first().copied(),
        };
        config.check()?;
        Ok(config)
    }

    /// Adds what `generation_config.json` says of special tokens: more tokens that end a sequence, and the padding
    /// token where `config.json` names none.
    pub fn merge_generation_config(&mut self, text: &str) -> Result<()> {
        let fields = Fields(object(text)?);
        for token in fields.tokens("eos_token_id")? {
            if !self.eos_token_ids.contains(&token) {
                self.eos_token_ids.push(token);
            }
        }
        self.pad_token_id = self.pad_token_id.or(fields.tokens("pad_token_id")?.first().copied());
        self.check()
    }

    /// What must hold between the fields.
    fn check(&self) -> Result<()> {
        if !self.num_heads.is_multiple_of(self.num_kv_heads) {
            bail!("num_attention_heads {} is no multiple of num_key_value_heads {}", self.num_heads, self.num_kv_heads);
        }
        if !self.head_dim.is_multiple_of(2) {
            bail!("head_dim is {}, it must be even: rotary embedding turns pairs", self.head_dim);
        }
        let special = self.eos_token_ids.iter().chain(&self.pad_token_id).chain(&self.bos_token_id);
        match special.copied().find(|&token| token as usize >= self.vocab_size) {
            Some(token) => bail!("special token {token} is not below vocab_size {}", self.vocab_size),
            None => Ok(()),
        }
    }

    /// Whether the query, key and value projections have biases.
    pub fn qkv_bias(&self) -> bool {
        self.family == Family::Qwen2
    }

    /// Whether each query and key head is normalised.
    pub fn qk_norm(&self) -> bool {
        self.family == Family::Qwen3
    }

    /// `config.json` in a form that both transformers 4 and 5 read: the base of the rotary embedding stands where
    /// either looks for it. `torch_dtype` is the stored dtype, `float32` or `bfloat16`.
    pub fn to_json(&self, torch_dtype: &str) -> Value {
        let mut value = json!({
            "architectures": [self.family.architecture()],
            "model_type": self.family.model_type(),
            "attention_dropout": 0.0,
            "bos_token_id": self.bos_token_id,
            "eos_token_id": self.eos_value(),
            "pad_token_id": self.pad_token_id,
            "head_dim": self.head_dim,
            "hidden_act": "silu",
            "hidden_size": self.hidden_size,
            "initializer_range": self.initializer_range,
            "intermediate_size": self.intermediate_size,
            "max_position_embeddings": self.max_position_embeddings,
            "max_window_layers": self.num_layers,
            "num_attention_heads": self.num_heads,
            "num_hidden_layers": self.num_layers,
            "num_key_value_heads": self.num_kv_heads,
            "rms_norm_eps": self.rms_norm_eps,
            "rope_parameters": { "rope_type": "default", "rope_theta": self.rope_theta },
            "rope_scaling": null,
            "rope_theta": self.rope_theta,
            "sliding_window": null,
            "tie_word_embeddings": self.tie_word_embeddings,
            "torch_dtype": torch_dtype,
            "use_cache": true,
            "use_sliding_window": false,
            "vocab_size": self.vocab_size,
        });
        if self.family == Family::Qwen3 {
            value["attention_bias"] = false.into();
        }
        value
    }

    /// `generation_config.json`: what ends and what fills up generated sequences.
    pub fn generation_json(&self) -> Value {
        json!({
            "bos_token_id": self.bos_token_id,
            "eos_token_id": self.eos_value(),
            "pad_token_id": self.pad_token_id,
        })
    }

    /// One token as a number, several as a list, none as null: the forms that transformers writes.
    fn eos_value(&self) -> Value {
        match self.eos_token_ids.as_slice() {
            [] => Value::Null,
            [token] => (*token).into(),
            tokens => tokens.into(),
        }
    }
}

fn object(text: &str) -> Result<Map<String, Value>> {
    match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => bail!("is not a JSON object"),
        Err(error) => Err(anyhow!("is not JSON: {error}")),
    }
}

fn family(fields: &Fields) -> Result<Family> {
    let supported = "this policy implements qwen2 and qwen3 (dense)";
    match fields.present("model_type") {
        Some(Value::String(name)) if name == "qwen2" => Ok(Family::Qwen2),
        Some(Value::String(name)) if name == "qwen3" => Ok(Family::Qwen3),
        Some(other) => bail!("model_type is {other}; {supported}"),
        None => bail!("has no model_type; {supported}"),
    }
}

/// Refuses what would silently compute something else.
fn refuse_unsupported(fields: &Fields, family: Family) -> Result<()> {
    if let Some(act) = fields.present("hidden_act")
        && act != "silu"
    {
        bail!("hidden_act is {act}; only \"silu\" is supported");
    }
    if fields.flag("use_sliding_window")? {
        bail!("use_sliding_window is true; only full attention is supported");
    }
    if let Some(layers) = fields.present("layer_types") {
        let other = layers.as_array().map_or(Some(layers), |types| types.iter().find(|kind| *kind != "full_attention"));
        if let Some(other) = other {
            bail!("layer_types has {other}; only \"full_attention\" is supported");
        }
    }
    if family == Family::Qwen3 && fields.flag("attention_bias")? {
        bail!("attention_bias is true; qwen3 is supported without biases only");
    }
    for name in ["num_experts", "num_local_experts"] {
        if let Some(count) = fields.present(name) {
            bail!("{name} is {count}; mixtures of experts are not supported");
        }
    }
    if let Some(quantization) = fields.present("quantization_config") {
        bail!("quantization_config is {}; only unquantized checkpoints are supported", short(quantization));
    }
    Ok(())
}

/// The base of the rotary embedding, from whichever form; any scaling is refused by its name.
fn rope_theta(fields: &Fields) -> Result<f64> {
    for name in ["rope_parameters", "rope_scaling"] {
        let Some(value) = fields.present(name) else { continue };
        let Some(rope) = value.as_object() else { bail!("{name} is {}, it must be an object", short(value)) };
        // Transformers before 4.45 called the field `type`.
        match rope.get("rope_type").or_else(|| rope.get("type")) {
            Some(kind) if kind == "default" => {}
            Some(kind) => bail!("{name} has rope_type {kind}; only \"default\" is supported"),
            None if name == "rope_parameters" && rope.contains_key("rope_theta") => {}
            None => bail!("{name} is {} without rope_type; only \"default\" is supported", short(value)),
        }
        let partial = rope.get("partial_rotary_factor").filter(|factor| factor.as_f64() != Some(1.0));
        if let Some(factor) = partial {
            bail!("{name} has partial_rotary_factor {factor}; only whole heads are supported");
        }
    }
    if let Some(Value::Object(rope)) = fields.present("rope_parameters")
        && let Some(theta) = rope.get("rope_theta")
    {
        return positive("rope_parameters.rope_theta", theta);
    }
    match fields.present("rope_theta") {
        Some(theta) => positive("rope_theta", theta),
        None => bail!("has no rope_theta, neither at the top nor in rope_parameters"),
    }
}

/// A value as it stands in the file, cut where it is long.
fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 { text } else { text.chars().take(57).collect::<String>() + "..." }
}

fn positive(name: &str, value: &Value) -> Result<f64> {
    match value.as_f64() {
        Some(number) if number > 0.0 && number.is_finite() => Ok(number),
        _ => bail!("{name} is {}, it must be a number above 0", short(value)),
    }
}

/// The fields of a JSON object, with errors that name field and value. Null counts as absent, as in transformers.
struct Fields(Map<String, Value>);

impl Fields {
    fn present(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn needed(&self, name: &str) -> Result<&Value> {
        self.present(name).ok_or_else(|| anyhow!("has no {name}"))
    }

    fn size(&self, name: &str) -> Result<usize> {
        match self.optional_size(name)? {
            Some(size) => Ok(size),
            None => bail!("has no {name}"),
        }
    }

    fn optional_size(&self, name: &str) -> Result<Option<usize>> {
        let Some(value) = self.present(name) else { return Ok(None) };
        match value.as_u64().and_then(|size| u32::try_from(size).ok()) {
            Some(size) if size > 0 => Ok(Some(size as usize)),
            _ => bail!("{name} is {}, it must be a whole number from 1 to {}", short(value), u32::MAX),
        }
    }

    fn positive(&self, name: &str) -> Result<f64> {
        positive(name, self.needed(name)?)
    }

    /// A boolean that is false where it is absent.
    fn flag(&self, name: &str) -> Result<bool> {
        match self.present(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => bail!("{name} is {}, it must be true or false", short(other)),
        }
    }

    /// A token, or a list of tokens.
    fn tokens(&self, name: &str) -> Result<Vec<u32>> {
        let value = match self.present(name) {
            None => return Ok(Vec::new()),
            Some(value) => value,
        };
        let entries = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        let token = |entry: &Value| entry.as_u64().and_then(|token| u32::try_from(token).ok());
        let tokens: Option<Vec<u32>> = entries.iter().map(token).collect();
        tokens.ok_or_else(|| anyhow!("{name} is {}, it must be a token number or a list of them", short(value)))
    }
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;

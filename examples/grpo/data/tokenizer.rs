//! Text to tokens and back: `tokenizer.json` as Hugging Face writes it, or the built-in character tokenizer of the
//! arithmetic task, which is an ordinary one too, so that a saved checkpoint loads anywhere.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};
use tokenizers::decoders::fuse::Fuse;
use tokenizers::models::wordlevel::WordLevel;
use tokenizers::normalizers::utils::Sequence as NoNormalizer;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{AddedToken, SplitDelimiterBehavior};

/// The files of a checkpoint that belong to its tokenizer; what is there of them is carried along when it is saved.
const FILES: [&str; 7] = [
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
];

/// Tokens 0 to 2 of the character tokenizer; its characters follow.
const SPECIAL: [&str; 3] = ["<pad>", "<eos>", "<unk>"];
const CHARACTERS: &str = "0123456789+-*/=;:,.()<>?!_%^ ";

/// A tokenizer and its special tokens.
#[derive(Clone)]
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    bos_token: Option<String>,
    eos_token: Option<String>,
    pad_token: Option<String>,
    files: Vec<(String, Vec<u8>)>,
}

impl Tokenizer {
    /// The built-in tokenizer: one token a character, 32 in all.
    pub fn characters() -> Result<Self> {
        let inner = build_characters().map_err(|error| anyhow!("the character tokenizer: {error}"))?;
        let tokenizer_json = inner.to_string(true).map_err(|error| anyhow!("the character tokenizer: {error}"))?;
        let config = json!({
            "tokenizer_class": "PreTrainedTokenizerFast",
            "pad_token": SPECIAL[0],
            "eos_token": SPECIAL[1],
            "unk_token": SPECIAL[2],
            "clean_up_tokenization_spaces": false,
        });
        let files = vec![
            ("tokenizer.json".into(), tokenizer_json.into_bytes()),
            ("tokenizer_config.json".into(), format!("{config:#}\n").into_bytes()),
        ];
        Ok(Self { inner, bos_token: None, eos_token: Some(SPECIAL[1].into()), pad_token: Some(SPECIAL[0].into()), files })
    }

    /// The tokenizer of a checkpoint folder: `tokenizer.json`, and `tokenizer_config.json` where there is one.
    pub fn open(dir: &Path) -> Result<Self> {
        let path = dir.join("tokenizer.json");
        if !path.is_file() {
            bail!("{}: no such file; a checkpoint needs its tokenizer beside its weights", path.display());
        }
        let inner = tokenizers::Tokenizer::from_file(&path)
            .map_err(|error| anyhow!("{}: not a tokenizer: {}", path.display(), first_line(&error.to_string())))?;
        let mut files = Vec::new();
        for name in FILES.into_iter().filter(|name| dir.join(name).is_file()) {
            let content = fs::read(dir.join(name)).with_context(|| dir.join(name).display().to_string())?;
            files.push((name.to_string(), content));
        }
        let config = read_config(dir)?;
        let special = |key| special_token(&config, key, dir, &inner);
        let (bos_token, eos_token, pad_token) = (special("bos_token")?, special("eos_token")?, special("pad_token")?);
        Ok(Self { inner, bos_token, eos_token, pad_token, files })
    }

    /// `text` in tokens; none is added at either end.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        let encoding = self.inner.encode(text, false).map_err(|error| anyhow!("cannot tokenize {text:?}: {error}"))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The text of `tokens`; special tokens are left out when `skip_special`.
    pub fn decode(&self, tokens: &[u32], skip_special: bool) -> Result<String> {
        self.inner.decode(tokens, skip_special).map_err(|error| anyhow!("cannot decode {tokens:?}: {error}"))
    }

    /// The highest token number and one: what a model's `vocab_size` must reach.
    pub fn vocab_size(&self) -> usize {
        self.inner.get_vocab(true).values().max().map_or(0, |&last| last as usize + 1)
    }

    /// Refuses a tokenizer that has tokens the model does not have. (Fewer is usual: models pad their vocabulary.)
    pub fn check_fits(&self, model_vocab_size: usize) -> Result<()> {
        let vocab_size = self.vocab_size();
        if vocab_size > model_vocab_size {
            bail!(
                "tokenizer.json has {vocab_size} tokens, config.json says vocab_size {model_vocab_size}: \
                 the tokenizer belongs to another model"
            );
        }
        Ok(())
    }

    /// The text of the token that begins a sequence, for chat templates.
    pub fn bos_token(&self) -> Option<&str> {
        self.bos_token.as_deref()
    }

    /// The text of the token that ends a sequence, for chat templates.
    pub fn eos_token(&self) -> Option<&str> {
        self.eos_token.as_deref()
    }

    /// The tokens that end a completion: the tokenizer's first, then those of the model's configuration.
    pub fn stop_tokens(&self, from_model: &[u32]) -> Result<Vec<u32>> {
        let mut stop: Vec<u32> = self.id(&self.eos_token).into_iter().collect();
        for &token in from_model {
            if !stop.contains(&token) {
                stop.push(token);
            }
        }
        if stop.is_empty() {
            bail!("no token ends a sequence: neither tokenizer_config.json (eos_token) nor config.json (eos_token_id) names one");
        }
        Ok(stop)
    }

    /// The token that fills up batches: the tokenizer's, else the model's, else one that ends a sequence.
    pub fn pad_token(&self, from_model: Option<u32>) -> Result<u32> {
        match self.id(&self.pad_token).or(from_model) {
            Some(token) => Ok(token),
            None => Ok(self.stop_tokens(&[])?[0]),
        }
    }

    /// Name and content of each file that a checkpoint needs to carry this tokenizer.
    pub fn files(&self) -> &[(String, Vec<u8>)] {
        &self.files
    }

    fn id(&self, token: &Option<String>) -> Option<u32> {
        token.as_ref().and_then(|token| self.inner.token_to_id(token))
    }
}

fn build_characters() -> tokenizers::Result<tokenizers::Tokenizer> {
    let characters = CHARACTERS.chars().map(String::from);
    let words = SPECIAL.map(String::from).into_iter().chain(characters).zip(0..);
    let model = WordLevel::builder().vocab(words.collect()).unk_token(SPECIAL[2].into()).build()?;
    let mut tokenizer = tokenizers::Tokenizer::new(model);
    tokenizer.with_normalizer(None::<NoNormalizer>);
    let each = SplitPattern::Regex(r"[\s\S]".into());
    tokenizer.with_pre_tokenizer(Some(Split::new(each, SplitDelimiterBehavior::Isolated, false)?));
    // Without a decoder, a word-level tokenizer puts spaces between its words.
    tokenizer.with_decoder(Some(Fuse::new()));
    tokenizer.add_special_tokens(&SPECIAL.map(|token| AddedToken::from(token, true)));
    Ok(tokenizer)
}

/// `tokenizer_config.json` of a folder, or null where there is none.
pub(super) fn read_config(dir: &Path) -> Result<Value> {
    let path = dir.join("tokenizer_config.json");
    if !path.exists() {
        return Ok(Value::Null);
    }
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| format!("{}: not JSON", path.display()))
}

/// A special token stands as text, or as an object that has it in `content`; null and absent mean there is none.
fn special_token(config: &Value, key: &str, dir: &Path, inner: &tokenizers::Tokenizer) -> Result<Option<String>> {
    let path = || dir.join("tokenizer_config.json").display().to_string();
    let text = match &config[key] {
        Value::Null => return Ok(None),
        Value::String(text) => text,
        Value::Object(token) if token.get("content").is_some_and(Value::is_string) => {
            token["content"].as_str().unwrap_or_default()
        }
        other => bail!("{}: {key} is {other}, it must be text or an object with `content`", path()),
    };
    if inner.token_to_id(text).is_none() {
        bail!("{}: {key} is {text:?}, which tokenizer.json does not have", path());
    }
    Ok(Some(text.to_string()))
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::arithmetic::{COMPLETION_TOKENS, PROMPT_TOKENS, Split as Problems};
    use proptest::prelude::*;
    use std::path::PathBuf;

    fn fixtures() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
    }

    #[test]
    fn characters_are_thirty_two_tokens() {
        let tokenizer = Tokenizer::characters().unwrap();
        assert_eq!(tokenizer.vocab_size(), 32);
        assert_eq!(tokenizer.encode("65+87=").unwrap(), [9, 8, 13, 11, 10, 17]);
        assert_eq!(tokenizer.encode("0x\n<eos>").unwrap(), [3, 2, 2, 1]);
        assert_eq!(tokenizer.stop_tokens(&[]).unwrap(), [1]);
        assert_eq!(tokenizer.pad_token(None).unwrap(), 0);
        assert_eq!(tokenizer.decode(&[9, 8, 1, 0], true).unwrap(), "65");
        assert_eq!(tokenizer.decode(&[9, 8, 1], false).unwrap(), "65<eos>");
    }

    #[test]
    fn the_arithmetic_task_has_the_token_counts_it_claims() {
        let tokenizer = Tokenizer::characters().unwrap();
        for problem in Problems::new(0).held_out {
            let prompt = tokenizer.encode(&problem.prompt()).unwrap();
            let answer = tokenizer.encode(&problem.answer()).unwrap();
            assert_eq!((prompt.len(), answer.len() + 1), (PROMPT_TOKENS, COMPLETION_TOKENS));
            assert!(!prompt.contains(&2) && !answer.contains(&2));
        }
    }

    proptest! {
        #[test]
        fn characters_round_trip(text in "[-0-9+*/=;:,.()<>?!_%^ ]{0,40}") {
            let tokenizer = Tokenizer::characters().unwrap();
            let tokens = tokenizer.encode(&text).unwrap();
            prop_assert_eq!(tokens.len(), text.len());
            prop_assert_eq!(tokenizer.decode(&tokens, false).unwrap(), text);
        }
    }

    #[test]
    fn characters_load_again_from_their_files() {
        let dir = tempfile::tempdir().unwrap();
        let tokenizer = Tokenizer::characters().unwrap();
        for (name, content) in tokenizer.files() {
            fs::write(dir.path().join(name), content).unwrap();
        }
        let again = Tokenizer::open(dir.path()).unwrap();
        assert_eq!(again.encode("65+87=").unwrap(), tokenizer.encode("65+87=").unwrap());
        assert_eq!(again.decode(&[9, 8, 1], true).unwrap(), "65");
        assert_eq!(again.stop_tokens(&[]).unwrap(), [1]);
        assert_eq!(again.files(), tokenizer.files());
    }

    #[test]
    fn special_tokens_come_as_text_or_object() {
        for name in ["qwen2-tiny", "qwen3-tiny"] {
            let tokenizer = Tokenizer::open(&fixtures().join(name)).unwrap();
            assert_eq!(tokenizer.eos_token(), Some("<|im_end|>"));
            assert_eq!(tokenizer.bos_token(), None);
            assert_eq!(tokenizer.stop_tokens(&[0, 2]).unwrap(), [2, 0]);
            assert_eq!(tokenizer.pad_token(Some(5)).unwrap(), 0);
            assert_eq!(tokenizer.vocab_size(), 112);
            assert!(tokenizer.check_fits(112).is_ok());
            let error = tokenizer.check_fits(96).unwrap_err().to_string();
            assert!(error.starts_with("tokenizer.json has 112 tokens, config.json says vocab_size 96"), "{error}");
        }
    }

    /// A folder with the tokenizer of the fixtures and the given `tokenizer_config.json`.
    fn with_config(config: &str) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::copy(fixtures().join("qwen2-tiny/tokenizer.json"), dir.path().join("tokenizer.json")).unwrap();
        fs::write(dir.path().join("tokenizer_config.json"), config).unwrap();
        dir
    }

    #[test]
    fn absent_special_tokens_fall_back_or_are_named() {
        let tokenizer = Tokenizer::open(with_config("{}").path()).unwrap();
        assert_eq!(tokenizer.stop_tokens(&[7]).unwrap(), [7]);
        assert_eq!(tokenizer.pad_token(Some(4)).unwrap(), 4);
        let error = tokenizer.stop_tokens(&[]).unwrap_err().to_string();
        assert!(error.starts_with("no token ends a sequence"), "{error}");
        assert!(tokenizer.pad_token(None).is_err());
        let only_eos = Tokenizer::open(with_config(r#"{"eos_token": "<|im_end|>"}"#).path()).unwrap();
        assert_eq!(only_eos.pad_token(None).unwrap(), 2);
    }

    #[test]
    fn errors_name_the_file_and_the_value() {
        let error = |dir: &Path| {
            let text = format!("{:#}", Tokenizer::open(dir).err().unwrap());
            assert_eq!(text.lines().count(), 1, "{text}");
            text
        };
        let empty = tempfile::tempdir().unwrap();
        assert!(error(empty.path()).contains("tokenizer.json: no such file"));
        fs::write(empty.path().join("tokenizer.json"), "{\"model\": 3}").unwrap();
        assert!(error(empty.path()).contains("tokenizer.json: not a tokenizer: "));
        assert!(error(with_config("{").path()).contains("tokenizer_config.json: not JSON: "));
        let text = error(with_config(r#"{"eos_token": "</s>"}"#).path());
        assert!(text.ends_with("eos_token is \"</s>\", which tokenizer.json does not have"), "{text}");
        let text = error(with_config(r#"{"pad_token": 3}"#).path());
        assert!(text.ends_with("pad_token is 3, it must be text or an object with `content`"), "{text}");
    }
}

//! Chat templates: a list of messages to the text that a model was trained on, rendered as transformers renders it.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use anyhow::{Context, Result, bail};
use minijinja::value::{Kwargs, Value as Jinja};
use minijinja::{Environment, Error, ErrorKind, context};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::tokenizer::{Tokenizer, read_config};

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// `system`, `user` or `assistant`.
    pub role: String,
    /// What is said.
    pub content: String,
}

/// The template of a checkpoint.
pub struct ChatTemplate {
    environment: Environment<'static>,
    /// The file it came from, for messages.
    origin: String,
    bos_token: Option<String>,
    eos_token: Option<String>,
}

impl ChatTemplate {
    /// The template of a checkpoint folder: `chat_template.jinja`, else `chat_template` in `tokenizer_config.json` (a
    /// text, or a list of named ones of which `default` is taken). `None` where the folder has neither.
    pub fn open(dir: &Path, tokenizer: &Tokenizer) -> Result<Option<Self>> {
        let file = dir.join("chat_template.jinja");
        let (origin, source) = if file.is_file() {
            let source = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
            (file.display().to_string(), source)
        } else {
            let origin = format!("{}: chat_template", dir.join("tokenizer_config.json").display());
            match choose(&read_config(dir)?["chat_template"]).with_context(|| origin.clone())? {
                Some(source) => (origin, source),
                None => return Ok(None),
            }
        };
        let owned = |token: Option<&str>| token.map(String::from);
        let environment = environment(source).map_err(|error| one_line(&error)).with_context(|| origin.clone())?;
        let (bos_token, eos_token) = (owned(tokenizer.bos_token()), owned(tokenizer.eos_token()));
        Ok(Some(Self { environment, origin, bos_token, eos_token }))
    }

    /// The conversation as text, up to where the assistant begins to answer.
    pub fn render(&self, messages: &[Message]) -> Result<String> {
        let mut variables = vec![("messages", Jinja::from_serialize(messages)), ("add_generation_prompt", true.into())];
        // Left undefined where the tokenizer has none, as transformers does: templates test for it.
        for (name, token) in [("bos_token", &self.bos_token), ("eos_token", &self.eos_token)] {
            variables.extend(token.as_ref().map(|token| (name, token.into())));
        }
        let variables = context! { ..variables.into_iter().collect::<Jinja>() };
        let rendered = self.environment.get_template("chat").and_then(|template| template.render(variables));
        rendered.map_err(|error| one_line(&error)).with_context(|| self.origin.clone())
    }
}

/// The template in `tokenizer_config.json`'s `chat_template`.
fn choose(value: &Value) -> Result<Option<String>> {
    let templates = match value {
        Value::Null => return Ok(None),
        Value::String(source) => return Ok(Some(source.clone())),
        Value::Array(templates) => templates,
        other => bail!("is {}, it must be text or a list of named templates", kind(other)),
    };
    let named = |entry: &Value| Some((entry["name"].as_str()?.to_string(), entry["template"].as_str()?.to_string()));
    let Some(named) = templates.iter().map(named).collect::<Option<Vec<_>>>() else {
        bail!("each entry of the list needs a `name` and a `template`");
    };
    match named.iter().find(|(name, _)| name == "default") {
        Some((_, source)) => Ok(Some(source.clone())),
        None => {
            let names: Vec<&str> = named.iter().map(|(name, _)| name.as_str()).collect();
            bail!("has no template named `default`, only: {}", names.join(", "))
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::Object(_) => "an object",
        _ => "of another type",
    }
}

/// Jinja set up as transformers sets it up, with the functions that it gives to templates.
fn environment(source: String) -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    // Python's string and list methods: `.strip()`, `.startswith()`, `.split()` ...
    environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    environment.add_function("raise_exception", |message: String| -> Result<String, Error> {
        Err(Error::new(ErrorKind::InvalidOperation, message))
    });
    environment.add_function("strftime_now", |format: String| -> Result<String, Error> {
        let mut text = String::new();
        match write!(text, "{}", chrono::Local::now().format(&format)) {
            Ok(()) => Ok(text),
            Err(_) => Err(Error::new(ErrorKind::InvalidOperation, format!("strftime_now cannot read {format:?}"))),
        }
    });
    environment.add_filter("tojson", to_json);
    environment.add_template_owned("chat", source)?;
    Ok(environment)
}

/// `tojson` as transformers has it: Python's spacing, nothing escaped for HTML.
fn to_json(value: Jinja, options: Kwargs) -> Result<String, Error> {
    options.assert_all_used()?;
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, PythonSpacing);
    let unsuitable = |error: &dyn std::fmt::Display| Error::new(ErrorKind::BadSerialization, error.to_string());
    value.serialize(&mut serializer).map_err(|error| unsuitable(&error))?;
    String::from_utf8(bytes).map_err(|error| unsuitable(&error))
}

/// `json.dumps` puts a space after each comma and colon.
struct PythonSpacing;

impl serde_json::ser::Formatter for PythonSpacing {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

/// Jinja's error without the excerpt it prints over several lines.
fn one_line(error: &Error) -> anyhow::Error {
    let line = error.line().map_or(String::new(), |line| format!(" (line {line} of the template)"));
    match error.detail() {
        Some(detail) => anyhow::anyhow!("{detail}{line}"),
        None => anyhow::anyhow!("{}{line}", error.kind()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn fixtures() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
    }

    fn user(content: &str) -> Vec<Message> {
        vec![Message { role: "user".into(), content: content.into() }]
    }

    #[derive(Deserialize)]
    struct Case {
        tokenizer: String,
        messages: Vec<Message>,
        text: String,
        token_ids: Vec<u32>,
    }

    #[test]
    fn renders_and_tokenizes_as_transformers_does() {
        let cases = fs::read_to_string(fixtures().join("chat.json")).unwrap();
        let cases: Vec<Case> = serde_json::from_str(&cases).unwrap();
        assert!(cases.len() >= 15);
        for case in cases {
            let dir = fixtures().join(&case.tokenizer);
            let tokenizer = Tokenizer::open(&dir).unwrap();
            let template = ChatTemplate::open(&dir, &tokenizer).unwrap().unwrap();
            let text = template.render(&case.messages).unwrap();
            assert_eq!(text, case.text, "{}", case.tokenizer);
            assert_eq!(tokenizer.encode(&text).unwrap(), case.token_ids, "{}", case.tokenizer);
        }
    }

    /// A template of its own, through `tokenizer_config.json`.
    fn template(chat_template: Value) -> Result<Option<ChatTemplate>> {
        let dir = tempfile::tempdir().unwrap();
        let config = serde_json::json!({ "chat_template": chat_template }).to_string();
        fs::write(dir.path().join("tokenizer_config.json"), config).unwrap();
        ChatTemplate::open(dir.path(), &Tokenizer::characters().unwrap())
    }

    fn render(source: &str) -> Result<String> {
        template(source.into()).unwrap().unwrap().render(&user("<a> & \"b\""))
    }

    #[test]
    fn templates_have_the_functions_of_transformers() {
        assert_eq!(render("{{ messages | tojson }}").unwrap(), r#"[{"role": "user", "content": "<a> & \"b\""}]"#);
        assert_eq!(render("{{ {'a': [1, 2.5, none]} | tojson }}").unwrap(), r#"{"a": [1, 2.5, null]}"#);
        let year = render("{{ strftime_now('%Y') }}").unwrap();
        assert!(year.len() == 4 && year.as_str() > "2024", "{year}");
        assert_eq!(render("{{ messages[0].content }}{{ eos_token }}{{ bos_token }}").unwrap(), "<a> & \"b\"<eos>");
        let source = "{% for i in [1, 2, 3] %}{% if i == 2 %}{% continue %}{% endif %}{{ i }}{% endfor %}";
        assert_eq!(render(source).unwrap(), "13");
    }

    #[test]
    fn a_folder_without_template_has_none() {
        assert!(template(Value::Null).unwrap().is_none());
        let empty = tempfile::tempdir().unwrap();
        assert!(ChatTemplate::open(empty.path(), &Tokenizer::characters().unwrap()).unwrap().is_none());
    }

    #[test]
    fn errors_name_the_file_and_the_line() {
        let check = |error: anyhow::Error, end: &str| {
            let text = format!("{error:#}");
            assert!(text.contains("tokenizer_config.json: chat_template: ") && text.ends_with(end), "{text}");
            assert_eq!(text.lines().count(), 1, "{text}");
        };
        let unreadable = |value: Value| template(value).err().unwrap();
        check(unreadable(5.into()), "is a number, it must be text or a list of named templates");
        let rag = serde_json::json!([{ "name": "rag", "template": "" }, { "name": "tool_use", "template": "" }]);
        check(unreadable(rag), "has no template named `default`, only: rag, tool_use");
        check(unreadable(serde_json::json!([{ "name": "rag" }])), "each entry of the list needs a `name` and a `template`");
        check(unreadable("\n{% if %}".into()), "(line 2 of the template)");
        check(render("{{ raise_exception('no tools here') }}").unwrap_err(), "no tools here (line 1 of the template)");
        check(render("{{ strftime_now('%!') }}").unwrap_err(), "strftime_now cannot read \"%!\" (line 1 of the template)");
        check(render("{{ messages.x.y }}").unwrap_err(), "undefined value (line 1 of the template)");
    }
}

//! Settings files: TOML that gives the options of a training run, and the file that a run leaves behind.
//!
//! What options there are, what each takes and what it means, the command line's definition says ([`TrainArgs`]); nothing is
//! listed here. A file becomes words of a command line, put before those that were typed: of two values the later wins, and
//! what contradicts what is checked once, over both. A key is an option's name with underscores; it stands at the top or in
//! the section that is called as the option's heading in `--help`.

use std::any::TypeId;
use std::borrow::Cow;
use std::ffi::OsString;
use std::fmt::Write;
use std::fs;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Error, Result, anyhow};
use clap::error::ErrorKind;
use clap::{Arg, Args, Command, CommandFactory, FromArgMatches, Parser};
use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

use crate::cli::{Cli, TrainArgs};

/// Names the file itself, so it is no key of one.
const SETTINGS: &str = "settings";
/// Recorded, but as comments: a run that is repeated must not write over the first one's files.
const OWN: [&str; 2] = ["name", "trace"];

/// What was typed, with the settings file that it names. Wrong usage is a [`clap::Error`] inside.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Cli> {
    let mut words: Vec<OsString> = words.into_iter().collect();
    // A first look, for the file only: what is typed may be right only together with it.
    let typed = Cli::command().ignore_errors(true).try_get_matches_from(&words)?;
    let Some(file) = Cli::from_arg_matches(&typed).ok().filter(|cli| cli.command.is_none()).and_then(|cli| cli.train.settings)
    else {
        return Ok(Cli::try_parse_from(words)?);
    };
    words.splice(1..1, read(&file)?.into_iter().map(OsString::from));
    Cli::try_parse_from(words).map_err(|error| match error.kind() {
        ErrorKind::ArgumentConflict | ErrorKind::MissingRequiredArgument => {
            let text = error.to_string();
            let lines = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect::<Vec<_>>().join(" ");
            let text = lines.trim_start_matches("error: ");
            anyhow!("{text}; what {} says counts as if it were typed", file.display())
        }
        _ => error.into(),
    })
}

/// The options of a file, as words.
fn read(file: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    words_of(&text).map_err(|Fault { at, text: fault }| {
        let line = text[..at.min(text.len())].matches('\n').count() + 1;
        anyhow!("{}, line {line}: {fault}", file.display())
    })
}

/// What is wrong with a file, and where: in bytes.
struct Fault {
    at: usize,
    text: String,
}

fn fault<T>(at: Range<usize>, text: String) -> Result<T, Fault> {
    Err(Fault { at: at.start, text })
}

fn syntax(error: toml::de::Error) -> Fault {
    Fault { at: error.span().map_or(0, |span| span.start), text: format!("this is no TOML: {}", error.message()) }
}

fn words_of(text: &str) -> Result<Vec<String>, Fault> {
    let options = Options::new();
    let (places, values) = (DeTable::parse(text).map_err(syntax)?, text.parse::<Table>().map_err(syntax)?);
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for (key, place) in places.get_ref() {
        let name = key.get_ref().as_ref();
        match (place.get_ref(), values.get(name)) {
            (DeValue::Table(keys), Some(Value::Table(values))) if options.has_section(name) => {
                let within = keys.iter().map(|(key, place)| Entry {
                    key,
                    place,
                    section: Some(name),
                    value: values.get(key.get_ref().as_ref()),
                });
                entries.extend(within);
            }
            (DeValue::Table(_), _) => return fault(key.span(), options.unknown("section", name, &options.sections())),
            (_, value) => entries.push(Entry { key, place, section: None, value }),
        }
    }
    // The first mistake in the file is the one to tell.
    entries.sort_by_key(|entry| entry.key.span().start);
    let mut words = Vec::new();
    for (i, entry) in entries.iter().enumerate() {
        if entries[..i].iter().any(|other| other.name() == entry.name()) {
            return fault(entry.key.span(), format!("{} is given twice", entry.name()));
        }
        words.push(options.word(text, entry)?);
    }
    Ok(words)
}

/// One key of a file, with its value: where it stands, and what it is.
struct Entry<'a> {
    key: &'a Spanned<Cow<'a, str>>,
    place: &'a Spanned<DeValue<'a>>,
    section: Option<&'a str>,
    value: Option<&'a Value>,
}

impl Entry<'_> {
    fn name(&self) -> &str {
        self.key.get_ref()
    }
}

/// The options of a training run, as the command line defines them.
pub(crate) struct Options(Command);

impl Options {
    pub(crate) fn new() -> Options {
        Options(TrainArgs::augment_args(Command::new("grpo")))
    }

    /// Those that a file may give.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arg> {
        self.0.get_arguments().filter(|arg| arg.get_id() != SETTINGS)
    }

    fn has_section(&self, name: &str) -> bool {
        self.all().any(|arg| section(arg) == name)
    }

    fn sections(&self) -> Vec<String> {
        let mut sections: Vec<String> = self.all().map(section).collect();
        sections.dedup();
        sections
    }

    /// A key and its value as a word of the command line.
    fn word(&self, text: &str, entry: &Entry<'_>) -> Result<String, Fault> {
        let (Entry { key, place, section: within, value }, name) = (entry, entry.name());
        let Some(arg) = self.all().find(|arg| arg.get_id() == name) else {
            let names: Vec<String> = self.all().map(|arg| arg.get_id().to_string()).collect();
            return fault(key.span(), self.unknown("setting", name, &names));
        };
        if let Some(within) = within
            && **within != section(arg)
        {
            return fault(key.span(), format!("{name} stands in [{within}]; it belongs in [{}]", section(arg)));
        }
        let kind = Kind::of(arg);
        let word = value.and_then(|value| kind.text(value)).map(|value| format!("--{}={value}", arg.get_long().unwrap_or(name)));
        // The command line's own parser knows the limits of each. Alone, an option may lack others: no matter here.
        let refused = |word: &String| {
            let parsed = self.0.clone().try_get_matches_from(["grpo", word]);
            parsed.is_err_and(|error| matches!(error.kind(), ErrorKind::ValueValidation | ErrorKind::InvalidValue))
        };
        word.filter(|word| !refused(word)).ok_or_else(|| {
            let given = text.get(place.span()).unwrap_or_default().lines().next().unwrap_or_default();
            Fault { at: place.span().start, text: format!("{name} is {given}, {} is needed", kind.name()) }
        })
    }

    fn unknown(&self, what: &str, name: &str, known: &[String]) -> String {
        let near = known.iter().map(|known| (strsim::jaro_winkler(name, known), known));
        match near.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(likeness, _)| *likeness > 0.7) {
            Some((_, known)) => format!("there is no {what} {name:?}; did you mean {known:?}?"),
            None => format!("there is no {what} {name:?}; --help lists what there is"),
        }
    }
}

/// An option's heading, as a section is called.
fn section(arg: &Arg) -> String {
    arg.get_help_heading().unwrap_or("other").to_lowercase().replace(['-', ' '], "_")
}

/// What an option takes.
enum Kind {
    Truth,
    Whole,
    Number,
    OneOf(Vec<String>),
    Text,
}

impl Kind {
    fn of(arg: &Arg) -> Kind {
        let takes = |id: TypeId| arg.get_value_parser().type_id() == id;
        let names = arg.get_possible_values();
        match () {
            () if takes(TypeId::of::<bool>()) => Kind::Truth,
            () if [TypeId::of::<usize>(), TypeId::of::<u32>(), TypeId::of::<u64>()].into_iter().any(takes) => Kind::Whole,
            () if takes(TypeId::of::<f64>()) => Kind::Number,
            () if !names.is_empty() => Kind::OneOf(names.iter().map(|name| name.get_name().to_string()).collect()),
            () => Kind::Text,
        }
    }

    /// The value as it is typed, if it is of this kind.
    fn text(&self, value: &Value) -> Option<String> {
        match (self, value) {
            (Kind::Truth, Value::Boolean(value)) => Some(value.to_string()),
            (Kind::Whole | Kind::Number, Value::Integer(value)) => Some(value.to_string()),
            (Kind::Number, Value::Float(value)) => Some(value.to_string()),
            (Kind::OneOf(_) | Kind::Text, Value::String(value)) => Some(value.clone()),
            _ => None,
        }
    }

    fn name(&self) -> String {
        match self {
            Kind::Truth => "true or false".into(),
            Kind::Whole => "a whole number that is not negative".into(),
            Kind::Number => "a number".into(),
            Kind::OneOf(names) => names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(" or "),
            Kind::Text => "a text in quotes".into(),
        }
    }
}

/// All options as a settings file: each with its help; what is not set, and where the run's own files are, as a comment.
pub fn to_toml(options: &TrainArgs) -> Result<String> {
    let values = Table::try_from(options).context("a setting that TOML cannot hold")?;
    let mut text = String::from("# All settings of a GRPO run. --settings FILE repeats it.\n");
    let mut heading = String::new();
    for arg in Options::new().all() {
        let (name, section) = (arg.get_id().as_str(), section(arg));
        if section != heading {
            write!(text, "\n[{section}]\n")?;
            heading = section;
        }
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        writeln!(text, "# {}", help.replace('\n', "\n# "))?;
        match values.get(name) {
            Some(value) if OWN.contains(&name) => writeln!(text, "# {name} = {value}")?,
            Some(value) => writeln!(text, "{name} = {value}")?,
            None => writeln!(text, "# {name} is not set")?,
        }
    }
    Ok(text)
}

/// Usage goes to where clap puts it; what else is wrong comes back.
pub fn exit_on_usage(error: Error) -> Error {
    match error.downcast::<clap::Error>() {
        Ok(usage) => usage.exit(),
        Err(error) => error,
    }
}

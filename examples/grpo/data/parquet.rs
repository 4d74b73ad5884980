//! Parquet files in verl's schema: `data_source` (text), `prompt` (a list of `{role, content}`), `reward_model` with
//! `ground_truth` (text), and `extra_info.index` (an integer) where there is one. Other columns are not read.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use parquet::basic::{ConvertedType, Repetition, Type as Physical};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row as Record};
use parquet::schema::types::{Type, TypePtr};

use super::chat::{ChatTemplate, Message};
use super::{Prompt, Tokenizer};

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// `extra_info.index`, or the number of the row where there is none.
    pub index: usize,
    /// Picks the reward rule.
    pub data_source: String,
    /// The conversation so far.
    pub messages: Vec<Message>,
    /// What the rule compares with.
    pub ground_truth: String,
}

/// Reads a whole file. Every error names the file, and the column and row where there is one.
pub fn read(path: &Path) -> Result<Vec<Row>> {
    read_rows(path).with_context(|| path.display().to_string())
}

/// Rows to prompts: each conversation through the template, then to tokens.
pub fn to_prompts(rows: &[Row], template: &ChatTemplate, tokenizer: &Tokenizer) -> Result<Vec<Prompt>> {
    let prompt = |row: &Row| {
        let text = template.render(&row.messages).with_context(|| format!("prompt {}", row.index))?;
        let token_ids = tokenizer.encode(&text).with_context(|| format!("prompt {}", row.index))?;
        let (data_source, ground_truth) = (row.data_source.clone(), row.ground_truth.clone());
        Ok(Prompt { index: row.index, text, token_ids, data_source, ground_truth })
    };
    rows.iter().map(prompt).collect()
}

fn read_rows(path: &Path) -> Result<Vec<Row>> {
    let file = File::open(path)?;
    let reader = SerializedFileReader::new(file).map_err(|error| anyhow!("not a parquet file: {}", plain(&error)))?;
    let schema = reader.metadata().file_metadata().schema_descr().root_schema_ptr();
    let projection = needed_columns(&schema)?;
    let records = reader.get_row_iter(Some(projection)).map_err(|error| anyhow!("{}", plain(&error)))?;
    let mut rows = Vec::new();
    for (number, record) in records.enumerate() {
        let record = record.map_err(|error| anyhow!("row {number}: damaged: {}", plain(&error)))?;
        rows.push(parse(number, &record).with_context(|| format!("row {number}"))?);
    }
    if rows.is_empty() {
        bail!("has no rows");
    }
    Ok(rows)
}

/// The library's message, on one line.
fn plain(error: &dyn std::fmt::Display) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Checks the columns and their types; returns the part of the schema to read.
fn needed_columns(schema: &Type) -> Result<Type> {
    let find = |column: &str| schema.get_fields().iter().find(|field| field.name() == column);
    let needed = |column: &str| {
        find(column).ok_or_else(|| {
            let columns: Vec<&str> = schema.get_fields().iter().map(|field| field.name()).collect();
            let columns = if columns.is_empty() { "none".to_string() } else { columns.join(", ") };
            anyhow!("no column `{column}`; it has: {columns}; verl's schema needs data_source, prompt and reward_model")
        })
    };
    let (data_source, prompt, reward_model) = (needed("data_source")?, needed("prompt")?, needed("reward_model")?);
    check("data_source", "text", is_text(data_source), data_source)?;
    check("prompt", "list<struct<role: text, content: text>>", is_messages(prompt), prompt)?;
    let mut columns = vec![data_source.clone(), prompt.clone()];
    let truth = child(reward_model, "ground_truth");
    check("reward_model", "struct<ground_truth: text>", truth.is_some(), reward_model)?;
    if let Some(truth) = truth {
        check("reward_model.ground_truth", "text", is_text(truth), truth)?;
        columns.push(narrowed(reward_model, truth)?);
    }
    // An index of another type is no error: it only names the row.
    if let Some(info) = find("extra_info")
        && let Some(index) = child(info, "index")
        && index.is_primitive()
        && matches!(index.get_physical_type(), Physical::INT32 | Physical::INT64)
    {
        columns.push(narrowed(info, index)?);
    }
    Type::group_type_builder(schema.name()).with_fields(columns).build().map_err(|error| anyhow!("{}", plain(&error)))
}

fn check(column: &str, needed: &str, suits: bool, found: &Type) -> Result<()> {
    if !suits {
        bail!("column `{column}` is {}, it must be {needed}", describe(found));
    }
    Ok(())
}

/// The group `parent` with `only` as its single field.
fn narrowed(parent: &TypePtr, only: &TypePtr) -> Result<TypePtr> {
    let info = parent.get_basic_info();
    let repetition = if info.has_repetition() { info.repetition() } else { Repetition::OPTIONAL };
    let group = Type::group_type_builder(parent.name()).with_repetition(repetition).with_fields(vec![only.clone()]);
    Ok(Arc::new(group.build().map_err(|error| anyhow!("{}", plain(&error)))?))
}

fn child<'a>(group: &'a Type, name: &str) -> Option<&'a TypePtr> {
    if group.is_primitive() { None } else { group.get_fields().iter().find(|field| field.name() == name) }
}

fn is_text(column: &Type) -> bool {
    column.is_primitive()
        && column.get_physical_type() == Physical::BYTE_ARRAY
        && column.get_basic_info().converted_type() == ConvertedType::UTF8
}

fn is_messages(column: &Type) -> bool {
    let element = list_element(column);
    element.is_some_and(|element| ["role", "content"].iter().all(|name| child(element, name).is_some_and(|field| is_text(field))))
}

/// A list is a group that holds a repeated group that holds the element.
fn list_element(column: &Type) -> Option<&TypePtr> {
    if column.is_primitive() || column.get_basic_info().converted_type() != ConvertedType::LIST {
        return None;
    }
    let repeated = column.get_fields().first()?;
    if repeated.is_primitive() { None } else { repeated.get_fields().first() }
}

/// A type in words that a user of pyarrow would know.
fn describe(column: &Type) -> String {
    if let Some(element) = list_element(column) {
        return format!("list<{}>", describe(element));
    }
    if !column.is_primitive() {
        let fields = column.get_fields().iter().map(|field| format!("{}: {}", field.name(), describe(field)));
        return format!("struct<{}>", fields.collect::<Vec<_>>().join(", "));
    }
    let name = match column.get_physical_type() {
        Physical::BYTE_ARRAY if is_text(column) => "text",
        Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY => "bytes",
        Physical::BOOLEAN => "boolean",
        Physical::INT32 | Physical::INT64 | Physical::INT96 => "an integer",
        Physical::FLOAT | Physical::DOUBLE => "a float",
    };
    name.to_string()
}

fn parse(number: usize, record: &Record) -> Result<Row> {
    let mut row = Row { index: number, data_source: String::new(), messages: Vec::new(), ground_truth: String::new() };
    for (column, field) in record.get_column_iter() {
        match (column.as_str(), field) {
            ("data_source", field) => row.data_source = text(field, "data_source")?,
            ("prompt", Field::ListInternal(list)) => {
                row.messages = list.elements().iter().map(message).collect::<Result<_>>()?;
            }
            ("reward_model", Field::Group(group)) => {
                row.ground_truth = text(member(group, "ground_truth"), "reward_model.ground_truth")?;
            }
            ("extra_info", Field::Group(group)) => {
                row.index = integer(member(group, "index")).unwrap_or(number);
            }
            ("extra_info", _) => {}
            (column, _) => bail!("column `{column}` is null"),
        }
    }
    if row.messages.is_empty() {
        bail!("column `prompt` has no messages");
    }
    Ok(row)
}

fn message(field: &Field) -> Result<Message> {
    match field {
        Field::Group(group) => Ok(Message {
            role: text(member(group, "role"), "prompt.role")?,
            content: text(member(group, "content"), "prompt.content")?,
        }),
        _ => bail!("column `prompt` holds a null"),
    }
}

fn member<'a>(group: &'a Record, name: &str) -> &'a Field {
    group.get_column_iter().find(|(column, _)| *column == name).map_or(&Field::Null, |(_, field)| field)
}

fn text(field: &Field, column: &str) -> Result<String> {
    match field {
        Field::Str(text) => Ok(text.clone()),
        _ => bail!("column `{column}` is null"),
    }
}

fn integer(field: &Field) -> Option<usize> {
    match *field {
        Field::Int(value) => usize::try_from(value).ok(),
        Field::Long(value) => usize::try_from(value).ok(),
        Field::UInt(value) => usize::try_from(value).ok(),
        Field::ULong(value) => usize::try_from(value).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::PathBuf;

    fn fixture(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
    }

    #[test]
    fn reads_verls_schema() {
        let rows = read(&fixture("parquet/gsm8k.parquet")).unwrap();
        assert_eq!(rows.len(), 6);
        let truths: Vec<&str> = rows.iter().map(|row| row.ground_truth.as_str()).collect();
        assert_eq!(truths, ["7", "60", "12", "1250", "-2", "3.5"]);
        assert_eq!(rows.iter().map(|row| row.index).collect::<Vec<_>>(), [10, 11, 12, 13, 14, 15]);
        assert!(rows.iter().all(|row| row.data_source == "openai/gsm8k" && row.messages.len() == 1));
        let first = &rows[0].messages[0];
        assert_eq!(first.role, "user");
        assert!(first.content.starts_with("Tom has 3 apples") && first.content.ends_with("after \"####\"."));
    }

    #[test]
    fn rows_number_themselves_where_there_is_no_index() {
        let rows = read(&fixture("parquet/no_index.parquet")).unwrap();
        assert_eq!(rows.iter().map(|row| row.index).collect::<Vec<_>>(), [0, 1]);
    }

    #[test]
    fn rows_become_prompts() {
        let dir = fixture("qwen3-tiny");
        let tokenizer = Tokenizer::open(&dir).unwrap();
        let template = ChatTemplate::open(&dir, &tokenizer).unwrap().unwrap();
        let rows = read(&fixture("parquet/gsm8k.parquet")).unwrap();
        let prompts = to_prompts(&rows, &template, &tokenizer).unwrap();
        assert_eq!(prompts.len(), 6);
        assert!(prompts[4].text.starts_with("<|im_start|>user\nIt was 3 degrees"));
        assert!(prompts[4].text.ends_with("<|im_end|>\n<|im_start|>assistant\n"));
        assert_eq!(tokenizer.decode(&prompts[4].token_ids, false).unwrap(), prompts[4].text);
        assert_eq!((prompts[4].index, prompts[4].ground_truth.as_str()), (14, "-2"));
    }

    #[test]
    fn a_template_that_refuses_names_the_prompt() {
        let dir = fixture("qwen3-tiny");
        let tokenizer = Tokenizer::open(&dir).unwrap();
        let template = ChatTemplate::open(&dir, &tokenizer).unwrap().unwrap();
        let mut rows = read(&fixture("parquet/gsm8k.parquet")).unwrap();
        rows[2].messages[0].role = "tool".into();
        let error = format!("{:#}", to_prompts(&rows, &template, &tokenizer).unwrap_err());
        assert!(error.starts_with("prompt 12: ") && error.contains("unknown role tool"), "{error}");
    }

    #[test]
    fn errors_name_file_column_and_row() {
        let check = |path: &Path, expected: &str| {
            let error = format!("{:#}", read(path).unwrap_err());
            assert!(error.contains(&path.display().to_string()) && error.contains(expected), "{error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        };
        check(
            &fixture("parquet/missing_column.parquet"),
            "no column `reward_model`; it has: data_source, prompt, ability, extra_info; \
             verl's schema needs data_source, prompt and reward_model",
        );
        check(
            &fixture("parquet/prompt_is_text.parquet"),
            "column `prompt` is text, it must be list<struct<role: text, content: text>>",
        );
        check(&fixture("parquet/truth_is_number.parquet"), "column `reward_model.ground_truth` is an integer, it must be text");
        check(
            &fixture("parquet/missing_truth.parquet"),
            "column `reward_model` is struct<style: text>, it must be struct<ground_truth: text>",
        );
        check(&fixture("parquet/null_source.parquet"), "row 3: column `data_source` is null");
        check(&fixture("parquet/empty.parquet"), "has no rows");
        check(&fixture("parquet/absent.parquet"), "No such file");
        check(&fixture("chat.json"), "not a parquet file: ");
        let dir = tempfile::tempdir().unwrap();
        let whole = fs::read(fixture("parquet/gsm8k.parquet")).unwrap();
        let cut = dir.path().join("cut.parquet");
        fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
        check(&cut, "not a parquet file: ");
        fs::write(&cut, []).unwrap();
        check(&cut, "not a parquet file: ");
    }
}

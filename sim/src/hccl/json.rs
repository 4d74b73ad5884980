//! Reads JSON (RFC 8259), as much as a rank table needs: whole files, no streaming, the place of a mistake by its line.

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    /// As it is written.
    Number(String),
    Text(String),
    List(Vec<Json>),
    /// In the order of the file.
    Object(Vec<(String, Json)>),
}

/// Deeper than any rank table; a file of brackets must not end the process.
const DEEPEST: usize = 64;

impl Json {
    /// Reads a whole text. The error says what is wrong in which line.
    pub(super) fn parse(text: &str) -> Result<Json, String> {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value(0);
        reader.space();
        let whole = value.and_then(|value| if reader.at == text.len() { Ok(value) } else { Err("text behind the end".into()) });
        whole.map_err(|what: String| format!("line {}: {what}", 1 + text[..reader.at].matches('\n').count()))
    }

    /// The value of a key, of an object.
    pub(super) fn get(&self, key: &str) -> Option<&Json> {
        let Json::Object(fields) = self else { return None };
        fields.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// What it is, in words.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "true or false",
            Json::Number(_) => "a number",
            Json::Text(_) => "a text",
            Json::List(_) => "a list",
            Json::Object(_) => "an object",
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    /// Always at the start of a character.
    at: usize,
}

impl Reader<'_> {
    fn space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    /// Skips white space, and `token` if it is next.
    fn next_is(&mut self, token: &str) -> bool {
        self.space();
        let is = self.text[self.at..].starts_with(token);
        self.at += if is { token.len() } else { 0 };
        is
    }

    fn found(&self) -> String {
        self.peek().map_or("the end of the file".into(), |found| format!("\"{}\"", found.escape_default()))
    }

    fn value(&mut self, depth: usize) -> Result<Json, String> {
        if depth > DEEPEST {
            return Err(format!("nested deeper than {DEEPEST}"));
        }
        if self.next_is("{") {
            let fields = self.items("}", |reader| {
                reader.space();
                let key = reader.text()?;
                if !reader.next_is(":") {
                    return Err(format!("\":\" is missing behind \"{key}\", there is {}", reader.found()));
                }
                Ok((key, reader.value(depth + 1)?))
            })?;
            return Ok(Json::Object(fields));
        }
        if self.next_is("[") {
            return Ok(Json::List(self.items("]", |reader| reader.value(depth + 1))?));
        }
        for (word, value) in [("null", Json::Null), ("true", Json::Bool(true)), ("false", Json::Bool(false))] {
            if self.next_is(word) {
                return Ok(value);
            }
        }
        match self.peek() {
            Some('"') => Ok(Json::Text(self.text()?)),
            Some('-' | '0'..='9') => {
                let rest = &self.text[self.at..];
                let length = rest.find(|c: char| !(c.is_ascii_digit() || "+-.eE".contains(c))).unwrap_or(rest.len());
                let number = &rest[..length];
                number.parse::<f64>().map_err(|_| format!("{number} is no number"))?;
                self.at += length;
                Ok(Json::Number(number.to_owned()))
            }
            _ => Err(format!("a value is missing, there is {}", self.found())),
        }
    }

    /// What stands between brackets, the first of which was read.
    fn items<T>(&mut self, end: &str, item: impl Fn(&mut Self) -> Result<T, String>) -> Result<Vec<T>, String> {
        let mut items = Vec::new();
        if self.next_is(end) {
            return Ok(items);
        }
        loop {
            items.push(item(self)?);
            if self.next_is(end) {
                return Ok(items);
            }
            if !self.next_is(",") {
                return Err(format!("\",\" or \"{end}\" is missing, there is {}", self.found()));
            }
        }
    }

    fn text(&mut self) -> Result<String, String> {
        if self.peek() != Some('"') {
            return Err(format!("a text is missing, there is {}", self.found()));
        }
        self.at += 1;
        let mut text = String::new();
        loop {
            let Some(c) = self.peek() else { return Err("a text does not end".into()) };
            self.at += c.len_utf8();
            match c {
                '"' => return Ok(text),
                '\\' => text.push(self.escaped()?),
                '\0'..='\x1f' => return Err("a text does not end in its line".into()),
                _ => text.push(c),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, String> {
        let Some(c) = self.peek() else { return Err("a text does not end".into()) };
        self.at += c.len_utf8();
        Ok(match c {
            '"' | '\\' | '/' => c,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let high = self.hex()?;
                let code = if (0xd800..0xdc00).contains(&high) && self.text[self.at..].starts_with("\\u") {
                    self.at += 2;
                    0x10000 + ((high - 0xd800) << 10) + self.hex()?.wrapping_sub(0xdc00)
                } else {
                    high
                };
                char::from_u32(code).ok_or("\\u without a character")?
            }
            _ => return Err(format!("\\{c} is no escape")),
        })
    }

    fn hex(&mut self) -> Result<u32, String> {
        let digits = self.text[self.at..].get(..4).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let value = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).ok_or("\\u needs four digits")?;
        self.at += 4;
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        let text =
            "\u{20}{ \"a\\n\\u00e9\\ud83d\\ude00\": [1, -2.5e3, \"x\"],\n \"b\": {}, \"c\": [], \"d\": null, \"e\": true } ";
        let value = Json::parse(text).unwrap();
        let list = Json::List(vec![Json::Number("1".into()), Json::Number("-2.5e3".into()), Json::Text("x".into())]);
        assert_eq!(value.get("a\n\u{e9}\u{1f600}"), Some(&list));
        assert_eq!((value.get("b"), value.get("c")), (Some(&Json::Object(vec![])), Some(&Json::List(vec![]))));
        assert_eq!((value.get("d"), value.get("e"), value.get("f")), (Some(&Json::Null), Some(&Json::Bool(true)), None));
    }

    #[test]
    fn mistakes_name_their_line() {
        for (text, words) in [
            ("", "line 1: a value is missing, there is the end"),
            ("{\n\"a\": 1\n\"b\": 2}", "line 3: \",\" or \"}\" is missing, there is \"\\\"\""),
            ("{\"a\" 1}", "\":\" is missing behind \"a\", there is \"1\""),
            ("{a: 1}", "a text is missing, there is \"a\""),
            ("[1, 2", "missing, there is the end"),
            ("[1,]", "a value is missing"),
            ("{} {}", "text behind the end"),
            ("\"a\nb\"", "does not end"),
            ("\"a", "does not end"),
            ("\"\\x\"", "no escape"),
            ("\"\\u12é\"", "four digits"),
            ("\"\\ud800\"", "without a character"),
            ("--1", "no number"),
            (&"[".repeat(100_000), "nested deeper"),
        ] {
            let error = Json::parse(text).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}

//! A decorator's arguments: `name=value` pairs, or one object literal, of literals and `perms.*`.

use super::skip_trivia;
use crate::diagnostics::Range;

/// One argument; `key` is `None` for a positional one.
#[derive(Debug, Clone)]
pub(crate) struct Argument {
    pub key: Option<String>,
    pub value: Value,
    /// The key when there is one, else the value.
    pub range: Range,
}

/// What an argument can be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Number(f64),
    Boolean(bool),
    /// R=4, W=2, X=1.
    Mask(u8),
    List(Vec<Value>),
}

/// What was expected where.
pub(crate) struct Malformed {
    pub range: Range,
    pub expected: &'static str,
}

/// Reads what stands between a decorator's parentheses.
pub(crate) fn parse_arguments(text: &str, range: Range) -> Result<Vec<Argument>, Malformed> {
    let mut parser = Parser {
        text,
        at: range.start as usize,
        end: range.end as usize,
    };
    if parser.peek() == Some('{') {
        return parser.object_then_end();
    }
    let mut arguments = Vec::new();
    while parser.peek().is_some() {
        arguments.push(parser.argument('=')?);
        if !parser.eat(',') && parser.peek().is_some() {
            return Err(parser.error("`,` or `)`"));
        }
    }
    Ok(arguments)
}

/// Reads an object literal: the standard spelling's first argument.
pub(crate) fn parse_object(text: &str, range: Range) -> Result<Vec<Argument>, Malformed> {
    let mut parser = Parser {
        text,
        at: range.start as usize,
        end: range.end as usize,
    };
    if parser.peek() != Some('{') {
        return Err(parser.error("an object literal"));
    }
    parser.object_then_end()
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    end: usize,
}

impl Parser<'_> {
    fn peek(&mut self) -> Option<char> {
        self.at = skip_trivia(&self.text[..self.end], self.at);
        self.text[self.at..self.end].chars().next()
    }

    fn eat(&mut self, expected: char) -> bool {
        let found = self.peek() == Some(expected);
        if found {
            self.at += expected.len_utf8();
        }
        found
    }

    fn error(&mut self, expected: &'static str) -> Malformed {
        let width = self.peek().map_or(0, char::len_utf8);
        Malformed {
            range: range(self.at, self.at + width),
            expected,
        }
    }

    fn object_then_end(&mut self) -> Result<Vec<Argument>, Malformed> {
        self.eat('{');
        let mut arguments = Vec::new();
        while !self.eat('}') {
            arguments.push(self.argument(':')?);
            if !self.eat(',') && self.peek() != Some('}') {
                return Err(self.error("`,` or `}`"));
            }
        }
        self.eat(',');
        if self.peek().is_some() {
            Err(self.error("`)`"))
        } else {
            Ok(arguments)
        }
    }

    fn argument(&mut self, separator: char) -> Result<Argument, Malformed> {
        let named = separator == ':';
        self.peek();
        let start = self.at;
        if let Some(key) = self.key(separator) {
            let key_range = range(start, start + key.len());
            let value = self.value()?;
            return Ok(Argument {
                key: Some(key),
                value,
                range: key_range,
            });
        }
        self.at = start;
        if named {
            return Err(self.error("a name"));
        }
        let value = self.value()?;
        Ok(Argument {
            key: None,
            value,
            range: range(start, self.at),
        })
    }

    /// `name =` or `name :`; positions are left anywhere when there is none.
    fn key(&mut self, separator: char) -> Option<String> {
        let word = if matches!(self.peek(), Some('"' | '\'')) && separator == ':' {
            self.string().ok()?
        } else {
            self.word()?.to_owned()
        };
        self.eat(separator).then_some(word)
    }

    fn word(&mut self) -> Option<&str> {
        self.peek();
        let rest = &self.text[self.at..self.end];
        let length = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
            .unwrap_or(rest.len());
        self.at += length;
        (length > 0).then(|| &rest[..length])
    }

    fn value(&mut self) -> Result<Value, Malformed> {
        const EXPECTED: &str = "a string, a number, true, false, a list or `perms.*`";
        match self.peek() {
            Some('"' | '\'' | '`') => self.string().map(Value::Text),
            Some('[') => self.list(),
            Some(c) if c.is_ascii_digit() || c == '-' => self.number(),
            Some(_) => {
                let start = self.at;
                match self.word() {
                    Some("true") => Ok(Value::Boolean(true)),
                    Some("false") => Ok(Value::Boolean(false)),
                    Some("perms") => self.mask(),
                    _ => {
                        self.at = start;
                        Err(self.error(EXPECTED))
                    }
                }
            }
            None => Err(self.error(EXPECTED)),
        }
    }

    fn mask(&mut self) -> Result<Value, Malformed> {
        const EXPECTED: &str = "one of perms.___ R__ _W_ __X RW_ R_X _WX RWX";
        if !self.eat('.') {
            return Err(self.error(EXPECTED));
        }
        self.peek();
        let start = self.at;
        let mask = self.word().and_then(mask_of);
        mask.map(Value::Mask).ok_or(Malformed {
            range: range(start, self.at),
            expected: EXPECTED,
        })
    }

    fn list(&mut self) -> Result<Value, Malformed> {
        self.eat('[');
        let mut items = Vec::new();
        while !self.eat(']') {
            // Lists hold strings; a list in a list is nobody's argument.
            if self.peek() == Some('[') {
                return Err(self.error("a string"));
            }
            items.push(self.value()?);
            if !self.eat(',') && self.peek() != Some(']') {
                return Err(self.error("`,` or `]`"));
            }
        }
        Ok(Value::List(items))
    }

    fn number(&mut self) -> Result<Value, Malformed> {
        let rest = &self.text[self.at..self.end];
        let length = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+' | '_')))
            .unwrap_or(rest.len());
        match rest[..length].replace('_', "").parse() {
            Ok(number) => {
                self.at += length;
                Ok(Value::Number(number))
            }
            Err(_) => Err(self.error("a number")),
        }
    }

    fn string(&mut self) -> Result<String, Malformed> {
        let start = self.at;
        let mut chars = self.text[start..self.end].char_indices();
        let quote = chars.next().map_or('"', |(_, c)| c);
        let mut out = String::new();
        while let Some((i, c)) = chars.next() {
            match c {
                '\n' if quote != '`' => break,
                '\\' => match chars.next() {
                    Some((_, 'n')) => out.push('\n'),
                    Some((_, 't')) => out.push('\t'),
                    Some((_, c @ ('\\' | '\'' | '"' | '`' | '$'))) => out.push(c),
                    _ => {
                        return Err(Malformed {
                            range: range(start + i, start + i + 1),
                            expected: "a plain string",
                        });
                    }
                },
                '$' if quote == '`' && self.text[start + i..].starts_with("${") => {
                    return Err(Malformed {
                        range: range(start + i, start + i + 2),
                        expected: "a plain string",
                    });
                }
                c if c == quote => {
                    self.at = start + i + c.len_utf8();
                    return Ok(out);
                }
                c => out.push(c),
            }
        }
        Err(Malformed {
            range: range(start, self.end),
            expected: "a closed string",
        })
    }
}

/// The mask a name of `perms` stands for; `WR_` is the spec's own spelling of `RW_`.
pub(crate) fn mask_of(name: &str) -> Option<u8> {
    Some(match name {
        "___" => 0,
        "__X" => 1,
        "_W_" => 2,
        "_WX" => 3,
        "R__" => 4,
        "R_X" => 5,
        "RW_" | "WR_" => 6,
        "RWX" => 7,
        _ => return None,
    })
}

fn range(start: usize, end: usize) -> Range {
    Range::new(
        u32::try_from(start).unwrap_or(u32::MAX),
        u32::try_from(end).unwrap_or(u32::MAX),
    )
}
